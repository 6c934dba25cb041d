"""The doctor about what the tenant publishes, and what it knows of the app."""

from __future__ import annotations

import threading
import time
import typing as t
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest
from flask import Flask, Response
from werkzeug.serving import make_server

from flask_auth0.cli.doctor import tenant as tenant_checks
from flask_auth0.tenant import Api
from tests.confidential.ways import by_certificate, by_key
from tests.harness.provider import Provider
from tests.harness.visitor import HOST, MakeApp
from tests.tenant.test_client_assertions import KEYS, public_pem

from .examined import finding, findings, subject_of


@pytest.fixture(autouse=True)
def _as_registered(provider: Provider) -> t.Iterator[None]:
    """Let the client of the tenant be what it was."""
    client, tenant = provider.tenant.client, provider.tenant
    before = dict(vars(client))
    yield
    vars(client).update(before)
    tenant.apis.clear()


def changed(**members: t.Any) -> Callable[[t.Any], t.Any]:
    """Change members of a document."""
    return lambda document: {**document, **members}


def without_rs256(document: t.Any) -> t.Any:
    return {"keys": [{**key, "alg": "PS256"} for key in document["keys"]]}


MISBEHAVIOUR: dict[str, tuple[str, str, Callable[[t.Any], t.Any], str, str]] = {
    "status": (
        *("tenant.discovery", "discovery", lambda _: Response(status=500)),
        *("wrong", "answers with 500"),
    ),
    "no JSON": ("tenant.discovery", "discovery", lambda _: b"<", "wrong", "no JSON"),
    "issuer": (
        *("tenant.issuer", "discovery", changed(issuer="https://evil.example/")),
        *("wrong", "evil.example"),
    ),
    "RS256": ("tenant.keys", "keys", without_rs256, "wrong", "RS256"),
    "no keys": ("tenant.keys", "keys", lambda _: [], "wrong", "key set"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_what_the_tenant_publishes(
    make_app: MakeApp, provider: Provider, name: str
) -> None:
    check, kind, change, level, words = MISBEHAVIOUR[name]
    app = make_app()
    assert finding(app, check).level == "ok"
    provider.misbehave(kind, change)
    found = finding(app, check)
    assert (found.level, words in found.told) == (level, True), found


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [(-600, "wrong", " s behind"), (20, "warning", " s ahead"), (1, "ok", "is right")],
)
def test_the_clock_of_this_machine(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    level: str,
    words: str,
) -> None:
    clock = SimpleNamespace(
        time=lambda: time.time() + seconds, monotonic=time.monotonic
    )
    monkeypatch.setattr(tenant_checks, "time", clock)
    found = finding(make_app(), "tenant.clock")
    assert (found.level, words in found.told) == (level, True), found


def test_a_development_tenant_in_production(make_app: MakeApp) -> None:
    app = make_app()
    assert finding(app, "tenant.development").level == "ok"
    app.testing = app.config["TESTING"] = False
    assert finding(app, "tenant.development").level == "wrong"


def test_a_secret(make_app: MakeApp) -> None:
    found = finding(make_app(), "tenant.credentials")
    assert (found.level, found.told) == ("ok", "The tenant accepts the secret.")
    found = finding(make_app(client_secret="another"), "tenant.credentials")
    assert (found.level, "invalid_client" in found.told) == ("wrong", True)
    assert "AUTH0_CLIENT_SECRET" in found.remedy


def test_a_signing_key(make_app: MakeApp, provider: Provider) -> None:
    app = make_app(**by_key(provider))
    assert (
        finding(app, "tenant.credentials").told == "The tenant accepts the signature."
    )
    provider.tenant.client.public_keys = [public_pem(KEYS["ES256"])]
    found = finding(app, "tenant.credentials")
    assert found.level == "wrong"
    assert "AUTH0_CLIENT_ASSERTION_SIGNING_KEY" in found.remedy


def test_a_certificate(make_app: MakeApp, provider: Provider) -> None:
    app = make_app(**by_certificate(provider))
    found = finding(app, "tenant.credentials")
    assert found.told == "The tenant accepts the certificate."
    provider.tenant.client.tls_client_auth_subject_dn = "CN=another"
    assert finding(app, "tenant.credentials").level == "wrong"


def test_grants_that_are_turned_off(
    make_app: MakeApp, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(scope="openid offline_access")
    assert finding(app, "tenant.refresh").level == "ok"
    error = {"error": "unauthorized_client", "error_description": "Not\x1b allowed."}
    provider.misbehave("tokens", lambda _: error)
    found = finding(app, "tenant.credentials")
    assert (found.level, "'authorization_code'" in found.remedy) == ("wrong", True)
    assert finding(app, "tenant.refresh").level == "skipped"
    provider.behave()
    assert findings(subject_of(make_app()), "tenant.refresh") == []


@pytest.mark.parametrize("is_pushed", [False, True])
def test_a_callback_url(make_app: MakeApp, provider: Provider, is_pushed: bool) -> None:
    app = make_app(pushed_authorization_requests=is_pushed)
    assert finding(app, "tenant.callback").level == "ok"
    provider.tenant.client.callbacks = ["https://other.example/callback"]
    found = finding(app, "tenant.callback")
    assert found.level == "wrong"
    assert "Allowed Callback URLs" in found.remedy
    if not is_pushed:
        assert "--url" in finding(app, "tenant.callback", url=None).remedy


def test_a_login_is_for_the_organization(make_app: MakeApp, provider: Provider) -> None:
    """Some applications at Auth0 know no login without one."""
    asked: list[str | None] = []
    app = make_app(organization="org_acme")
    subject = subject_of(app)

    def note(request: httpx.Request) -> None:
        asked.append(request.url.params.get("organization"))

    subject.http.event_hooks["request"] = [note]
    (found,) = findings(subject, "tenant.callback")
    assert (found.level, asked[-1]) == ("ok", "org_acme")


def test_an_api(make_app: MakeApp, provider: Provider) -> None:
    provider.tenant.apis.append(Api("https://api.example.com"))
    app = make_app(audience="https://api.example.com")
    assert finding(app, "tenant.audience").level == "ok"
    found = finding(make_app(audience="https://api.exmaple.com"), "tenant.audience")
    assert found.level == "wrong"
    assert "Service not found: https://api.exmaple.com" in found.told


@pytest.mark.parametrize("strategy", ["auto", "v2"])
def test_logout_urls(make_app: MakeApp, strategy: str) -> None:
    app = make_app(
        logout_strategy=strategy, allowed_logout_urls="https://other.example/bye"
    )
    found = findings(subject_of(app), "tenant.logout")
    assert [each.level for each in found] == ["ok", "wrong"]
    assert "https://other.example/bye" in found[1].told
    assert "Allowed Logout URLs" in found[1].remedy


@pytest.fixture
def heard_app(
    make_app: MakeApp, redis_settings: dict[str, str]
) -> t.Iterator[tuple[Flask, str]]:
    """An app that hears of logouts, and its address."""
    app = make_app(redis_settings)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_back_channel(heard_app: tuple[Flask, str]) -> None:
    app, url = heard_app
    assert finding(app, "tenant.backchannel", url=url).level == "ok"
    app.before_request_funcs.setdefault(None, []).append(lambda: ("No!", 403))
    found = finding(app, "tenant.backchannel", url=url)
    assert (found.level, "answers with 403" in found.told) == ("wrong", True)


def test_a_back_channel_that_nobody_answers(
    make_app: MakeApp, redis_settings: dict[str, str]
) -> None:
    app = make_app(redis_settings)
    assert findings(subject_of(make_app()), "tenant.backchannel") == []
    found = finding(app, "tenant.backchannel", url="http://127.0.0.1:1")
    assert (found.level, "ConnectError" in found.told) == ("warning", True)
    far = make_app(redis_settings, domain="tenant.example.com")
    found = finding(far, "tenant.backchannel", url=HOST)
    assert (found.level, "this machine alone" in found.told) == ("warning", True)
