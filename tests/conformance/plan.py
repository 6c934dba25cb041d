"""The plan: a line for each module, and what has to come of it.

Those whose names begin with ``oidcc-`` and ``fapi2-`` are the OpenID Foundation's, for
relying parties: code flow, discovery, refresh, logout from the app and from the back
channel, and what FAPI 2 asks of a client. The others go on where those end.
"""

from __future__ import annotations

import typing as t

from .plays import (
    Play,
    back_channel,
    fapi_login,
    first_login,
    login,
    login_after_a_rotation,
    login_without_exchange,
    login_without_userinfo,
    logout,
    refresh,
    rotation_before_signing,
    ten_after_a_rotation,
)
from .provider import GONE, present, signed
from .twists import (
    OTHER_EC,
    OTHER_RSA,
    answer,
    basic_only,
    claims,
    damaged_signature,
    discovery,
    header,
    iss_named,
    key_with,
    keys,
    payload,
    public,
    redirect,
    signed_with,
    signed_with_its_public_key,
    status,
    tokens,
    with_keys,
    with_the_kid,
)


class Module(t.NamedTuple):
    """A line of the plan."""

    name: str
    #: What the provider does.
    what: str
    #: How it is played; nothing, where it is left out.
    play: Play | None
    #: What the log says of a refusal; nothing, where the client goes along.
    log: str = ""
    #: Why it is left out.
    reason: str = ""

    @property
    def result(self) -> str:
        """What the documents say of it."""
        if self.play is None:
            return f"Left out: {self.reason}"
        return f"Refused: {self.log}" if self.log else "Accepted"


def accepted(name: str, what: str, play: Play) -> Module:
    return Module(name, what, play)


def refused(name: str, what: str, log: str, play: Play) -> Module:
    return Module(name, what, play, log)


def left_out(name: str, what: str, reason: str) -> Module:
    return Module(name, what, None, reason=reason)


OTHER = "https://other.example.com/"
FAPI = "fapi2-security-profile-final-client-test"
BACK = "oidcc-client-test-rp-backchannel-rpinitlogout"
NO_USERINFO = "the ID token has the claims, and /userinfo is not asked."
CODE_FLOW = "the code flow has no token at the authorization endpoint."
FIXED = "an application is registered with Auth0 once, and named in the settings."
UNSIGNED_REQUEST = "requests are not signed."
NO_JARM = "responses are not signed: the code is bound by state, PKCE and iss."

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

KNOWN_MODULES = [*LOGIN, *DISCOVERY, *REFRESH, *LOGOUT, *FAPI_2]

_ENCRYPTS = public(OTHER_RSA, use="enc")
_RS512 = public(OTHER_RSA, use="sig", alg="RS512")
_ONLY_X5C = {"kty": "RSA", "use": "sig", "x5c": ["MIIC"]}

