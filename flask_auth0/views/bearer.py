"""Guards of views for programs that come with an access token."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Mapping

from ..app_state import AppState, state_of
from ..client.access_tokens import scopes_of
from ..client.certificate_binding import VARIABLE, X5T, check_certificate
from ..client.proofs import Bound, normal_url
from ..config import Config, Problem
from ..errors import (
    Auth0Error,
    ConfigurationError,
    InsufficientScope,
    InvalidToken,
    TokenRequired,
)
from ..errors.www_authenticate import DPOP
from ..pages import Text
from ..runtime.request import CurrentRequest
from ..runtime.tracebacks import without_secrets
from . import own_urls
from .credentials import Credentials, credentials_of
from .guarded import View, guarded
from .needs import Names, Need, as_json, in_words, missing, needed


class BearerRequiredDecorator(t.Protocol):
    """:func:`bearer_required`, as a type."""

    @t.overload
    def __call__(self, view: View) -> View: ...

    @t.overload
    def __call__(
        self,
        view: None = None,
        *,
        scopes: Names | None = None,
        permissions: Names | None = None,
        roles: Names | None = None,
    ) -> Callable[[View], View]: ...


@t.overload
def bearer_required(view: View) -> View: ...


@t.overload
def bearer_required(
    view: None = None,
    *,
    scopes: Names | None = None,
    permissions: Names | None = None,
    roles: Names | None = None,
) -> Callable[[View], View]: ...


def bearer_required(
    view: Callable[..., t.Any] | None = None,
    *,
    scopes: Names | None = None,
    permissions: Names | None = None,
    roles: Names | None = None,
) -> t.Any:
    """Let only programs with an access token for this app reach a view, sync or async.

    The token is one of ``AUTH0_AUDIENCE`` in the ``Authorization`` header, and
    :data:`current_user` has its claims. The session is neither read nor written. A
    request without a good token gets status 401, one whose token lacks something gets
    403, with ``WWW-Authenticate`` (:rfc:`6750`). OPTIONS requests pass, as CORS needs
    it.

    .. code-block:: python

        @app.get("/api/messages")
        @bearer_required(scopes="read:messages")
        def messages(): ...

    A name, or all names of a list, are needed; of those in :func:`any_of`, one is.

    :param scopes: of the token's ``scope``.
    :param permissions: of the claim that ``AUTH0_PERMISSIONS_CLAIM`` names.
    :param roles: of the claim that ``AUTH0_ROLES_CLAIM`` names.
    :raises ValueError: when an argument is there and names nothing.
    """
    needs = needed(scopes=scopes, permissions=permissions, roles=roles)
    guard = functools.partial(
        guarded,
        refusal=functools.partial(_refuse, needs),
        needs=needs,
        takes_tokens=True,
    )
    return guard if view is None else guard(view)


def _refuse(needs: tuple[Need, ...], current: CurrentRequest) -> None:
    state = state_of(current.app)
    claims = token_claims(current, state)
    if claims is None:
        raise TokenRequired
    require(needs, current, claims, state)


def token_claims(
    current: CurrentRequest, state: AppState
) -> Mapping[str, t.Any] | None:
    """Return the claims of a request's access token, or ``None`` if it has none.

    From here on, the token takes the place of the session in this request.

    :raises InvalidToken: when the token is not good.
    :raises ConfigurationError: when the app is no API.
    """
    require_audience(state.config)
    current.has_asked_for_token = True
    if current.token_claims is None:
        given = credentials_of(current.request)
        if given is None:
            return None
        current.token_claims = _verified(current, state, given)
        current.token_scheme = given.scheme
    return current.token_claims


def require_audience(config: Config) -> None:
    """Refuse an app that takes access tokens and does not say for which API.

    :raises ConfigurationError: with what to set.
    """
    if config.audience is None:
        raise ConfigurationError(
            Problem(
                "AUTH0_AUDIENCE",
                "is missing, and a view takes access tokens; set it to the identifier "
                "of this API, as the Auth0 dashboard has it",
            )
        )


def require(
    needs: tuple[Need, ...],
    current: CurrentRequest,
    claims: Mapping[str, t.Any],
    state: AppState,
) -> None:
    """Refuse an access token that lacks what a view asks for.

    :raises InsufficientScope: with what is missing.
    """
    lacks = missing(needs, claims, scopes_of(claims), state.config)
    if lacks:
        # At Auth0, permissions are scopes of the API.
        asked = [n for each in needs if each.kind != "roles" for n in each.names]
        raise InsufficientScope(
            Text("The access token lacks {what}.", what=in_words(lacks)),
            missing=as_json(lacks),
            scope=" ".join(dict.fromkeys(asked)),
            scheme=current.token_scheme,
        )


def _verified(
    current: CurrentRequest, state: AppState, given: Credentials
) -> Mapping[str, t.Any]:
    try:
        claims = state.access_tokens.claims(given.token)
        _check_binding(current, state, given, claims)
    except Auth0Error as error:
        if isinstance(error, InvalidToken):
            error.scheme = given.scheme
        raise without_secrets(error) from None
    return claims


def _check_binding(
    current: CurrentRequest,
    state: AppState,
    given: Credentials,
    claims: Mapping[str, t.Any],
) -> None:
    """Refuse a token that is bound to a key of its client, without that key.

    :raises InvalidToken: with the reason.
    """
    binding = claims.get("cnf")
    if binding is None and given.scheme != DPOP:
        return
    bound: dict[str, t.Any] = binding if isinstance(binding, dict) else {}
    if bound.keys() == {X5T} and given.scheme != DPOP:
        check_certificate(current.request.environ.get(VARIABLE), bound[X5T])
        return
    if bound.keys() != {"jkt"}:
        raise InvalidToken("The access token is not bound to a key for DPoP.")
    if given.scheme != DPOP:
        raise InvalidToken("The access token is bound to a key, and needs a proof.")
    proof = current.request.headers.get("DPoP", "")
    urls = set(map(normal_url, own_urls.current_urls()))
    method, thumbprint = current.request.method, str(bound["jkt"])
    store = state.state_store.meeting_point(current.app)
    state.proofs.check(proof, Bound(given.token, thumbprint, method, urls), store)
