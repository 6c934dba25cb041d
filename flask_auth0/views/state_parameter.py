"""The ``state`` of an authorization request, with data of ours beside the SDK's."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..errors import TenantError
from ..sessions.sealing import Sealer
from ..sessions.shapes import in_shape

#: The most characters of data in a ``state``; longer data is in the transaction only.
LONGEST = 500


class Relay(t.NamedTuple):
    """Data that comes back with the ``state``, even if the transaction is gone."""

    next: str | None = None
    #: How many logins have come back without their transaction.
    attempt: int = 0
    #: The parameters that ``/login`` has handed on.
    parameters: dict[str, str | int] = {}  # noqa: RUF012


def add_to(url: str, relay: Relay, sealer: Sealer) -> str:
    """Add a relay to the ``state`` of an authorization URL, and a ``nonce`` (OpenID
    Connect Core, section 3.1.2.1).

    The SDK sends no nonce. This one is derived from the ``state``, so that it need not
    be kept.
    """
    parts = urlsplit(url)
    # A parameter may occur several times, such as the resource of RFC 8707.
    query = parse_qsl(parts.query, keep_blank_values=True)
    sdk_state = dict(query)["state"]
    others = [(name, value) for name, value in query if name != "state"]
    sealed = sealer.seal(list(_trimmed(relay)), f"relay {sdk_state}")
    own = {
        # The relay is sealed even if it is empty, so that a callback recognizes states
        # of this app.
        "state": f"{sdk_state}.{sealed}",
        "nonce": sealer.tag(f"nonce {sdk_state}"),
    }
    return parts._replace(query=urlencode([*others, *own.items()])).geturl()


def _trimmed(relay: Relay) -> Relay:
    """Return a relay that fits into a URL and can be read back from it."""
    if len(relay.next or "") > LONGEST:
        relay = relay._replace(next=None)
    if sum(len(f"{k}{v}") for k, v in relay.parameters.items()) > LONGEST:
        relay = relay._replace(parameters={})
    return _relay([*relay]) or relay._replace(parameters={})


def split(state: str, sealer: Sealer) -> tuple[str, Relay | None]:
    """Return the SDK's part of a ``state`` that came back, and the relay.

    :returns: no relay unless this app has made the ``state``, unchanged to the last
        character.
    """
    sdk_state, _, sealed = state.partition(".")
    opened: t.Any = sealer.open(sealed, f"relay {sdk_state}") if sealed else None
    return sdk_state, _relay(opened)


def _relay(opened: t.Any) -> Relay | None:
    relay = in_shape(opened, Relay)
    is_one = relay and str(relay.parameters.get("max_age", 0)).isdecimal()
    return relay if is_one else None


def check_nonce(sdk_state: str, claims: Mapping[str, t.Any], sealer: Sealer) -> None:
    """Refuse an ID token made for another login (OpenID Connect Core, 3.1.3.7).

    :raises TenantError: when the nonce differs.
    """
    if not sealer.has_tag(f"nonce {sdk_state}", str(claims.get("nonce"))):
        raise TenantError(remedy="The ID token's nonce is not the one of this login.")
