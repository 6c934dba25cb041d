"""Whatever is asked for: never a traceback, never a login, never another origin."""

from __future__ import annotations

import typing as t
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.harness.visitor import FETCH, NAVIGATION

from .cases import CASES
from .homes import NOBODY, PEOPLE, Home

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

ROUTES = ["/login", "/callback", "/logout", "/protected", "/recent", "/member", "/"]
ROUTES += ["/backchannel-logout"]
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "X"]
PARAMETERS = ["code", "state", "error", "error_description", "next", "max_age", "iss"]
PARAMETERS += ["organization", "invitation", "prompt", "connection", "ext-x", "scope"]
PARAMETERS += ["redirect_uri", "nonce", "login_hint", "logout_token", "returnTo"]
VALUES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            *("", "0", "-1", "9" * 400, "//evil.example", "/\\evil.example", "/\t/x"),
            *("https://evil.example", "javascript:alert(1)", "/profile", "\x00", "%"),
            *("access_denied", "login_required", "a.b.c", ".", "A" * 3000, "/" * 3000),
        ]
    ),
)
HEADERS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.sampled_from([NAVIGATION, FETCH, {}, {"HX-Request": "true"}]),
    st.dictionaries(
        st.sampled_from(
            [
                *("Accept", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Referer", "Origin"),
                *("Content-Type", "X-Forwarded-Host", "Purpose", "Authorization"),
            ]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
        max_size=4,
    ),
)


@CASES
@given(
    route=st.sampled_from(ROUTES),
    suffix=st.one_of(
        st.just(""), st.sampled_from(["/", "//", ";x", "%00", "/..", "%2f"]), st.text()
    ),
    method=st.sampled_from(METHODS),
    query=st.lists(st.tuples(st.sampled_from(PARAMETERS), VALUES), max_size=4),
    headers=HEADERS,
    person=st.sampled_from([*PEOPLE, None]),
)
@example("/callback", "", "GET", [("state", "\ud7ff.\x00")], NAVIGATION, None)
@example("/callback", "", "GET", [("state", "."), ("code", "c")], NAVIGATION, "ada")
def test_no_request_is_a_traceback(
    home: Home,
    route: str,
    suffix: str,
    method: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    person: str | None,
) -> None:
    home.restore()
    cookies = list(home.cookies[person].items()) if person else []
    given_query = "&".join(f"{name}={quote(value)}" for name, value in query)
    answer = home.visit(
        route + quote(suffix, safe="/;%"),
        cookies,
        method,
        headers=headers,
        query_string=given_query,
        data=given_query if method == "POST" else None,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code < 500
    assert is_ours(home, answer.headers.get("Location", "/"))
    if person is None:
        assert not [c for c in answer.headers.getlist("Set-Cookie") if is_session(c)]
        assert home.look([]) == NOBODY


def is_ours(home: Home, location: str) -> bool:
    """Whether a redirect stays here, or goes to the tenant."""
    place = urlsplit(location)
    tenant: t.Any = home.app.extensions["auth0"].config.domain
    return location[:2] != "//" and place.netloc in ("", "localhost", tenant)


def is_session(cookie: str) -> bool:
    name = cookie.partition("=")[0]
    return name == "session" or "_head" in name or "_body" in name
