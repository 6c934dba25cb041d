"""Modules of the OpenID Foundation's plan for relying parties."""

from __future__ import annotations

from tests.harness.provider import GONE, signed

from .modules import BACK, OTHER, accepted, refused
from .plays import (
    back_channel,
    first_login,
    login,
    login_after_a_rotation,
    login_without_userinfo,
    logout,
    refresh,
    rotation_before_signing,
)
from .twists import (
    OTHER_EC,
    OTHER_RSA,
    answer,
    basic_only,
    claims,
    damaged_signature,
    discovery,
    header,
    public,
    signed_with,
    with_keys,
)

LOGIN = [
    accepted("oidcc-client-test", "A login.", login()),
    accepted(
        "oidcc-client-test-client-secret-basic",
        "The secret has to come in the header.",
        login(basic_only),
    ),
    accepted(
        "oidcc-client-test-scope-userinfo-claims",
        "Scopes are answered with claims.",
        login_without_userinfo(),
    ),
    refused(
        "oidcc-client-test-nonce-invalid",
        "The nonce is another one.",
        "nonce is not the one",
        login(claims(nonce="of-another-login")),
    ),
    refused(
        "oidcc-client-test-invalid-iss",
        "iss is another issuer.",
        "Invalid issuer",
        login(claims(iss=OTHER)),
    ),
    refused(
        "oidcc-client-test-missing-sub",
        "There is no sub.",
        "does not say who logged in",
        login(claims(sub=GONE)),
    ),
    refused(
        "oidcc-client-test-invalid-aud",
        "aud is another client.",
        "Audience doesn't match",
        login(claims(aud="another-client")),
    ),
    refused(
        "oidcc-client-test-missing-aud",
        "There is no aud.",
        'missing the "aud" claim',
        login(claims(aud=GONE)),
    ),
    refused(
        "oidcc-client-test-missing-iat",
        "There is no iat.",
        'missing the "iat" claim',
        login(claims(iat=GONE)),
    ),
    accepted(
        "oidcc-client-test-kid-absent-single-jwks",
        "The ID token has no kid, and one key can have signed it.",
        login(header(kid=GONE), with_keys(public(OTHER_EC))),
    ),
    refused(
        "oidcc-client-test-kid-absent-multiple-jwks",
        "The ID token has no kid, and several keys can have signed it.",
        "no key that can have signed",
        first_login(header(kid=GONE), with_keys(public(OTHER_RSA))),
    ),
    accepted(
        "oidcc-client-test-idtoken-sig-rs256",
        "The ID token is signed with RS256.",
        login(header(alg="RS256")),
    ),
    refused(
        "oidcc-client-test-idtoken-sig-none",
        "The ID token is not signed.",
        "alg value is not allowed",
        login(signed_with("none", None)),
    ),
    refused(
        "oidcc-client-test-invalid-sig-rs256",
        "The signature is damaged.",
        "Signature verification failed",
        login(damaged_signature),
    ),
    refused(
        "oidcc-client-test-invalid-sig-es256",
        "The signature is another key's, with ES256.",
        "alg value is not allowed",
        login(signed_with("ES256", OTHER_EC.private_key)),
    ),
    refused(
        "oidcc-client-test-invalid-sig-hs256",
        "The signature is made with a secret, with HS256.",
        "alg value is not allowed",
        login(signed_with("HS256", b"s" * 64)),
    ),
    accepted(
        "oidcc-client-test-userinfo-invalid-sub",
        "/userinfo is about somebody else, and is not asked.",
        login_without_userinfo(answer("userinfo", {"sub": "auth0|grace"})),
    ),
    accepted(
        "oidcc-client-test-aggregated-claims",
        "The ID token carries claims of others.",
        login(
            claims(_claim_names={"age": "s"}, _claim_sources={"s": {"JWT": "a.b.c"}})
        ),
    ),
    accepted(
        "oidcc-client-test-distributed-claims",
        "The ID token says where claims of others are.",
        login(claims(_claim_names={"a": "s"}, _claim_sources={"s": {"endpoint": "x"}})),
    ),
    accepted(
        "oidcc-client-test-ignores-unparseable-key-in-jwks",
        "There are keys of kinds that nobody knows.",
        login(with_keys({"kid": "a", "kty": "AKP", "alg": "ML-DSA-1"}, {"kty": "X"})),
    ),
    accepted(
        "oidcc-client-test-3rd-party-init-login",
        "Another site starts the login.",
        login(path=f"/login?iss={OTHER}&login_hint=ada&target_link_uri={OTHER}"),
    ),
    accepted(
        "oidcc-client-test-mtls-endpoint-aliases",
        "There are endpoints for clients with certificates.",
        login(discovery(mtls_endpoint_aliases={"token_endpoint": OTHER})),
    ),
]


