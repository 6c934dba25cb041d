"""More requests at once than a process has connections to its back end."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from tests.harness.app_server import Deployment
from tests.harness.browser import FETCH, Browser

MANY = 200


async def ask(browser: Browser, path: str) -> Counter[int]:
    """Make many requests at the same time, and count their statuses."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies().items())
    async with httpx.AsyncClient(
        headers={**FETCH, "Cookie": cookies}, limits=limits, timeout=60, trust_env=False
    ) as http:
        url = f"{browser.app_url}{path}"
        answers = await asyncio.gather(*[http.get(url) for _ in range(MANY)])
    return Counter(each.status_code for each in answers)


@pytest.mark.parametrize(
    "deployment", [("gevent", "redis")], indirect=True, ids="-".join
)
def test_requests_wait_for_a_connection(deployment: Deployment) -> None:
    with deployment.browser() as browser:
        assert browser.login("ada@example.com").status_code == 200
        assert asyncio.run(ask(browser, "/profile")) == {200: MANY}
