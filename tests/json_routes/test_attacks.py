"""What other sites and strangers send changes nothing, and is told nothing."""

from __future__ import annotations

import json
import logging
import typing as t

import pytest
from flask import Flask, request
from flask_wtf import CSRFProtect

from flask_auth0 import Auth0, Auth0Error, user_logged_in
from flask_auth0.config import ROUTES
from flask_auth0.tenant import Tenant
from flask_auth0.views import mfa
from flask_auth0.views.script_requests import content_as
from tests.harness.visitor import HOST, MakeVisitor

from .conftest import API, PATHS, SCRIPT, SUB, Page, refusal

POSTED = [
    "/passwordless/start",
    "/passwordless/verify",
    "/mfa/authenticators",
    "/mfa/associate",
    "/mfa/challenge",
    "/mfa/verify",
    "/connect",
    "/connect/forget",
]
READ = ["/me", "/access-token", "/connect/accounts"]
#: What browsers say of requests that no script of this origin has sent.
FOREIGN: dict[str, dict[str, str]] = {
    "other site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "sibling": {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-site"},
    "plain http": {"Origin": "http://evil.example"},
    "sandbox": {"Origin": "null"},
}


def test_these_are_all_of_them(app: Flask) -> None:
    paths = app.extensions["auth0"].config.paths
    for_scripts = [each.name for each in ROUTES.values() if not each.path]
    assert {paths[name] for name in for_scripts} == {*POSTED, *READ}


@pytest.mark.parametrize("sender", FOREIGN)
def test_other_origins_reach_nothing(page: Page, sender: str) -> None:
    page.log_in()
    headers = {"Accept": "*/*", "Sec-Fetch-Mode": "cors", **FOREIGN[sender]}
    for path in POSTED:
        answer = page.send(path, headers, json={"connection": "github"})
        assert refusal(answer) == (403, "invalid_request"), path
    for path in READ:
        answer = page.client.get(path, base_url=HOST, headers=headers)
        assert refusal(answer) == (403, "invalid_request"), path
    assert page.sub() == SUB


def test_what_does_not_say_where_it_comes_from_changes_nothing(page: Page) -> None:
    page.log_in()
    for path in POSTED:
        answer = page.send(path, {"Accept": "*/*"}, json={"connection": "github"})
        assert refusal(answer) == (403, "invalid_request"), path
    # On plain http, browsers say nothing with what only reads.
    for path in READ:
        answer = page.client.get(path, base_url=HOST, headers={"Accept": "*/*"})
        assert answer.status_code == 200, path


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
def test_only_json_is_read(page: Page, kind: str) -> None:
    page.log_in()
    sent = json.dumps({"connection": "github"})
    for path in POSTED:
        answer = page.send(path, SCRIPT, data=sent, content_type=kind)
        assert refusal(answer) == (415, "invalid_request"), path


def test_a_form_of_another_site(page: Page, issuer: Tenant) -> None:
    """It may log nobody in as the attacker, with the attacker's own code."""
    code = page.code()
    headers = {
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Accept": "text/html",
    }
    given = {
        "connection": "email",
        "email": "ada@example.com",
        "verificationCode": code,
    }
    answer = page.send(
        "/passwordless/verify",
        headers,
        data=json.dumps(given),
        content_type="text/plain",
    )
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert page.sub() is None
    # Nothing has come of it, so that the code is still good.
    page.told("/passwordless/verify", **given)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods(page: Page, method: str) -> None:
    for path in POSTED:
        answer = page.client.open(path, base_url=HOST, headers=SCRIPT, method=method)
        assert answer.status_code == 405, path


def test_no_other_origin_may_ask_first(page: Page) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for path in [*POSTED, *READ]:
        answer = page.client.options(path, base_url=HOST, headers=headers)
        assert not [name for name, _ in answer.headers if "Access-Control" in name]


