"""The flows of an app: how each leaves for the tenant, and what must come back.

A transaction names the session that the browser had when its flow began. Another host
of the same domain can set the cookie of a transaction for this one. The callback would
then complete a stranger's login, and end the user's session (RFC 6749, section 10.12).
"""

from __future__ import annotations

import functools
import hmac
import json
import secrets
import typing as t
from collections.abc import Callable, Mapping
from types import MappingProxyType

from flask import session
from msgspec import Struct

from ..errors import AccountUnchanged, AuthorizationFailed, TenantError
from ..pages import Text
from ..runtime.clock import Clock
from ..runtime.request import current_request
from ..sessions.domains import Domains
from ..sessions.flows import Arrival, Claims, Departure, Flow
from ..sessions.lifetime import CLOCK_LEEWAY
from ..sessions.sealing import Sealer
from ..sessions.shapes import is_moment
from ..sessions.storage_contract import KEY
from . import state_parameter
from .state_parameter import Relay


class Flows(Struct, frozen=True):
    """Lets the flows of an app depart, and checks those that arrive."""

    sealer: Sealer
    clock: Clock
    domains: Domains
    #: Returns the URL of the callback.
    callback_url: Callable[[], str]
    #: Returns the page of this app that a flow is to lead to, or else the default, as
    #: the host of the callback has to name it.
    page: Callable[[str | None], str]

    def departure(
        self,
        relay: Relay,
        claims: Claims | None,
        *,
        page: str,
        purpose: str | None = None,
        asked: Mapping[str, t.Any] = MappingProxyType({}),
        redirect_uri: str | None = None,
    ) -> Departure:
        """Return a new flow that is about to leave for the tenant.

        :param claims: those of the user who is logged in, if anybody is.
        :param page: where the flow leads to.
        :param asked: the parameters of its authorization request.
        """
        # A tag takes the place of the session's id, as a store of the app's own may
        # show it.
        tag = self.sealer.tag(_session_name(claims)) if claims else None
        max_age, classes = asked.get("max_age"), asked.get("acr_values")
        age = None if max_age is None else int(max_age)
        nonce, now = secrets.token_urlsafe(24), self.clock.time()
        domain = None
        if self.domains.fixed is None:
            domain = self.domains.of(current_request())
        own = (page, purpose, age, now, tag, classes)
        flow = Flow(relay.kind, nonce, *own, domain=domain)
        completed = functools.partial(_completed, flow, relay, self.sealer)
        return Departure(flow, redirect_uri or self.callback_url(), completed)

    def is_of_session(self, flow: Flow, claims: Claims | None) -> bool:
        """Tell whether a flow began with the session of a user who is logged in."""
        if not claims:
            return False
        return self.sealer.has_tag(_session_name(claims), flow.session or "")

    def arrival(self, flow: Flow, claims: Claims | None) -> Arrival:
        """Return a flow that has come back, for the SDK to complete it.

        :param claims: those of the user who is logged in, if anybody is.
        :raises AccountUnchanged: for a flow that changes the accounts of another user,
            or of another session.
        :raises LoginFailed: for a flow that began at another domain.
        """
        if self.domains.fixed is None:
            self.domains.require(flow.domain, current_request())
        if flow.kind == "login":
            return Arrival(flow.kind, functools.partial(self._check_login, flow))
        if not claims:
            raise AccountUnchanged(
                flow.kind, Text("You are not logged in any more."), code=401
            )
        if not self.is_of_session(flow, claims):
            raise AccountUnchanged(
                flow.kind, Text("Somebody has logged in anew meanwhile."), code=403
            )
        check = functools.partial(_check_link, flow, claims.get("sub"))
        return Arrival(flow.kind, check)

    def _check_login(self, flow: Flow, claims: Claims) -> None:
        _check_nonce(flow, claims)
        _check_age(flow.max_age, claims, self.clock.time())


def _completed(
    flow: Flow, relay: Relay, sealer: Sealer, parameters: Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Return the parameters of an authorization request with those of a flow."""
    own = {"state": state_parameter.whole(parameters["state"], relay, sealer)}
    if flow.kind != "connect":
        # The answer to the others has an ID token.
        own["nonce"] = flow.nonce
    return {**parameters, **own}


def _check_nonce(flow: Flow, claims: Claims) -> None:
    """Refuse an ID token made for another flow (OpenID Connect Core, 3.1.3.7).

    :raises TenantError: when the nonce differs.
    """
    found = str(claims.get("nonce")).encode()
    if not hmac.compare_digest(found, flow.nonce.encode()):
        raise TenantError(remedy="The ID token's nonce is not the one of this login.")


def _check_age(max_age: int | None, claims: Claims, now: float) -> None:
    """Refuse a login that is older than ``max_age`` (OpenID Connect Core, 3.1.2.1)."""
    if max_age is None:
        return
    auth_time: t.Any = claims.get("auth_time")
    if not is_moment(auth_time) or now - auth_time > max_age + CLOCK_LEEWAY:
        raise AuthorizationFailed(
            Text("You need to log in anew to go on."),
            error="login_required",
            remedy="The ID token has no auth_time within the max_age of this login.",
        )


def _check_link(flow: Flow, sub: t.Any, claims: Claims) -> None:
    """Refuse an ID token of somebody else than the user whose accounts change."""
    _check_nonce(flow, claims)
    if claims.get("sub") != sub:
        raise AccountUnchanged(
            flow.kind, Text("The login service has let in somebody else."), code=403
        )


def _session_name(claims: Claims) -> str:
    whose = [claims.get("sub"), session.get(KEY)]
    return f"session {json.dumps(whose, default=str)}"
