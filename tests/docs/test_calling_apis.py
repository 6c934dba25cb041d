"""The page about calls to APIs does what it says."""

from __future__ import annotations

import pytest

from flask_auth0.tenant import TenantServer

from .conftest import FETCH, MakeVisitor, ReadPage, check_messages


@pytest.fixture(autouse=True)
def _with_refresh_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_SCOPE", "openid offline_access")


def test_messages(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    check_messages(make_visitor(read_page("calling_apis.rst").run()["app"]))


@pytest.mark.parametrize("path", ["/messages", "/messages-async", "/report"])
def test_tokens_that_the_api_refuses(
    read_page: ReadPage, make_visitor: MakeVisitor, tenant: TenantServer, path: str
) -> None:
    visitor = make_visitor(read_page("calling_apis.rst").run()["app"])
    visitor.log_in()
    assert visitor.fetch(path).status_code == 200
    tenant.tenant.expire_tokens(refresh_tokens=False)
    tenant.tenant.token_requests.clear()
    assert visitor.fetch(path).status_code == 200
    assert len(tenant.tenant.token_requests) == 1


def test_nobody(read_page: ReadPage, make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(read_page("calling_apis.rst").run()["app"])
    assert visitor.get("/messages", FETCH).status_code == 401