CONTENT: dict[str, tuple[bytes, int]] = {
    "huge": (b'{"mfa_token": "' + b"x" * 20_000 + b'"}', 413),
    "deep": (b'{"mfa_token": ' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
    "no object": (b'["mfa_token"]', 400),
    "no JSON": (b"mfa_token=x", 400),
    "no text": (b"\xff\xfe", 400),
    "empty": (b"", 400),
    "of another type": (b'{"mfa_token": {"$ne": ""}}', 400),
}


@pytest.mark.parametrize("case", CONTENT)
def test_content_of_strangers(page: Page, case: str) -> None:
    content, status = CONTENT[case]
    for path in POSTED[:6]:
        answer = page.send(path, SCRIPT, data=content, content_type="application/json")
        assert refusal(answer) == (status, "invalid_request"), path
        is_counted = "nested too deeply" in answer.get_json()["error_description"]
        assert is_counted == (case == "deep")


def test_content_is_measured_before_it_is_read(page: Page) -> None:
    answer = page.send(
        "/mfa/verify",
        SCRIPT,
        data=b"{}",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "1000000000"},
    )
    assert refusal(answer) == (413, "invalid_request")


def test_content_may_have_been_read_by_the_app(page: Page) -> None:
    page.app.before_request(lambda: request.get_data() and None)
    answer = page.post("/mfa/verify", mfa_token="x" * 20_000)
    assert refusal(answer) == (413, "invalid_request")


def test_members_are_named_and_their_values_are_not(page: Page) -> None:
    answer = page.post("/mfa/verify", mfa_token="se-cret", otp="se-cret", persist="x")
    told = answer.get_json()["error_description"]
    assert told == "persist: Extra inputs are not permitted"
    answer = page.post("/mfa/verify", mfa_token={"a": "se-cret"}, otp="x" * 9000)
    told = answer.get_json()["error_description"]
    assert "mfa_token: " in told
    assert "otp: " in told
    assert "se-cret" not in told


def test_nor_are_values_in_the_context_of_the_error(app: Flask) -> None:
    sent = {"mfa_token": "se-cret", "more": "x"}
    refused = pytest.raises(Auth0Error, match="more: Extra inputs")
    with app.test_request_context(method="POST", json=sent), refused as caught:
        content_as(mfa._Verify)
    assert caught.value.__context__ is None


def test_no_code_and_no_token_is_logged(
    page: Page, issuer: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issuer.mfa.enroll(SUB)
    token = page.mfa_token()
    page.post("/mfa/verify", mfa_token=token, otp="424242")
    page.enter(verificationCode="se-cret")
    assert caplog.text.count("A login failed: invalid_grant") == 2
    for secret in (token, "424242", "se-cret"):
        assert secret not in caplog.text


def test_the_report_of_an_error_has_no_code_and_no_token(
    page: Page, issuer: Tenant
) -> None:
    """Such reports have the variables of each frame."""

    def fail(sender: t.Any, user: t.Any) -> None:
        raise RuntimeError("A receiver of the app's.")

    issuer.mfa.enroll(SUB)
    token = page.mfa_token()
    with user_logged_in.connected_to(fail, page.app), pytest.raises(RuntimeError) as it:
        page.post("/mfa/verify", mfa_token=token, otp="123456")
    ours = [each for each in it.traceback if "/flask_auth0/views/" in str(each.path)]
    shown = [repr(value) for each in ours for value in each.frame.f_locals.values()]
    assert len(ours) >= 4
    for secret in (token, "123456", "eyJ"):
        assert not [text for text in shown if secret in text]
    assert page.sub() is None


@pytest.mark.parametrize("csrf_first", [True, False])
def test_they_need_no_token_of_flask_wtf(
    options: dict[str, t.Any], make_visitor: MakeVisitor, csrf_first: bool
) -> None:
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="a key of the app's own")
    steps = [
        lambda: CSRFProtect(app),
        lambda: Auth0(app, audience=API, **options, **PATHS),
    ]
    for step in steps if csrf_first else reversed(steps):
        step()
    app.post("/form")(lambda: "posted")
    visitor = make_visitor(app)
    for path in POSTED:
        answer = visitor.client.post(path, base_url=HOST, headers=SCRIPT, json={})
        assert answer.get_json()["error"] in {"invalid_request", "login_required"}
    assert visitor.client.post("/form", base_url=HOST).status_code == 400
