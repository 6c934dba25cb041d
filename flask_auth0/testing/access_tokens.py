"""Access tokens for tests of views that programs call, without a tenant.

They are signed with a key of this process. The app verifies them as it does those of
its tenant, which are good as well.
"""

from __future__ import annotations

import functools
import secrets
import typing as t
from collections.abc import Callable, Collection

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import EnvironBuilder

from ..app_state import AppState, state_of
from ..client.access_tokens import check_access_token
from ..runtime.request import current_request
from ..views.bearer import require_audience
from .beginning import refuse_production
from .given import USER

#: The name of the key, which no tenant's key has.
_KID = f"flask_auth0.testing {secrets.token_hex(8)}"
_CHECK = "_checked"


def bearer_headers(
    app: Flask,
    *,
    scopes: str | Collection[str] = (),
    expires_in: int = 3600,
    base_url: str | None = None,
    **claims: t.Any,
) -> dict[str, str]:
    """Return the headers of a request with an access token for this app.

    .. code-block:: python

        headers = bearer_headers(app, scopes="read:messages", sub="auth0|ada")
        answer = app.test_client().get("/api/messages", headers=headers)
        assert answer.status_code == 200

    .. versionadded:: 0.2

    :param scopes: what the token allows: names in a list, or with spaces between.
    :param expires_in: seconds for which the token is good; it has expired if that is
        below zero.
    :param base_url: the scheme and host of the request, where the app has a domain for
        each host.
    :param claims: of the token, in addition to its own or in place of them; ``None``
        leaves one out. ``sub`` is ``auth0|test`` by default.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode,
        or has no ``AUTH0_AUDIENCE``.
    """
    refuse_production(app)
    state = state_of(app)
    require_audience(state.config)
    _take_ours(state)
    issuer = _issuer_of(_domain_of(app, state, base_url))
    own = _claims(state, issuer, scopes, expires_in)
    given = {k: v for k, v in {**own, **claims}.items() if v is not None}
    header = {"kid": _KID, "typ": "at+jwt"}
    token = jwt.encode(given, _key(), "RS256", headers=header)
    return {"Authorization": f"Bearer {token}"}


def _claims(
    state: AppState, issuer: str, scopes: str | Collection[str], expires_in: int
) -> dict[str, t.Any]:
    now = int(state.clock.time())
    return {
        "iss": issuer,
        "aud": state.config.audience,
        "sub": USER["sub"],
        "client_id": state.config.client_id,
        "iat": min(now, now + expires_in),
        "exp": now + expires_in,
        "jti": secrets.token_hex(8),
        "scope": scopes if isinstance(scopes, str) else " ".join(scopes),
    }


def _take_ours(state: AppState) -> None:
    """Let an app take tokens of this process, besides those of its tenant."""
    mine = vars(state.access_tokens)
    if _CHECK not in mine:
        mine[_CHECK] = _checking(state, getattr(state.access_tokens, _CHECK))


def _checking(state: AppState, theirs: Callable[..., t.Any]) -> Callable[..., t.Any]:
    def checked(token: str, domain: str) -> t.Any:
        if not _is_ours(token):
            return theirs(token, domain)
        # The app may have got real users since the token was made.
        refuse_production(current_request().app)
        issuer = _issuer_of(domain)
        return check_access_token(
            token, _public_key(), config=state.config, issuer=issuer
        )

    return checked


def _is_ours(token: str) -> bool:
    try:
        return jwt.get_unverified_header(token).get("kid") == _KID
    except jwt.DecodeError:
        return False


def _domain_of(app: Flask, state: AppState, base_url: str | None) -> str:
    with app.request_context(EnvironBuilder(app, base_url=base_url).get_environ()):
        return state.domains.of(current_request())


def _issuer_of(domain: str) -> str:
    return f"https://{domain}/"


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def _public_key() -> dict[str, t.Any]:
    return jwt.algorithms.RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