BEYOND_CLAIMS = [
    refused(
        "beyond-iss-number", "iss is 5.", "(iss) must be a string", login(claims(iss=5))
    ),
    refused(
        "beyond-iss-list",
        "iss is a list with the issuer.",
        "(iss) must be a string",
        login(claims(iss=["https://127.0.0.1/"])),
    ),
    refused(
        "beyond-iss-null",
        "iss is null.",
        'missing the "iss" claim',
        login(claims(iss=None)),
    ),
    refused(
        "beyond-aud-empty-list",
        "aud is an empty list.",
        'missing the "aud" claim',
        login(claims(aud=[])),
    ),
    refused(
        "beyond-aud-of-numbers",
        "aud is a list with a number.",
        "Invalid claim format",
        login(claims(aud=["the-client", 5])),
    ),
    refused(
        "beyond-aud-object",
        "aud is an object.",
        "Invalid claim format",
        login(claims(aud={"the-client": True})),
    ),
    refused(
        "beyond-aud-in-capitals",
        "aud is this client in capitals.",
        "Audience doesn't match",
        login(claims(aud="THE-CLIENT")),
    ),
    refused(
        "beyond-aud-and-azp-of-a-stranger",
        "aud names a second client, and azp is that one.",
        "issued to another client",
        login(claims(aud=["the-client", "another"], azp="another")),
    ),
    accepted(
        "beyond-aud-and-own-azp",
        "aud names a second client, and azp is this one.",
        login(claims(aud=["the-client", "another"], azp="the-client")),
    ),
    refused(
        "beyond-azp-of-a-stranger",
        "azp is another client.",
        "issued to another client",
        login(claims(azp="another")),
    ),
    refused(
        "beyond-azp-list",
        "azp is a list with this client.",
        "issued to another client",
        login(claims(azp=["the-client"])),
    ),
    refused(
        "beyond-exp-text",
        "exp is a text.",
        "exp claim is no point in time",
        login(claims(exp="99999999999")),
    ),
    refused(
        "beyond-exp-infinite",
        "exp is Infinity.",
        "exp",
        login(claims(exp=float("inf"))),
    ),
    refused("beyond-exp-nan", "exp is NaN.", "exp", login(claims(exp=float("nan")))),
    refused(
        "beyond-exp-beyond-all-dates",
        "exp is 10 to the power of 300.",
        "exp claim is no point in time",
        login(claims(exp=10**300)),
    ),
    refused("beyond-exp-list", "exp is a list.", "exp", login(claims(exp=[2**40]))),
    refused(
        "beyond-exp-true",
        "exp is true.",
        "had expired on arrival",
        login(claims(exp=True)),
    ),
    refused(
        "beyond-exp-negative",
        "exp is negative.",
        "expired",
        login(claims(exp=-1)),
    ),
    accepted(
        "beyond-exp-fraction",
        "exp is a fraction.",
        login(claims(exp=4_000_000_000.5)),
    ),
    refused(
        "beyond-iat-text",
        "iat is a text.",
        "iat claim is no point in time",
        login(claims(iat="1")),
    ),
    refused(
        "beyond-iat-to-come",
        "The ID token was issued in the future.",
        "not yet valid (iat)",
        login(claims(iat=4_000_000_000)),
    ),
    refused(
        "beyond-iat-true",
        "iat is true.",
        "iat claim is no point in time",
        login(claims(iat=True)),
    ),
    refused(
        "beyond-nbf-to-come",
        "nbf is in the future.",
        "not yet valid (nbf)",
        login(claims(nbf=4_000_000_000)),
    ),
    refused(
        "beyond-nbf-text",
        "nbf is a text.",
        "nbf claim is no point in time",
        login(claims(nbf="1")),
    ),
    refused("beyond-nbf-null", "nbf is null.", "nbf", login(claims(nbf=None))),
    refused(
        "beyond-sub-empty",
        "sub is empty.",
        "does not say who logged in",
        login(claims(sub="")),
    ),
    refused("beyond-sub-number", "sub is 5.", "Subject must be", login(claims(sub=5))),
    refused(
        "beyond-sub-with-half-an-emoji",
        "sub has half an emoji in it.",
        "The sub claim is no text",
        login(claims(sub="auth0|\ud83d")),
    ),
    accepted(
        "beyond-name-with-half-an-emoji",
        "A name has half an emoji in it.",
        login(claims(name="Ada \ud83d", nickname="\udc00")),
    ),
    refused(
        "beyond-nonce-list",
        "nonce is a list.",
        "nonce is not the one",
        login(claims(nonce=["n"])),
    ),
    refused(
        "beyond-auth-time-missing",
        "max_age was asked for, and there is no auth_time.",
        "auth_time",
        login(claims(auth_time=GONE), path="/login?max_age=600"),
    ),
    refused(
        "beyond-auth-time-long-ago",
        "max_age was asked for, and auth_time is older.",
        "auth_time",
        login(claims(auth_time=1_000_000_000), path="/login?max_age=600"),
    ),
    refused(
        "beyond-auth-time-text",
        "max_age was asked for, and auth_time is a text.",
        "auth_time",
        login(claims(auth_time="4000000000"), path="/login?max_age=600"),
    ),
    refused(
        "beyond-organization-of-others",
        "An organization was asked for, and org_id is another one.",
        "organization",
        login(claims(org_id="org_2"), path="/login?organization=org_1"),
    ),
    refused(
        "beyond-claims-list",
        "The ID token has a list in the place of claims.",
        "must be a json object",
        login(payload([])),
    ),
    refused(
        "beyond-claims-no-json",
        "The ID token has no JSON in it.",
        "Invalid payload string",
        login(payload(b"{")),
    ),
    refused(
        "beyond-claims-nested",
        "The ID token is nested a hundred thousand times.",
        "Invalid payload string",
        login(payload(b"[" * 100_000 + b"]" * 100_000)),
    ),
]

