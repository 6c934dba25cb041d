"""Answers and redirects of a provider beyond the plan."""

from __future__ import annotations

from tests.harness.provider import GONE

from .modules import OTHER, accepted, refused
from .plays import first_login, login, login_without_exchange
from .twists import answer, claims, discovery, redirect, status, tokens

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
