"""Long visits in which cookies are stolen, swapped, kept and brought back."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    multiple,
    rule,
    run_state_machine_as_test,
)

from .cases import CASES
from .homes import PEOPLE, Home
from .mutations import damaged

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")


class Login(t.NamedTuple):
    """One login, and the cookies that it came with."""

    number: int
    person: str
    cookies: dict[str, str]


class Visits(RuleBasedStateMachine):
    """Logins and logouts in one app, and what thieves try meanwhile."""

    home: t.ClassVar[Home]
    logins = Bundle("logins")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.ended: set[int] = set()

    @rule(target=logins, person=st.sampled_from(PEOPLE))
    def log_in(self, person: str) -> Login:
        self.count += 1
        login = Login(self.count, person, self.home.log_in(person))
        assert self.seen(login.cookies) == person
        return login

    @rule(target=logins, login=consumes(logins), person=st.sampled_from(PEOPLE))
    def log_in_again(self, login: Login, person: str) -> t.Any:
        """In the same browser; what it had before is over, at least on a server."""
        client = self.home.app.test_client()
        for name, value in login.cookies.items():
            client.set_cookie(name, value, domain="localhost")
        client.get(f"/become/{person}", base_url="http://localhost")
        found = {c.key: c.value for c in (client._cookies or {}).values()}
        self.ended.add(login.number)
        self.count += 1
        return multiple(login, Login(self.count, person, found))

    @rule(login=logins)
    def log_out(self, login: Login) -> None:
        self.home.visit("/logout", list(login.cookies.items()))
        self.ended.add(login.number)

    @rule(login=logins)
    def come_back(self, login: Login) -> None:
        found = self.seen(login.cookies)
        if login.number in self.ended and self.home.interface is not None:
            assert found is None
        else:
            assert found == login.person

    @rule(login=logins, page=st.sampled_from(["/keep", "/token", "/protected"]))
    def visit(self, login: Login, page: str) -> None:
        answer = self.home.visit(page, list(login.cookies.items()))
        assert answer.status_code in {200, 401}

    @rule(one=logins, other=logins, data=st.data())
    def swap(self, one: Login, other: Login, data: st.DataObject) -> None:
        """Give one's cookies to the other, all but some."""
        names = data.draw(st.sets(st.sampled_from(sorted(one.cookies))))
        mixed = {**other.cookies, **{name: one.cookies[name] for name in names}}
        self.check(mixed, [one, other])

    @rule(login=logins, data=st.data())
    def damage(self, login: Login, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(login.cookies)))
        value = data.draw(damaged(login.cookies[name]))
        self.check({**login.cookies, name: value}, [login])

    def check(self, cookies: dict[str, str], logins: list[Login]) -> None:
        """A user is seen only if session and state are both there."""
        found = self.seen(cookies)
        possible = {
            each.person
            for each in logins
            if self.home.interface is None or each.number not in self.ended
        }
        assert found is None or found in possible
        whole = [each for each in logins if cookies == each.cookies]
        if found is not None and self.home.interface is None and not whole:
            head = cookies["session_a0_head0"]
            assert found in {
                each.person
                for each in logins
                if head[:40] == each.cookies["session_a0_head0"][:40]
                or cookies["session"] == each.cookies["session"]
            }

    def seen(self, cookies: dict[str, str]) -> str | None:
        found = self.home.look(list(cookies.items()))
        assert found.whole is None or found.whole["user"]["sub"] == found.sub
        return found.sub.partition("|")[2] if found.sub else None


def test_visits(home: Home) -> None:
    class Here(Visits):
        pass

    Here.home = home
    # Each run is some thirty cases.
    runs = settings(CASES, max_examples=max(1, CASES.max_examples // 10))
    run_state_machine_as_test(Here, settings=runs)
