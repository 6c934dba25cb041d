"""The ``state`` of an authorization request, with data of ours beside the SDK's."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import astuple, replace

from ..sessions.flows import Kind
from ..sessions.sealing import Sealer
from ..sessions.shapes import Shape

#: The most characters of data in a ``state``; longer data is in the transaction only.
LONGEST = 500
#: The most bytes of an app's own state, as JSON.
LONGEST_APP_STATE = 1000


class Relay(Struct, frozen=True, array_like=True):
    """Data that comes back with the ``state``, even if the transaction is gone."""

    next: str | None = None
    #: How many logins have come back without their transaction.
    attempt: int = 0
    #: The parameters that ``/login`` has handed on.
    parameters: dict[str, str | int] = {}
    kind: Kind = "login"
    #: The state of the app's own, from ``auth0.login()``.
    app_state: dict[str, t.Any] = {}
    #: Whether a public page asks who the visitor is, which may be nobody.
    is_silent: bool = False


_RELAYS = Shape(Relay)


def whole(sdk_state: str, relay: Relay, sealer: Sealer) -> str:
    """Return a ``state`` of the SDK with a relay.

    The relay is sealed even if it is empty, so that a callback recognizes states of
    this app.
    """
    sealed = sealer.seal(astuple(_trimmed(relay)), f"relay {sdk_state}")
    return f"{sdk_state}.{sealed}"


def _trimmed(relay: Relay) -> Relay:
    """Return a relay that fits into a URL and can be read back from it."""
    if len(relay.next or "") > LONGEST:
        relay = replace(relay, next=None)
    if sum(len(f"{k}{v}") for k, v in relay.parameters.items()) > LONGEST:
        relay = replace(relay, parameters={})
    return _relay(astuple(relay)) or replace(relay, parameters={})


def split(state: str, sealer: Sealer) -> tuple[str, Relay | None]:
    """Return the SDK's part of a ``state`` that came back, and the relay.

    :returns: no relay unless this app has made the ``state``, unchanged to the last
        character.
    """
    sdk_state, _, sealed = state.partition(".")
    opened: t.Any = sealer.open(sealed, f"relay {sdk_state}") if sealed else None
    return sdk_state, _relay(opened)


def _relay(opened: t.Any) -> Relay | None:
    relay = _RELAYS.of(opened)
    is_one = relay and str(relay.parameters.get("max_age", 0)).isdecimal()
    return relay if is_one else None


def for_sdk(url: str, sdk_state: str) -> str:
    """Return a callback's URL with the ``state`` that the SDK knows."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    others = [(name, value) for name, value in query if name != "state"]
    return parts._replace(query=urlencode([*others, ("state", sdk_state)])).geturl()


def checked_app_state(app_state: t.Any) -> dict[str, t.Any]:
    """Return an app's own state as it will come back.

    :raises TypeError: when it is no mapping, or cannot be kept as JSON.
    :raises ValueError: when it is too long for a URL.
    """
    try:
        text = json.dumps({**app_state}, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError("app_state must be a mapping of JSON values.") from error
    if len(text) > LONGEST_APP_STATE:
        raise ValueError(
            f"app_state has {len(text)} bytes as JSON, and at most {LONGEST_APP_STATE} "
            "travel with a login. Keep the data elsewhere, such as in flask.session, "
            "and its key in app_state."
        )
    return t.cast("dict[str, t.Any]", json.loads(text))
