"""Sessions in cookies whose revocation store is full."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator

import pytest

from flask_auth0 import Auth0
from tests.harness.logout_tokens import make_token, post, sub_of
from tests.harness.visitor import ADA, GRACE, MakeApp, MakeVisitor

from .unwritable import LATER, full_redis, redis_place, redis_replica

if t.TYPE_CHECKING:
    from tests.harness.clock import Clock


@contextlib.contextmanager
def full_store(mode: str, url: str) -> Iterator[None]:
    """The store of logouts of sessions in cookies."""
    fault = full_redis if mode == "full" else redis_replica
    with fault(url):
        yield


@pytest.mark.parametrize("mode", ["full", "replica"])
def test_sessions_in_cookies(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    redis_url: str,
    clock: Clock,
    mode: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    redis_place(redis_url, full_redis)
    app = make_app(
        revocation_store=redis_url, scope="openid profile email offline_access"
    )
    auth0 = Auth0()

    @app.get("/refresh")
    def refresh() -> str:
        return "refreshed" if auth0.get_access_token(force_refresh=True) else ""

    ada, grace, late = (make_visitor(app) for _ in range(3))
    for visitor, person in ((ada, ADA), (grace, GRACE), (late, ADA)):
        visitor.log_in(person)
    cookies, tenant = ada.cookies(), ada.tenant.tenant
    with full_store(mode, redis_url):
        clock.offset = LATER
        assert ada.user()["email"] == ADA
        # No token is spent where processes cannot take turns.
        assert ada.get("/refresh").status_code == 503
        assert ada.user()["email"] == ADA
        # Other processes would not hear of the logout.
        token = make_token(tenant, sub=sub_of(grace))
        assert post(grace, token).status_code == 503
        assert grace.user()["email"] == GRACE
        assert ada.get("/logout").status_code == 302
        assert ada.user() is None
        # The process that has ended the session knows of it.
        for name, value in cookies.items():
            ada.set_cookie(name, value)
        assert ada.user() is None
        late.log_in()
        assert late.user()["email"] == ADA
    assert "can do without" in caplog.text
    assert late.get("/refresh").text == "refreshed"
    assert post(grace, token).status_code == 200
    assert grace.user() is None