BEYOND_HEADERS = [
    refused(
        "beyond-alg-hs256-with-the-public-key",
        "The published key is taken for a secret.",
        "alg value is not allowed",
        login(signed_with_its_public_key),
    ),
    refused("beyond-alg-missing", "There is no alg.", "alg", login(header(alg=GONE))),
    refused("beyond-alg-number", "alg is 5.", "alg", login(header(alg=5))),
    refused(
        "beyond-alg-in-small-letters",
        "alg is rs256.",
        "alg value is not allowed",
        login(header(alg="rs256")),
    ),
    refused(
        "beyond-alg-rs512",
        "The right key signs with RS512.",
        "alg value is not allowed",
        login(header(alg="RS512")),
    ),
    refused(
        "beyond-crit-unknown",
        "crit names what nobody knows.",
        "critical extension",
        login(header(crit=["https://other.example.com/x"])),
    ),
    refused(
        "beyond-crit-text",
        "crit is a text.",
        "'crit' header",
        login(header(crit="x")),
    ),
    refused(
        "beyond-b64-false",
        "b64 is false, as crit says.",
        "b64",
        login(header(b64=False, crit=["b64"])),
    ),
    refused(
        "beyond-b64-false-without-crit",
        "b64 is false, and crit does not say so.",
        "b64",
        login(header(b64=False)),
    ),
    refused(
        "beyond-kid-number",
        "kid is a number, as is a key's.",
        "Key ID header",
        login(header(kid=5), key_with(kid=5)),
    ),
    refused(
        "beyond-kid-unknown",
        "kid is no key's.",
        "no key that can have signed",
        login(header(kid="of-nobody")),
    ),
    refused(
        "beyond-key-in-the-header",
        "The header brings a key of its own.",
        "Signature verification failed",
        login(signed_with("RS256", OTHER_RSA.private_key, jwk=public(OTHER_RSA))),
    ),
    refused(
        "beyond-encrypted-id-token",
        "The ID token has five parts.",
        "verified",
        login(tokens(id_token="a.b.c.d.e")),
    ),
    refused(
        "beyond-id-token-missing",
        "There is no ID token.",
        "no ID token",
        login(tokens(id_token=GONE)),
    ),
    refused(
        "userinfo-instead-of-id-token",
        "There are claims, and no ID token.",
        "no ID token",
        login(tokens(id_token=GONE, userinfo={"sub": "auth0|ada"})),
    ),
    accepted(
        "beyond-userinfo-beside-an-id-token",
        "There are claims of somebody else beside the ID token.",
        login(tokens(userinfo={"sub": "auth0|grace", "email": "grace@example.com"})),
    ),
]

