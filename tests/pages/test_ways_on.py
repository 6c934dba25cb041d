"""The ways on that a page offers, and what it leaves to the operator."""

from __future__ import annotations

import re

import pytest

from tests.harness.visitor import NAVIGATION
from tests.pages.shown import ERRORS, make_app

ACTION = re.compile(r'class="action" href="(.*?)">(.*?)</a>')
START = ("/", "Go to the start page")


def page(name: str, *, debug: bool = False) -> str:
    app = make_app()
    app.debug = debug
    return app.test_client().get(f"/error/{name}?a=1", headers=NAVIGATION).text


@pytest.mark.parametrize("name", ["store-down", "tenant-down"])
def test_an_outage_offers_the_same_address_again(name: str) -> None:
    again = (f"/error/{name}?a=1", "Try again")
    assert ACTION.findall(page(name)) == [again, START]


@pytest.mark.parametrize("name", ["too-large", "app-refused", "not-set-up"])
def test_what_no_visitor_can_change(name: str) -> None:
    assert ACTION.findall(page(name)) == [START]


@pytest.mark.parametrize("name", ERRORS)
def test_a_visitor_reads_nothing_of_settings(name: str) -> None:
    assert not re.search(r"[A-Z]{3,}_[A-Z]|proxy", page(name))


def test_a_developer_reads_them() -> None:
    told = page("too-large", debug=True)
    assert "9000 bytes" in told
    assert "SESSION_TYPE" in told
    assert "AUTH0_CLIENT_SECRET" in page("app-refused", debug=True)
