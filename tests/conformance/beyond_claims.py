"""Claims of ID tokens beyond the plan."""

from __future__ import annotations

from tests.harness.provider import GONE

from .modules import accepted, refused
from .plays import login
from .twists import claims, payload

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
