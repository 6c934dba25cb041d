"""A callback that comes to another process than before."""

from __future__ import annotations

import typing as t

import pytest

from flask_auth0.tenant import TenantServer
from tests.harness.visitor import MakeApp, MakeVisitor

from .repeating import ask


def test_a_code_that_a_process_has_spent_before_it_died(
    make_app: MakeApp,
    make_visitor: MakeVisitor,
    tenant: TenantServer,
    redis_settings: dict[str, str],
) -> None:
    """Sent again, it would take back what the tenant has given for it."""
    app, other = make_app(redis_settings), make_app(redis_settings)
    logins = app.extensions["auth0"].logins
    complete = logins.complete

    def complete_and_die(*args: t.Any) -> t.Any:
        complete(*args)
        raise SystemExit

    logins.complete = complete_and_die
    visitor = make_visitor(app)
    callback = visitor.authorize(visitor.get("/login"))
    tenant.tenant.token_requests.clear()
    with pytest.raises(SystemExit):
        ask(app, callback, visitor.cookies())
    answer = ask(other, callback, visitor.cookies())
    assert "/authorize" in answer.location
    assert len(tenant.tenant.token_requests) == 1
