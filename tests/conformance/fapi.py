"""What FAPI 2 asks of a client, and what is left out of the plans."""

from __future__ import annotations

from tests.harness.provider import GONE

from .modules import (
    CODE_FLOW,
    FAPI,
    FIXED,
    NO_JARM,
    NO_USERINFO,
    OTHER,
    UNSIGNED_REQUEST,
    accepted,
    left_out,
    refused,
)
from .plays import fapi_login, first_login, login_without_exchange, refresh
from .twists import (
    OTHER_RSA,
    claims,
    discovery,
    iss_named,
    redirect,
    signed_with,
    tokens,
)

FAPI_2 = [
    accepted(f"{FAPI}-happy-path", "A login, with iss in the redirect.", fapi_login()),
    refused(
        f"{FAPI}-discovery-issuer-mismatch",
        "The discovery document is of another issuer, and so is the ID token.",
        "of the issuer 'https://other.example.com/'",
        first_login(discovery(issuer=OTHER), claims(iss=OTHER)),
    ),
    refused(
        f"{FAPI}-invalid-iss",
        "iss is another issuer.",
        "Invalid issuer",
        fapi_login(claims(iss=f"{OTHER}x")),
    ),
    refused(
        f"{FAPI}-invalid-aud",
        "aud is another client.",
        "Audience doesn't match",
        fapi_login(claims(aud=["another-client"])),
    ),
    refused(
        f"{FAPI}-invalid-secondary-aud",
        "aud names a second client, and there is no azp.",
        "issued to another client",
        fapi_login(claims(aud=["the-client", "another-client"])),
    ),
    refused(
        f"{FAPI}-invalid-null-alg",
        "The ID token is not signed.",
        "alg value is not allowed",
        fapi_login(signed_with("none", None)),
    ),
    refused(
        f"{FAPI}-invalid-alternate-alg",
        "The ID token is signed with an algorithm that was not agreed on.",
        "alg value is not allowed",
        fapi_login(signed_with("PS256", OTHER_RSA.private_key)),
    ),
    refused(
        f"{FAPI}-invalid-expired-exp",
        "The ID token has expired.",
        "had expired on arrival",
        fapi_login(claims(exp=1_000_000_000)),
    ),
    refused(
        f"{FAPI}-invalid-missing-exp",
        "There is no exp.",
        'missing the "exp" claim',
        fapi_login(claims(exp=GONE)),
    ),
    refused(
        f"{FAPI}-invalid-missing-aud",
        "There is no aud.",
        'missing the "aud" claim',
        fapi_login(claims(aud=GONE)),
    ),
    refused(
        f"{FAPI}-invalid-missing-iss",
        "There is no iss.",
        'missing the "iss" claim',
        fapi_login(claims(iss=GONE)),
    ),
    accepted(
        f"{FAPI}-valid-aud-as-array",
        "aud is a list of this client alone.",
        fapi_login(claims(aud=["the-client"])),
    ),
    refused(
        f"{FAPI}-invalid-nonce",
        "The nonce is another one.",
        "nonce is not the one",
        fapi_login(claims(nonce="of-another-login")),
    ),
    refused(
        f"{FAPI}-invalid-missing-nonce",
        "There is no nonce.",
        "nonce is not the one",
        fapi_login(claims(nonce=GONE)),
    ),
    refused(
        f"{FAPI}-invalid-authorization-response-iss",
        "The redirect is of another issuer.",
        "parameter iss does not name",
        login_without_exchange(redirect(iss=OTHER)),
    ),
    refused(
        f"{FAPI}-remove-authorization-response-iss",
        "The redirect has no iss, though it is promised.",
        "parameter iss does not name",
        login_without_exchange(redirect(iss=GONE), habits=[iss_named]),
    ),
    refused(
        f"{FAPI}-ensure-authorization-response-with-invalid-state-fails",
        "The state has one character more.",
        "the state of another one",
        login_without_exchange(redirect(state=lambda state: f"{state}a")),
    ),
    refused(
        f"{FAPI}-ensure-authorization-response-with-invalid-missing-state-fails",
        "The redirect has no state.",
        "did not begin here",
        login_without_exchange(redirect(state=GONE)),
    ),
    accepted(
        f"{FAPI}-token-endpoint-response-without-expires_in",
        "The token response does not say how long the token lasts.",
        fapi_login(tokens(expires_in=GONE)),
    ),
    accepted(
        f"{FAPI}-token-type-case-insensitivity",
        "The type of the token is bEaReR.",
        fapi_login(tokens(token_type="bEaReR")),
    ),
    accepted(
        f"{FAPI}-happy-path-no-mtls-endpoint-aliases",
        "There are no endpoints for clients with certificates.",
        fapi_login(discovery(mtls_endpoint_aliases=GONE)),
    ),
    accepted(
        "fapi2-security-profile-final-client-refresh-token-test",
        "A token is refreshed, and the refresh token stays.",
        refresh(tokens(refresh_token=GONE), rotates=False),
    ),
]