DISCOVERY = [
    accepted(
        "oidcc-client-test-discovery-openid-config",
        "All addresses are in the discovery document.",
        first_login(),
    ),
    accepted(
        "oidcc-client-test-discovery-jwks-uri-keys",
        "The keys are where the document says.",
        first_login(),
    ),
    refused(
        "oidcc-client-test-discovery-issuer-mismatch",
        "The document is of another issuer.",
        "of the issuer 'https://other.example.com/'",
        first_login(discovery(issuer=OTHER)),
    ),
    accepted(
        "oidcc-client-test-signing-key-rotation",
        "The keys change between two logins.",
        login_after_a_rotation(),
    ),
    accepted(
        "oidcc-client-test-signing-key-rotation-just-before-signing",
        "The keys change during a login.",
        rotation_before_signing,
    ),
]


REFRESH = [
    accepted("oidcc-client-test-refresh-token", "A token is refreshed.", refresh()),
    refused(
        "oidcc-client-test-refresh-token-invalid-issuer",
        "The new ID token has another iss.",
        "its iss differs",
        refresh(claims(iss=OTHER)),
    ),
    refused(
        "oidcc-client-test-refresh-token-invalid-sub",
        "The new ID token has another sub.",
        "its sub differs",
        refresh(claims(sub="auth0|grace")),
    ),
    refused(
        "oidcc-client-test-refresh-token-invalid-aud",
        "The new ID token has another aud.",
        "its aud differs",
        refresh(claims(aud="another-client")),
    ),
    refused(
        "oidcc-client-test-refresh-token-invalid-azp",
        "The new ID token has an azp, and the first one had none.",
        "its azp differs",
        refresh(claims(azp="another-client")),
    ),
]


LOGOUT = [
    accepted("oidcc-client-test-rp-init-logout", "The user logs out.", logout()),
    accepted(
        "oidcc-client-test-rp-init-logout-other-state",
        "The browser comes back with a state that nobody has sent.",
        logout("?state=another"),
    ),
    accepted(
        "oidcc-client-test-rp-init-logout-no-state",
        "The browser comes back without a state.",
        logout(),
    ),
    accepted(BACK, "A logout token ends a session.", back_channel()),
    refused(
        f"{BACK}-alg-none",
        "The logout token is not signed.",
        "not signed with RS256",
        back_channel(
            lambda provider, own: signed(
                {"alg": "none", "typ": "logout+jwt"}, own, None, "none"
            )
        ),
    ),
    refused(
        f"{BACK}-no-event",
        "It has no events.",
        "no logout event",
        back_channel(events=GONE),
    ),
    refused(
        f"{BACK}-with-nonce", "It has a nonce.", "has a nonce", back_channel(nonce="n")
    ),
    refused(
        f"{BACK}-wrong-alg",
        "It is signed with another algorithm.",
        "not signed with RS256",
        back_channel(
            lambda provider, own: signed(
                {"alg": "HS256", "kid": provider.tenant.keys.kid},
                own,
                b"s" * 64,
                "HS256",
            )
        ),
    ),
    refused(
        f"{BACK}-wrong-aud",
        "It is for another client.",
        "Audience doesn't match",
        back_channel(aud="another-client"),
    ),
    refused(
        f"{BACK}-wrong-event",
        "Its event is another one.",
        "no logout event",
        back_channel(events={"http://schemas.openid.net/event/another": {}}),
    ),
    refused(
        f"{BACK}-wrong-iss",
        "It is from another issuer.",
        "Invalid issuer",
        back_channel(iss=OTHER),
    ),
]