BEYOND_KEYS = [
    accepted(
        "kid-absent-rsa-last",
        "There is no kid, and a key of another kind comes first.",
        login(header(kid=GONE), with_keys(public(OTHER_EC, use="sig"))),
    ),
    accepted(
        "beyond-kid-absent-other-use",
        "There is no kid, and another key is for encryption.",
        login(header(kid=GONE), with_keys(_ENCRYPTS)),
    ),
    accepted(
        "beyond-kid-absent-other-alg",
        "There is no kid, and another key is for RS512.",
        login(header(kid=GONE), with_keys(_RS512)),
    ),
    accepted(
        "beyond-kid-absent-other-key-ops",
        "There is no kid, and another key is not for signatures.",
        login(header(kid=GONE), with_keys(public(OTHER_RSA, key_ops=["encrypt"]))),
    ),
    accepted(
        "beyond-kid-absent-key-of-a-certificate-alone",
        "There is no kid, and another key has a certificate only.",
        login(header(kid=GONE), with_keys(_ONLY_X5C)),
    ),
    accepted(
        "beyond-kid-of-several-kinds",
        "Keys of other kinds have the same kid.",
        login(with_the_kid(public(OTHER_EC), _ENCRYPTS, _RS512, _ONLY_X5C)),
    ),
    refused(
        "beyond-kid-of-several-keys",
        "Another key has the same kid.",
        "no key that can have signed",
        first_login(with_the_kid(public(OTHER_RSA))),
    ),
    accepted(
        "beyond-key-published-twice",
        "The key is there twice.",
        first_login(keys(lambda own: [*own, *own])),
    ),
    accepted(
        "beyond-key-without-use-and-alg",
        "The key says neither use nor alg.",
        first_login(key_with(use=GONE, alg=GONE)),
    ),
    refused(
        "beyond-key-for-encryption",
        "The key is for encryption.",
        "no key that can have signed",
        first_login(key_with(use="enc")),
    ),
    refused(
        "beyond-key-of-a-certificate-alone",
        "The key has a certificate only.",
        "no key that can have signed",
        first_login(key_with(n=GONE, e=GONE, x5c=["MIIC"])),
    ),
    refused(
        "beyond-keys-null",
        "keys is null.",
        "key set is not one",
        first_login(keys(lambda own: None)),
    ),
    refused(
        "beyond-keys-with-null",
        "There is a null among the keys.",
        "key set is not one",
        first_login(keys(lambda own: [None, *own])),
    ),
    refused(
        "beyond-keys-none",
        "There is no key.",
        "no key that can have signed",
        first_login(keys(lambda own: [])),
    ),
    refused(
        "beyond-keys-list",
        "The key set is a list.",
        "key set is not one",
        first_login(answer("keys", [])),
    ),
    refused(
        "beyond-keys-html",
        "There is a page in the place of keys.",
        "no JSON",
        first_login(answer("keys", b"<html>")),
    ),
    accepted(
        "signing-key-rotation-ten-at-once",
        "The keys change, and ten people log in at once.",
        ten_after_a_rotation,
    ),
    accepted(
        "beyond-rotation-with-both-keys",
        "The keys change, and the old one stays for a while.",
        login_after_a_rotation(keep_old=True),
    ),
    accepted(
        "beyond-rotation-without-kid",
        "The keys change, and no ID token has a kid.",
        login_after_a_rotation(habits=[header(kid=GONE)]),
    ),
    refused(
        "signing-key-rotation-keys-fail-once",
        "The keys change, and cannot be had at first.",
        "temporarily_unavailable",
        login_after_a_rotation(answer("keys", {}, 500)),
    ),
    refused(
        "beyond-rotation-to-rubbish",
        "The keys change, and there is rubbish in their place at first.",
        "key set is not one",
        login_after_a_rotation(answer("keys", {"keys": ["x"]})),
    ),
]

