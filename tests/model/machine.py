"""Two users, two browsers and two apps, and everything that happens to them."""

from __future__ import annotations

import os
import time
import typing as t

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from werkzeug.test import TestResponse

from flask_auth0.tenant import TenantServer
from tests.harness.proxy import Proxy

from .model import Copy, Login, Verdict, verdict
from .world import ABSOLUTE, INACTIVITY, Clock, Home, World

PEOPLE = st.sampled_from(["ada", "grace"])


#: Which of two browsers, or of two apps.
WHICH = st.integers(0, 1)


#: Seconds: within the note of a visit, beyond it, and beyond what ends a session.
STEPS = st.sampled_from([1, 70, INACTIVITY // 2, INACTIVITY + 1, ABSOLUTE + 1])


ROLES = st.sampled_from(["reader", "writer", "admin"])


class Sessions(RuleBasedStateMachine):
    """Two users, two browsers and two apps; a subclass says where sessions are."""

    home: t.ClassVar[Home]
    tenant: t.ClassVar[TenantServer]
    way: t.ClassVar[Proxy]
    store: t.ClassVar[redis.Redis]
    clock: t.ClassVar[Clock]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.home, self.tenant, self.way, self.store)
        self.logins: list[Login | None] = [None, None]
        self.all_logins: list[Login] = []
        self.copies: list[Copy] = []
        self.tenant.tenant.token_requests.clear()

    def teardown(self) -> None:
        self.world.close()

    # Actions of people.

    @rule(which=WHICH, person=PEOPLE, there=WHICH, back=WHICH)
    def log_in(self, which: int, person: str, there: int, back: int) -> None:
        browser, before = self.world.browsers[which], self.logins[which]
        status = self.world.log_in(browser, person, there, back)
        if self.needs_store and not self.world.is_store_up:
            assert status == 503
            self._doubt(before)
            return
        assert status == 302, status
        if before is not None:
            # In cookies, copies of the session before live on.
            before.has_ended = self.home.is_on_a_server or before.has_ended
            self._doubt(before)
        now = time.time()
        login = Login(f"auth0|{person}", now, now)
        self.logins[which] = login
        self.all_logins.append(login)
        response = self.world.get(browser, back, "/seen")
        assert response.status_code == 200, response.text
        shown = self._check_shown(response, login)
        login.sid = shown["sid"]

    @rule(which=WHICH, number=WHICH)
    def visit(self, which: int, number: int) -> None:
        browser, login = self.world.browsers[which], self.logins[which]
        response = self.world.get(browser, number, "/seen")
        self._check(response, which, login)

    @rule(which=WHICH, number=WHICH)
    def look_at_a_public_page(self, which: int, number: int) -> None:
        """A user who is logged out finds no data that the app kept for another."""
        browser, login = self.world.browsers[which], self.logins[which]
        response = self.world.get(browser, number, "/public")
        if self.needs_store and not self.world.is_store_up:
            assert response.status_code in {200, 503}
            return
        assert response.status_code == 200
        shown = response.get_json()
        is_in = shown["sub"] is not None
        self._check_verdict(is_in, which, login)
        if not is_in:
            assert shown["of"] is None

    @rule(which=WHICH, number=WHICH)
    def refresh(self, which: int, number: int) -> None:
        browser, login = self.world.browsers[which], self.logins[which]
        response = self.world.get(browser, number, "/refresh")
        self._check(response, which, login)

    @rule(which=WHICH, number=WHICH, role=ROLES)
    def update(self, which: int, number: int, role: str) -> None:
        browser, login = self.world.browsers[which], self.logins[which]
        response = self.world.get(browser, number, f"/update?role={role}")
        if response.status_code == 200 and login is not None:
            login.role = role
        self._check(response, which, login)

    @rule(which=WHICH, number=WHICH)
    def log_out(self, which: int, number: int) -> None:
        browser, login = self.world.browsers[which], self.logins[which]
        status = self.world.navigate(browser, number, "/logout").status_code
        if self.needs_store and not self.world.is_store_up:
            assert status in {302, 503}
            self._doubt(login)
            return
        assert status == 302
        self.logins[which] = None
        if login is not None and not self._is_only_in_cookies:
            login.has_ended = True
        self._doubt(login)

    @rule(which=WHICH)
    def copy_cookies(self, which: int) -> None:
        login = self.logins[which]
        if login is not None:
            self.copies.append(Copy(dict(self.world.browsers[which].cookies), login))

    @precondition(lambda self: self.copies)
    @rule(data=st.data(), number=WHICH)
    def use_copied_cookies(self, data: st.DataObject, number: int) -> None:
        copy = data.draw(st.sampled_from(self.copies))
        response = self.world.visit(number, "/seen", copy.cookies)
        if self.needs_store and not self.world.is_store_up:
            assert response.status_code in {401, 503}
            return
        found = copy.login.verdict(time.time())
        assert response.status_code in {200, 401}
        if response.status_code == 200:
            assert found is not Verdict.OUT
            assert response.get_json()["sub"] == copy.login.sub
            if self.home.is_on_a_server:
                assert response.get_json()["role"] == copy.login.role
                copy.login.visited_at = time.time()
        elif self.home.is_on_a_server:
            # An older session's cookie that another login has replaced is one, too.
            assert found is not Verdict.IN

    # Events from elsewhere.

    @precondition(lambda self: self.all_logins)
    @rule(data=st.data(), number=WHICH, by_sid=st.booleans())
    def end_from_outside(self, data: st.DataObject, number: int, by_sid: bool) -> None:
        login = data.draw(st.sampled_from(self.all_logins))
        claims = {"sid": login.sid or ""} if by_sid else {"sub": login.sub}
        status = self.world.end_at_the_tenant(number, **claims)
        if not self.home.has_store:
            assert status == 501
        elif not self.world.is_store_up:
            assert status == 503
        else:
            assert status in {200, 204}, status
            for each in self.all_logins:
                if each.sid == login.sid if by_sid else each.sub == login.sub:
                    each.has_ended = True

    @precondition(lambda self: self.home.is_on_a_server and self.world.is_store_up)
    @rule(person=PEOPLE, number=WHICH)
    def revoke_all(self, person: str, number: int) -> None:
        self.world.revoke_all(number, f"auth0|{person}")
        for each in self.all_logins:
            if each.sub == f"auth0|{person}":
                each.has_ended = True

    @rule(seconds=STEPS)
    def wait(self, seconds: int) -> None:
        self.clock.offset += seconds

    @rule(keep_old=st.booleans())
    def rotate_keys(self, keep_old: bool) -> None:
        self.tenant.tenant.rotate_keys(keep_old=keep_old)

    @precondition(lambda self: self.world.is_store_up)
    @rule()
    def add_a_secret(self) -> None:
        self.world.secrets.insert(0, os.urandom(32).hex())
        self.world.start_apps()

    @precondition(lambda self: len(self.world.secrets) > 1 and self.world.is_store_up)
    @rule()
    def drop_the_old_secret(self) -> None:
        del self.world.secrets[1:]
        self.world.start_apps()
        for each in self.all_logins:
            self._doubt(each)

    @precondition(lambda self: self.world.is_store_up)
    @rule()
    def deploy(self) -> None:
        self.world.start_apps()

    @precondition(lambda self: self.home.has_store)
    @rule()
    def cut_or_restore_the_store(self) -> None:
        if self.world.is_store_up:
            self.world.cut_store()
        else:
            self.world.restore_store()

    @invariant()
    def no_refresh_token_was_used_twice(self) -> None:
        outcomes = {each.outcome for each in self.tenant.tenant.token_requests}
        assert outcomes <= {"ok"}

    # How the two are compared.

    @property
    def needs_store(self) -> bool:
        return self.home.has_store

    @property
    def _is_only_in_cookies(self) -> bool:
        return not self.home.has_store

    def _check(self, response: TestResponse, which: int, login: Login | None) -> None:
        if self.needs_store and not self.world.is_store_up:
            # A browser without any good copy is known to be logged out.
            is_in = verdict(login, time.time()) is Verdict.IN
            allowed = {503} if is_in else {401, 503}
            assert response.status_code in allowed, response.text
            return
        assert response.status_code in {200, 401}, response.text
        is_in = response.status_code == 200
        self._check_verdict(is_in, which, login)
        if is_in and login is not None:
            self._check_shown(response, login)

    def _check_verdict(self, is_in: bool, which: int, login: Login | None) -> None:
        found = verdict(login, time.time())
        assert found is not (Verdict.OUT if is_in else Verdict.IN), (found, is_in)
        if login is None:
            return
        if is_in:
            login.visited_at, login.is_doubtful = time.time(), False
        else:
            self.logins[which] = None

    @staticmethod
    def _check_shown(response: TestResponse, login: Login) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = response.get_json()
        assert shown["sub"] == login.sub
        assert shown["role"] == login.role
        assert shown["of"] in {login.sub, None}
        return shown

    @staticmethod
    def _doubt(login: Login | None) -> None:
        if login is not None:
            login.is_doubtful = True
