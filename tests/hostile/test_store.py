"""Whatever is in the back end: no error, and nobody who should not be there.

Who can read a back end of Flask-Session finds the ids of all sessions there, and who
can write to it can copy one session to another id. So a whole session of somebody else
is left out here; the records of states are not, which know where they belong.
"""

from __future__ import annotations

import typing as t

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.visitor import NAVIGATION

from .cases import CASES
from .homes import NOBODY, PEOPLE, Home
from .mutations import CHANGES, JSON, damaged_bytes, reshaped

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

PAGES = ["/protected", "/token", "/keep", "/login", "/callback?code=c&state=s"]
PAGES += ["/logout", "/unknown"]
#: Beyond what msgpack and its readers are made for.
BEYOND = [
    b"",
    b"\xc1",
    b"[" * 50_000,
    b"\x91" * 50_000,
    b'{"a":' * 50_000,
    b'{"sealed": ' + b"9" * 5000 + b"}",
    b'{"sealed": 1e999}',
    b"\xdf\xff\xff\xff\xff",
    b"\x81\xa6sealed\xc6\xff\xff\xff\xff",
    b"\x81\xa6sealed\xd6\xff\x00\x00\x00\x00",
    b'{"_a0_session": "\\ud800"}',
]


@st.composite
def contents(draw: st.DrawFn, home: Home, key: str) -> bytes:
    """Values that may be under a key in place of the right one."""
    own = home.kept[key]
    kind = draw(st.sampled_from(["damaged", "beyond", "reshaped", "foreign", "json"]))
    if kind == "damaged":
        return draw(damaged_bytes(own))
    if kind == "beyond":
        return draw(st.sampled_from(BEYOND))
    if kind == "foreign":
        return home.kept[draw(st.sampled_from(records(home)))]
    if kind == "json" or key in records(home):
        value = draw(JSON)
    else:
        value = reshaped(msgspec.msgpack.decode(own), draw(CHANGES))
    return packed(value, draw(st.booleans()))


def records(home: Home) -> list[str]:
    """The keys of all that is not a session of Flask-Session."""
    return [key for key in home.kept if not key.startswith("session:")]


def packed(value: t.Any, as_json: bool) -> bytes:
    try:
        return msgspec.json.encode(value) if as_json else msgspec.msgpack.encode(value)
    except (OverflowError, ValueError):
        # There are no such numbers in msgpack.
        return msgspec.json.encode(str(value))


@CASES
@given(data=st.data())
def test_strange_contents_are_no_login(server_home: Home, data: st.DataObject) -> None:
    home = server_home
    home.restore()
    person, other = data.draw(st.permutations(PEOPLE))
    keys = data.draw(st.lists(st.sampled_from(home.keys[person]), min_size=1))
    for key in keys:
        home.put(key, data.draw(contents(home, key)))
    cookies = list(home.cookies[person].items())
    found = home.look(cookies)
    assert found.sub in (None, f"auth0|{person}")
    assert found.whole in (None, home.seen[person].whole)
    page = data.draw(st.sampled_from(PAGES))
    assert home.visit(page, cookies, headers=NAVIGATION).status_code < 500
    # And nobody else notices.
    assert home.look(list(home.cookies[other].items())) == home.seen[other]


@CASES
@given(data=st.data())
def test_no_id_but_the_right_one_is_a_session(
    server_home: Home, data: st.DataObject
) -> None:
    home = server_home
    real = home.cookies[data.draw(st.sampled_from(PEOPLE))]["session"]
    sid = data.draw(
        st.one_of(
            st.text("AZaz09-_", min_size=43, max_size=43),
            st.sampled_from([*home.kept, *(key[8:] for key in home.kept)]),
            st.builds(lambda n: real[:n] + real[n + 1 :], st.integers(0, 43)),
            st.builds(lambda n: real[:n] + "A" + real[n:], st.integers(0, 43)),
            st.builds(str.swapcase, st.just(real)),
        )
    )
    if sid not in [cookies["session"] for cookies in home.cookies.values()]:
        assert home.look([("session", sid)]) == NOBODY
