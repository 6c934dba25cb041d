"""A login that begins at one host ends there, and nowhere else."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.harness.visitor import ADA

from .conftest import Places


def swapped(url: str, places: Places) -> str:
    """The way back to the first host, at the second."""
    begun_at = places[0].base_url
    assert url.startswith(begun_at)
    return url.removeprefix(begun_at)


def is_no_login(answer: TestResponse, places: Places) -> bool:
    """Whether an answer of the second host has logged nobody in."""
    first, second = places
    assert answer.status_code in {302, 400}
    if answer.status_code == 302:
        assert answer.location.startswith(f"https://{second.tenant.domain}/authorize")
    return second.user() is None and first.user() is None


def test_it_is_refused_at_the_other_host(places: Places) -> None:
    first, second = places
    url = swapped(first.authorize(), places)
    second.take_cookies(first)
    spent = len(first.tenant.tenant.token_requests)
    answer = second.get(url)
    assert answer.status_code == 400
    assert "began at another address" in answer.text
    assert first.tenant.domain not in answer.text
    assert is_no_login(answer, places)
    assert len(first.tenant.tenant.token_requests) == spent


def test_it_can_still_end_where_it_began(places: Places) -> None:
    first, second = places
    way_back = first.authorize()
    second.take_cookies(first)
    second.get(swapped(way_back, places))
    assert first.get(way_back).status_code == 302
    assert first.user()["email"] == ADA


def test_without_its_cookie_another_one_begins(places: Places) -> None:
    first, second = places
    answer = second.get(swapped(first.authorize(), places))
    assert is_no_login(answer, places)


def test_a_repeated_one_is_not_answered_at_the_other_host(places: Places) -> None:
    first, second = places
    way_back = first.authorize()
    second.take_cookies(first)
    assert first.get(way_back).status_code == 302
    answer = second.get(swapped(way_back, places))
    assert answer.status_code == 400
    assert second.user() is None
    assert first.user()["email"] == ADA


@pytest.mark.parametrize("is_promised", [False, True])
def test_the_issuer_of_the_answer_is_compared_with_the_hosts_tenant(
    places: Places, is_promised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = places
    for each in places:
        monkeypatch.setattr(
            each.tenant.tenant, "authorization_response_iss", is_promised
        )
    state_of = second.client.application.extensions["auth0"]
    state_of.client.discovery._told.clear()
    way_back = second.authorize()
    other = f"https://{first.tenant.domain}/"
    own = f"https://{second.tenant.domain}/"
    plain = "&".join(p for p in way_back.split("&") if not p.startswith("iss="))
    assert (plain != way_back) is is_promised
    if is_promised:
        assert second.get(plain).status_code == 400
        assert second.user() is None
        plain = second.authorize().partition("&iss=")[0]
    assert second.get(f"{plain}&iss={other}").status_code == 400
    assert second.user() is None
    plain = "&".join(p for p in second.authorize().split("&") if p[:4] != "iss=")
    assert second.get(f"{plain}&iss={own}").status_code == 302
    assert second.user()["email"] == ADA