BEYOND_ANSWERS = [
    refused(
        "discovery-issuer-mismatch-and-token",
        "Document, ID token and redirect are of another issuer.",
        "of the issuer 'https://other.example.com/'",
        first_login(discovery(issuer=OTHER), claims(iss=OTHER), redirect(iss=OTHER)),
    ),
    refused(
        "beyond-discovery-list",
        "The discovery document is a list.",
        "discovery document is none",
        first_login(answer("discovery", [])),
    ),
    refused(
        "beyond-discovery-html",
        "There is a page in the place of the document.",
        "no JSON",
        first_login(answer("discovery", b"<html>")),
    ),
    refused(
        "beyond-discovery-of-plain-http",
        "The token endpoint is not encrypted.",
        "token_endpoint",
        first_login(discovery(token_endpoint="http://127.0.0.1/oauth/token")),
    ),
    refused(
        "beyond-discovery-without-keys",
        "There is no jwks_uri.",
        "jwks_uri",
        first_login(discovery(jwks_uri=GONE)),
    ),
    refused(
        "beyond-discovery-down",
        "The discovery document cannot be had.",
        "temporarily_unavailable",
        first_login(answer("discovery", {}, 503)),
    ),
    refused(
        "beyond-discovery-missing",
        "There is no discovery document.",
        "answered with 404",
        first_login(answer("discovery", {}, 404)),
    ),
    refused(
        "beyond-tokens-list",
        "The token response is a list.",
        "token response is none",
        login(answer("tokens", [])),
    ),
    refused(
        "beyond-tokens-html",
        "There is a page in the place of tokens.",
        "no JSON",
        login(answer("tokens", b"<html>")),
    ),
    refused(
        "beyond-tokens-nested",
        "The token response is nested a hundred thousand times.",
        "no JSON",
        login(answer("tokens", b"[" * 100_000 + b"]" * 100_000)),
    ),
    refused(
        "beyond-access-token-missing",
        "There is no access token.",
        "no access token",
        login(tokens(access_token=GONE)),
    ),
    refused(
        "beyond-access-token-number",
        "The access token is a number.",
        "no access token",
        login(tokens(access_token=5)),
    ),
    refused(
        "beyond-token-type-mac",
        "The access token is not a Bearer token.",
        "token_type",
        login(tokens(token_type="mac")),
    ),
    refused(
        "beyond-token-type-list",
        "token_type is a list.",
        "token_type",
        login(tokens(token_type=["Bearer"])),
    ),
    refused(
        "beyond-refresh-token-list",
        "The refresh token is a list.",
        "refresh_token",
        login(tokens(refresh_token=["r"])),
    ),
    refused(
        "beyond-access-token-with-a-line-break",
        "The access token has a line break in it.",
        "The access_token of its token response is no text",
        login(tokens(access_token="a\r\nX-Admin: 1")),
    ),
    refused(
        "beyond-tokens-of-another-status",
        "The token response comes with status 302.",
        "answered with 302, and no error",
        login(status("tokens", 302)),
    ),
    refused("beyond-scope-number", "scope is 5.", "scope", login(tokens(scope=5))),
    *(
        accepted(
            f"beyond-expires-in-{name}",
            f"expires_in is {said}.",
            login(tokens(expires_in=value)),
        )
        for name, said, value in (
            ("text", "a text", "soon"),
            ("number-in-a-text", "a number in a text", "3600"),
            ("infinite", "Infinity", float("inf")),
            ("nan", "NaN", float("nan")),
            ("beyond-all-dates", "10 to the power of 400", 10**400),
            ("negative", "negative", -1),
            ("list", "a list", [3600]),
            ("null", "null", None),
            ("true", "true", True),
        )
    ),
    refused(
        "beyond-error-invalid-grant",
        "The code is refused.",
        "too long, or it was already completed",
        login(answer("tokens", {"error": "invalid_grant"}, 400)),
    ),
    refused(
        "beyond-error-invalid-client",
        "The client is refused.",
        "AUTH0_CLIENT_SECRET",
        login(answer("tokens", {"error": "invalid_client"}, 401)),
    ),
    refused(
        "beyond-error-of-any-shape",
        "The error is an object.",
        "invalid_response",
        login(answer("tokens", {"error": {"code": [1]}}, 400)),
    ),
    refused(
        "beyond-error-with-tokens",
        "There are tokens beside an error.",
        "invalid_response",
        login(tokens(error="access_denied")),
    ),
    refused(
        "beyond-tokens-down",
        "The token endpoint is down.",
        "temporarily_unavailable",
        login(answer("tokens", {}, 503)),
    ),
]

BEYOND_REDIRECT = [
    refused(
        "beyond-code-missing",
        "The redirect has no code.",
        "without a code",
        login_without_exchange(redirect(code=GONE)),
    ),
    refused(
        "beyond-code-twice",
        "The redirect has two codes.",
        "more than one code",
        login_without_exchange(redirect(code=lambda code: [code, code])),
    ),
    refused(
        "beyond-state-twice",
        "The redirect has two states.",
        "more than one state",
        login_without_exchange(redirect(state=lambda state: [state, "another"])),
    ),
    refused(
        "beyond-state-cut",
        "The state is cut at its end.",
        "the state of another one",
        login_without_exchange(redirect(state=lambda state: state[:-1])),
    ),
    refused(
        "beyond-state-of-nobody",
        "The state is made up.",
        "login_loop",
        login_without_exchange(redirect(state="made-up")),
    ),
    refused(
        "beyond-iss-twice",
        "The redirect names two issuers.",
        "more than one iss",
        login_without_exchange(redirect(iss=lambda own: [OTHER, OTHER])),
    ),
    refused(
        "beyond-error-of-another-issuer",
        "An error comes from another issuer.",
        "parameter iss does not name",
        login_without_exchange(redirect(code=GONE, error="access_denied", iss=OTHER)),
    ),
    refused(
        "beyond-error-unknown",
        "The error is none that anybody knows.",
        "unknown_error",
        login_without_exchange(redirect(code=GONE, error="<script>\n")),
    ),
]

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
        "tenant failed",
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

BEYOND = [
    *BEYOND_CLAIMS,
    *BEYOND_HEADERS,
    *BEYOND_KEYS,
    *BEYOND_ANSWERS,
    *BEYOND_REDIRECT,
    *BEYOND_REFRESH,
    *BEYOND_LOGOUT,
]

PLAN = [*KNOWN_MODULES, *BEYOND, *LEFT_OUT]
