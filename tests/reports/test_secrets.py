"""What Sentry is told when something fails: nothing that anybody could log in with."""

from __future__ import annotations

import random
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fixtures.rounds import Rounds

from .conftest import Check, Scene, Secrets

TENANT_FAILURES: dict[str, dict[str, t.Any]] = {
    "refused": {"status": 403, "body": b'{"error": "access_denied"}'},
    "spent": {"status": 400, "body": b'{"error": "invalid_grant"}'},
    "mfa": {"status": 403, "body": b'{"error": "mfa_required", "mfa_token": "m"}'},
    "down": {"status": 500},
    "html": {"status": 200, "body": b"<html>"},
    "list": {"status": 200, "body": b"[1]"},
    "odd": {"status": 200, "body": b'{"access_token": 5}'},
}
CALLS = (
    "/token",
    "/awaited",
    "/awaited-and-handled",
    "/exchange",
    "/exchange-awaited",
    "/connection",
)


@pytest.mark.parametrize("name", TENANT_FAILURES)
def test_a_tenant_that_answers_badly(
    scene: Scene, check: Check, name: str, rounds: Rounds, dice: random.Random
) -> None:
    callback, failure = scene.callback(), TENANT_FAILURES[name]
    scene.tenant.fail_next_token_request(**failure)
    scene.browser.get(callback)
    scene.heal()
    check("a login")
    scene.log_in()
    for path in dice.sample(CALLS, rounds(short=2, full=len(CALLS))):
        scene.tenant.fail_next_token_request(**failure)
        failed = scene.browser.fetch(path).status_code == 500
        scene.heal()
        if failed:
            check(path)


def test_a_tenant_that_is_away(scene: Scene, check: Check) -> None:
    scene.log_in()
    callback = scene.callback()
    scene.way.cut()
    for path in (*CALLS, callback):
        scene.browser.get("/ask-the-tenant-again")
        scene.browser.fetch(path)
        check(path)
    scene.way.restore()


def test_a_tenant_that_does_not_answer(scene: Scene, secrets: Secrets) -> None:
    scene.log_in()
    path, callback = CALLS[2], scene.callback()
    scene.way.freeze()
    # Each of these waits until the time is over.
    with ThreadPoolExecutor(2) as executor:
        list(executor.map(scene.browser.fetch, (path, callback)))
    reports = scene.reports()
    scene.way.thaw()
    for each in (path, "/callback"):
        assert any(each in report for report in reports), f"{each} was not reported"
    assert not secrets.in_("\n".join(reports))


@pytest.mark.parametrize("claim", ["nonce", "iss", "aud", "exp", "sub"])
def test_a_wrong_id_token(scene: Scene, check: Check, claim: str) -> None:
    callback = scene.callback()
    wrong: t.Any = {"exp": 1, "sub": None}.get(claim, "https://elsewhere.example.com")
    scene.tenant.extra_claims[claim] = wrong
    scene.browser.get(callback)
    check(claim)


def test_keys_that_cannot_be_had(
    scene: Scene, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = scene.callback()
    scene.tenant.rotate_keys(keep_old=False)
    monkeypatch.setattr(scene.tenant.keys, "as_jwks", lambda: {"keys": "none"})
    scene.browser.get(callback)
    check("a login")


@pytest.mark.parametrize("what", ["hook", "after_login", "large"])
def test_hooks_that_fail(scene: Scene, check: Check, what: str) -> None:
    callback = scene.callback()
    scene.browser.get(f"/break/{what}")
    is_refused = scene.browser.get(callback).status_code == 500
    if is_refused:
        check("a login")
    scene.heal()
    scene.log_in()
    scene.browser.get(f"/break/{what}")
    for path in ("/token", "/update"):
        if scene.browser.fetch(path).status_code == 500:
            check(path)


def test_a_logout_that_does_not_end_there(scene: Scene, check: Check) -> None:
    scene.log_in()
    scene.tenant.publish_end_session_endpoint = False
    scene.browser.get("/forget-the-tenant")
    assert scene.browser.get("/logout").status_code == 500
    check("a logout")


def test_a_store_that_is_away(
    scene: Scene, secrets: Secrets, request: pytest.FixtureRequest
) -> None:
    scene.log_in()
    id_ = scene.browser.cookies().get("session", "")
    if request.node.callspec.params["running"][0] != "default":
        id_ = "the cookies, which that form reports on purpose"
    callback = scene.callback()
    scene.store.cut()
    paths = ("/profile", "/token", "/awaited-and-handled", "/update", "/logout")
    for path in (*paths, callback):
        scene.browser.fetch(path)
    reports = "\n".join(scene.reports())
    scene.store.restore()
    assert not secrets.in_(reports)
    assert id_ not in reports