LEFT_OUT = [
    left_out("oidcc-client-test-userinfo-bearer-header", "/userinfo.", NO_USERINFO),
    left_out("oidcc-client-test-userinfo-bearer-body", "/userinfo.", NO_USERINFO),
    left_out("oidcc-client-test-userinfo-signed", "/userinfo.", NO_USERINFO),
    left_out("oidcc-client-test-nonce-unless-code-flow", "Other flows.", CODE_FLOW),
    left_out("oidcc-client-test-invalid-athash", "Other flows.", CODE_FLOW),
    left_out("oidcc-client-test-missing-athash", "Other flows.", CODE_FLOW),
    left_out("oidcc-client-test-invalid-chash", "Other flows.", CODE_FLOW),
    left_out("oidcc-client-test-missing-chash", "Other flows.", CODE_FLOW),
    left_out(
        "oidcc-client-test-form-post-error",
        "The answer comes by POST.",
        "a session's cookies, SameSite=Lax, do not come with it.",
    ),
    left_out(
        "oidcc-client-test-request-uri-signed-rs256",
        "Request objects.",
        UNSIGNED_REQUEST,
    ),
    left_out(
        "oidcc-client-test-request-uri-signed-none",
        "Request objects.",
        UNSIGNED_REQUEST,
    ),
    left_out("oidcc-client-test-dynamic-registration", "Registration.", FIXED),
    left_out("oidcc-client-test-discovery-webfinger-acct", "WebFinger.", FIXED),
    left_out("oidcc-client-test-discovery-webfinger-url", "WebFinger.", FIXED),
    left_out(
        "oidcc-client-test-rp-frontchannel-rpinitlogout",
        "Front-channel logout.",
        "browsers keep third-party cookies from it.",
    ),
    left_out(
        "oidcc-client-test-rp-frontchannel-opinitlogout",
        "Front-channel logout.",
        "browsers keep third-party cookies from it.",
    ),
    left_out(
        "oidcc-client-test-session-management",
        "Session management.",
        "browsers keep third-party cookies from it.",
    ),
    *(
        left_out(f"{FAPI}-ensure-jarm-{name}", "Signed responses.", NO_JARM)
        for name in (
            "without-iss-fails",
            "with-invalid-iss-fails",
            "without-aud-fails",
            "with-invalid-aud-fails",
            "without-exp-fails",
            "with-expired-exp-fails",
            "with-invalid-sig-fails",
            "signature-is-not-none",
        )
    ),
    *(
        left_out(f"{FAPI}-{name}", "DPoP.", "tokens are Bearer tokens.")
        for name in (
            "rs-dpop-auth-scheme-case-insensitivity",
            "happy-path-no-dpop-nonce",
        )
    ),
    *(
        left_out(
            f"{FAPI}-grant-management-{name}", "Grants.", "Auth0 has no such grants."
        )
        for name in (
            "happy-path",
            "query-and-revoke",
            "invalid-grant-id-fails",
        )
    ),
]
