"""Refreshes and logouts beyond the plan."""

from __future__ import annotations

from tests.harness.provider import GONE, present, signed

from .modules import accepted, refused
from .plays import back_channel, refresh
from .twists import OTHER_RSA, answer, claims, tokens

BEYOND_REFRESH = [
    refused(
        "beyond-refresh-changes-auth-time",
        "The new ID token has another auth_time.",
        "its auth_time differs",
        refresh(claims(auth_time=5), authorization_params={"max_age": 600}),
    ),
    refused(
        "beyond-refresh-changes-nonce",
        "The new ID token has another nonce.",
        "its nonce differs",
        refresh(claims(nonce="another")),
    ),
    refused(
        "beyond-refresh-of-any-aud",
        "The new ID token has a second aud.",
        "its aud differs",
        refresh(claims(aud=["the-client", "another"])),
    ),
    refused(
        "beyond-refresh-of-any-sub",
        "The new ID token's sub is a list.",
        "its sub differs",
        refresh(claims(sub=["auth0|ada"])),
    ),
    refused(
        "beyond-refresh-with-rubbish",
        "The new ID token is none.",
        "an ID token that is none",
        refresh(tokens(id_token="rubbish")),
    ),
    refused(
        "beyond-refresh-with-a-list",
        "The new ID token is a list.",
        "The id_token of its token response is no text",
        refresh(tokens(id_token=["x"])),
    ),
    refused(
        "beyond-refresh-with-tokens-of-somebody-else",
        "Both new tokens are somebody else's.",
        "its sub differs",
        refresh(claims(sub="auth0|grace"), tokens(refresh_token="of-somebody-else")),
    ),
    accepted(
        "beyond-refresh-without-id-token",
        "There is no new ID token.",
        refresh(tokens(id_token=GONE)),
    ),
    accepted(
        "beyond-refresh-with-the-same-nonce-missing",
        "The new ID token has no nonce.",
        refresh(claims(nonce=GONE)),
    ),
    refused(
        "beyond-refresh-without-access-token",
        "There is no new access token.",
        "no access token",
        refresh(tokens(access_token=GONE)),
    ),
    refused(
        "beyond-refresh-token-type-mac",
        "The new access token is not a Bearer token.",
        "token_type",
        refresh(tokens(token_type="mac")),
    ),
    refused(
        "beyond-refresh-with-an-error",
        "There are new tokens beside an error.",
        "call for a user failed",
        refresh(tokens(error="access_denied")),
    ),
    refused(
        "beyond-refresh-of-rubbish",
        "There is a page in the place of tokens.",
        "no JSON",
        refresh(answer("tokens", b"<html>")),
    ),
]


BEYOND_LOGOUT = [
    accepted(
        "beyond-logout-token-of-a-session",
        "The logout token names a session only.",
        back_channel(sub=GONE),
    ),
    accepted(
        "beyond-logout-token-of-a-user",
        "The logout token names a user only.",
        back_channel(sid=GONE),
    ),
    refused(
        "beyond-logout-token-of-nobody",
        "The logout token names nobody.",
        "neither a user nor a session",
        back_channel(sub=GONE, sid=GONE),
    ),
    refused(
        "beyond-logout-token-without-jti",
        "It has no jti.",
        "no jti",
        back_channel(jti=GONE),
    ),
    refused(
        "beyond-logout-token-without-iat",
        "It has no iat.",
        'missing the "iat" claim',
        back_channel(iat=GONE),
    ),
    refused(
        "beyond-logout-token-without-exp",
        "It has no exp.",
        'missing the "exp" claim',
        back_channel(exp=GONE),
    ),
    refused(
        "beyond-logout-token-expired",
        "It has expired.",
        "expired",
        back_channel(exp=1_000_000_000),
    ),
    refused(
        "beyond-logout-token-exp-text",
        "Its exp is a text.",
        "exp claim is no point in time",
        back_channel(exp="99999999999"),
    ),
    refused(
        "beyond-logout-token-events-list",
        "Its events are a list.",
        "no logout event",
        back_channel(events=["http://schemas.openid.net/event/backchannel-logout"]),
    ),
    refused(
        "beyond-logout-token-second-aud",
        "It is for a second client, too.",
        "issued to another client",
        back_channel(aud=["the-client", "another"]),
    ),
    refused(
        "beyond-logout-token-that-is-an-access-token",
        "It is of another type.",
        "another type",
        back_channel(header={"typ": "at+jwt"}),
    ),
    refused(
        "beyond-logout-token-crit",
        "Its crit names what nobody knows.",
        "critical extension",
        back_channel(header={"crit": ["x\ny"]}),
    ),
    refused(
        "beyond-logout-token-of-another-key",
        "Another key has signed it.",
        "Signature verification failed",
        back_channel(
            lambda provider, own: signed(
                {"alg": "RS256", "typ": "logout+jwt", "kid": provider.tenant.keys.kid},
                present(own),
                OTHER_RSA.private_key,
                "RS256",
            )
        ),
    ),
]
