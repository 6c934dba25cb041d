"""What is kept of forms has its limits, and ends with whoever it is for."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask
from redis import Redis

from flask_auth0.tenant import TenantServer
from flask_auth0.views.form_records import MOST
from tests.embedded.conftest import Person, add_steps
from tests.harness.visitor import GRACE, Visitor

from .conftest import come_back, end_session, kept, post


@pytest.mark.parametrize("mode", ["redis"], indirect=True)
def test_a_user_has_few_forms_on_the_server(
    visitor: Visitor, settings: dict[str, t.Any]
) -> None:
    visitor.log_in()
    kept(visitor)
    for number in range(MOST + 3):
        # A browser that forgets its notes, but not whose forms it shows.
        end_session(visitor)
        last = post(visitor, "/note", {"title": str(number)})
    server = Redis.from_url(settings["SESSION_REDIS"])
    assert len(server.keys("*form:*")) == MOST
    come_back(visitor, last)
    assert kept(visitor) == {"title": [str(MOST + 2)]}
    assert len(server.keys("*form:*")) == MOST - 1


@pytest.fixture
def person(app: Flask, tenant: TenantServer) -> t.Iterator[Person]:
    """Somebody at a form, whose session has ended meanwhile."""
    person = Person(add_steps(app), tenant)
    person.log_in()
    assert kept(person) is None
    end_session(person)
    yield person
    person.http.close()


def test_a_login_without_a_redirect_forgets_the_forms_of_others(person: Person) -> None:
    post(person, "/note", {"title": "Ada's"})
    assert [name for name in person.cookies() if "_a0_sent_" in name]
    assert person.passwordless(GRACE).status_code == 200
    left = person.cookies()
    assert not [name for name in left if "_a0_sent_" in name or "_a0_author" in name]


def test_a_login_without_a_redirect_keeps_the_users_own(person: Person) -> None:
    post(person, "/note", {"title": "Ada's"})
    assert person.passwordless().status_code == 200
    assert kept(person) == {"title": ["Ada's"]}
