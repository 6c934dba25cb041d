"""Which answers with status 429 stop an endpoint for all, and for how long."""

from __future__ import annotations

import itertools
import typing as t

import httpx
import pytest

from flask_auth0 import TenantUnavailable
from flask_auth0.client.rate_limits import RateLimits, pause_after
from tests.harness.clock import Clock

HOST = "https://tenant.example.com"
TOKEN = f"{HOST}/oauth/token"
SENT = "Sat, 28 Nov 2026 12:00:00 GMT"
IN_NINE = "Sat, 28 Nov 2026 12:00:09 GMT"
IN_NINE_UNIX = "1795867209"


def left(limits: RateLimits, url: str = TOKEN) -> int | None:
    """The seconds for which an endpoint is not asked, if it is not."""
    try:
        limits.require(url)
    except TenantUnavailable as error:
        return error.retry_after
    return None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "3600"}, 3600),
        ({"Retry-After": "9999999999"}, 86_400),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({}, 1),
        # The clock of the tenant counts, which is another one than this one's.
        ({"Retry-After": IN_NINE, "Date": SENT}, 9),
        ({"Retry-After": SENT, "Date": IN_NINE}, 1),
        ({"x-ratelimit-reset": IN_NINE_UNIX, "Date": SENT}, 9),
        ({"x-ratelimit-reset": IN_NINE_UNIX, "Date": SENT, "Retry-After": "2"}, 2),
    ],
)
def test_for_how_long(headers: dict[str, str], seconds: int) -> None:
    assert pause_after(httpx.Response(429, headers=headers)) == seconds


#: What may be in any of the headers.
ODD = [
    *("", "-1", "NaN", "inf", "1e9", "10" * 50, "\u0663", "+5", "5.5", "0x10", "5, 6"),
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Sat, 28 Nov 99999 12:00:00 GMT",
    "Sat, 28 Nov 2026 99:99:99 GMT",
    "9999999999",
]


@pytest.mark.parametrize("status", [429, 503])
def test_whatever_it_says_is_a_number_of_seconds(status: int) -> None:
    names = ("Retry-After", "x-ratelimit-reset", "Date")
    for values in itertools.product(ODD, ODD, ODD):
        headers = [(n, v.encode()) for n, v in zip(names, values, strict=True)]
        told = pause_after(httpx.Response(status, headers=t.cast(t.Any, headers)))
        assert 1 <= told <= 86_400, headers


def form(url: str = TOKEN, **data: str) -> httpx.Request:
    return httpx.Request("POST", url, data=data)


OF_ALL = [
    httpx.Request("GET", f"{HOST}/.well-known/jwks.json"),
    form(grant_type="authorization_code", code="c"),
    form(grant_type="refresh_token", refresh_token="r"),
    form(f"{HOST}/oauth/par", response_type="code"),
    form(f"{HOST}/oauth/revoke", token="r"),
]
OF_ONE = [
    httpx.Request("GET", f"{HOST}/userinfo", headers={"Authorization": "Bearer a"}),
    form(grant_type="http://auth0.com/oauth/grant-type/mfa-otp", otp="1"),
    form(f"{HOST}/mfa/challenge", mfa_token="m"),
    # What a user has entered is no parameter of a form.
    httpx.Request("POST", TOKEN, json={"email": "a&token=1&grant_type=refresh_token"}),
]


@pytest.mark.parametrize("request_", OF_ALL, ids=lambda each: str(each.url))
def test_what_counts_for_all(request_: httpx.Request, clock: Clock) -> None:
    limits, url = RateLimits(clock), str(request_.url)
    headers = {"Retry-After": "20"}
    limits.note(httpx.Response(429, headers=headers, request=request_))
    assert left(limits, f"{url}?a=b") == 20
    assert left(limits, f"{url}/other") is None
    clock.passed += 20
    assert left(limits, url) is None


@pytest.mark.parametrize("request_", OF_ONE, ids=lambda each: str(each.url))
def test_what_counts_for_its_user_alone(request_: httpx.Request, clock: Clock) -> None:
    limits = RateLimits(clock)
    limits.note(httpx.Response(429, request=request_))
    assert left(limits, str(request_.url)) is None


def test_a_long_limit_is_tried_after_a_minute(clock: Clock) -> None:
    limits, request = RateLimits(clock), form(grant_type="refresh_token")
    limits.note(httpx.Response(429, headers={"Retry-After": "3600"}, request=request))
    clock.passed += 59
    assert left(limits) == 3541
    clock.passed += 1
    assert left(limits) is None


@pytest.mark.parametrize("status", [200, 400, 503])
def test_other_answers_stop_nothing(status: int, clock: Clock) -> None:
    limits, request = RateLimits(clock), form(grant_type="refresh_token")
    headers: t.Any = {"Retry-After": "20", "x-ratelimit-reset": IN_NINE_UNIX}
    limits.note(httpx.Response(status, headers=headers, request=request))
    assert left(limits) is None
