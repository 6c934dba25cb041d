"""A session that a service of somebody else's keeps is a session in server mode."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0
from tests.contracts.server_sessions import RecordContract
from tests.docs.pages import Page
from tests.fixtures.clock import clock as clock
from tests.harness.session_service import SessionService, running_service
from tests.harness.visitor import ADA, MakeApp, Visitor, add_views

from .conftest import PATIENCE


@pytest.fixture
def page(
    page: Page, options: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> Page:
    # An app on the page comes before the class.
    for name, value in options.items():
        monkeypatch.setenv(f"AUTH0_{name.upper()}", value)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    return page.run_until("ServiceSessionInterface")


class TestService(RecordContract):
    @pytest.fixture
    def settings(self) -> t.Iterator[dict[str, t.Any]]:
        with running_service() as self.service:
            yield {}

    @pytest.fixture
    def make_app(
        self, page: Page, options: dict[str, t.Any], settings: dict[str, t.Any]
    ) -> t.Iterator[MakeApp]:
        interfaces: list[t.Any] = []

        def make(config: dict[str, t.Any] | None = None, **more: t.Any) -> Flask:
            app = Flask(__name__)
            app.config.update(TESTING=True, **(config or {}))
            interface = page["ServiceSessionInterface"](app, self.service.url)
            interface.timeout = PATIENCE
            interfaces.append(interface)
            app.session_interface = interface
            Auth0(app, **{**options, **more})
            add_views(app)
            return app

        yield make
        for interface in interfaces:
            for client in interface.clients.values():
                client.close()

    service: SessionService

    def test_the_service_learns_no_token(self, visitor: Visitor) -> None:
        visitor.log_in()
        assert any(key.startswith("flask_auth0.state:") for key in self.service.kept)
        kept = str(self.service.kept)
        for secret in ["Lovelace", ADA, "access_token"]:
            assert secret not in kept

    @pytest.mark.parametrize("sid", ["a/b", "a?b", "a#b", "%41"])
    def test_an_id_from_a_cookie_is_not_a_path(self, app: Flask, sid: str) -> None:
        client = app.test_client()
        client.set_cookie("session", sid)
        client.get("/session")
        assert self.service.asked == [f"session:{sid}"]
