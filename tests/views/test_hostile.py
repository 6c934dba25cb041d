"""Whatever arrives: never a traceback, never a login, never another's session."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flask_auth0.views.redirects import is_local_path
from tests.harness.visitor import (
    ADA,
    FETCH,
    GRACE,
    HOST,
    NAVIGATION,
    MakeVisitor,
    Visitor,
)

COOKIES = ["session", "session_a0_loop"]
COOKIES += [f"session_a0_{part}{n}" for part in ("head", "body") for n in range(3)]
PARAMETERS = [
    "code",
    "state",
    "error",
    "error_description",
    "next",
    "max_age",
    "organization",
    "invitation",
    "prompt",
    "iss",
    "return_to",
]
ANSWERS = {200, 204, 302, 303, 400, 401, 403, 404, 405, 431, 502, 503}
#: Texts that a header can carry; others do not reach an app.
TEXTS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f;"),
    max_size=60,
)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Victims(t.NamedTuple):
    """Two people who are logged in, and an app that must keep them apart."""

    app: Flask
    ada: dict[str, str]
    grace: dict[str, str]


@pytest.fixture
def victims(app: Flask, make_visitor: MakeVisitor) -> Victims:
    cookies = []
    for person in [ADA, GRACE]:
        visitor: Visitor = make_visitor(app)
        visitor.log_in(person)
        visitor.user()
        cookies.append(visitor.cookies())
    return Victims(app, *cookies)


def damaged(value: str) -> st.SearchStrategy[str]:
    """A value with something cut out, put in, or doubled."""

    def damage(start: int, length: int, put_in: str) -> str:
        return value[:start] + put_in + value[start + length :]

    places = st.integers(0, len(value))
    return st.builds(damage, places, st.integers(0, 40), TEXTS)


@st.composite
def mixtures(draw: st.DrawFn, victims: Victims) -> dict[str, str]:
    """Cookies of one, of the other, of neither, whole and damaged."""
    cookies = {}
    for name in draw(st.lists(st.sampled_from(COOKIES), unique=True)):
        own = victims.ada.get(name, "")
        other = victims.grace.get(name, "")
        kinds = [st.just(own), st.just(other), damaged(own), damaged(other), TEXTS]
        cookies[name] = draw(st.one_of(*kinds))
    return cookies


def visit(app: Flask, path: str, cookies: dict[str, str], **options: t.Any) -> t.Any:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {**options.pop("headers", FETCH), "Cookie": header}
    client = app.test_client(use_cookies=False)
    return client.get(path, base_url=HOST, headers=headers, **options)


@QUICK
@given(data=st.data())
def test_no_mixture_of_cookies_is_a_login(
    victims: Victims, data: st.DataObject
) -> None:
    cookies = data.draw(mixtures(victims))
    response = visit(victims.app, "/user", cookies)
    assert response.status_code == 200
    found = response.get_json()
    whole = [
        person
        for person, own in [(ADA, victims.ada), (GRACE, victims.grace)]
        if all(cookies.get(n) == own[n] for n in ("session", "session_a0_head0"))
    ]
    assert (found and found["email"]) in [*whole, None]
    for path in ["/profile", "/login", "/logout"]:
        answer = visit(victims.app, path, cookies, headers=NAVIGATION)
        assert answer.status_code in ANSWERS


@QUICK
@given(
    path=st.sampled_from(["/login", "/callback", "/logout"]),
    query=st.lists(st.tuples(st.sampled_from(PARAMETERS), st.text(max_size=80))),
    headers=st.sampled_from([NAVIGATION, FETCH, {}]),
)
@example("/callback", [("state", "\ud7ff.\x00"), ("code", "\r\n")], NAVIGATION)
@example("/login", [("max_age", "9" * 400)], FETCH)
def test_no_query_is_a_traceback(
    app: Flask, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    parameters: dict[str, list[str]] = {}
    for name, value in query:
        parameters.setdefault(name, []).append(value)
    client = app.test_client()
    response = client.get(path, base_url=HOST, headers=headers, query_string=parameters)
    assert response.status_code in ANSWERS
    assert client.get("/user", base_url=HOST, headers=FETCH).get_json() is None


@settings(max_examples=1000, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(
            st.sampled_from(
                ["/", "\\", "\t", "\n", " ", ".", "@", ":", "evil.com", "%2f"]
            )
        ).map("".join),
    )
)
def test_what_passes_for_a_path_is_one(target: str) -> None:
    """By the rules of browsers (WHATWG URL), which drop and rewrite characters."""
    if is_local_path(target):
        seen = target.replace("\t", "").replace("\n", "").replace("\r", "").strip()
        seen = seen.replace("\\", "/")
        assert seen.startswith("/")
        assert not seen.startswith("//")
        assert "\n" not in target
