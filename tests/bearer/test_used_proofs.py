"""A proof is good once, for some minutes, and remembered as long as that."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from flask_auth0.client import proofs
from flask_auth0.deployment import workers
from flask_auth0.tenant import Tenant
from tests.harness.access_tokens import API, Prover
from tests.harness.clock import Clock
from tests.harness.visitor import MakeApp

from .conftest import URL, add_api, get, send


def test_time(app: Flask, issuer: Tenant, prover: Prover, clock: Clock) -> None:
    """A proof is good for some minutes, so that clocks may differ, and then no more."""
    token, now = prover.token(issuer), int(clock.time())
    for age, status in ((290, 200), (310, 401), (-5, 200), (-30, 401)):
        proof = prover.proof(token, URL, iat=now - age)
        assert send(app, token, proof).status_code == status


def test_many_at_once_take_a_proof_once(
    app: Flask, issuer: Tenant, prover: Prover
) -> None:
    headers = prover.headers(issuer, URL)
    with ThreadPoolExecutor(8) as executor:
        answers = executor.map(lambda _: get(app, "/api/me", headers), range(8))
    assert sorted(each.status_code for each in answers) == [200, *[401] * 7]


def test_a_bounded_memory_takes_none_twice(
    make_app: MakeApp, issuer: Tenant, prover: Prover, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is full, the oldest are too old, however they come again."""
    monkeypatch.setattr(proofs, "_MOST", 3)
    app, token = add_api(make_app(audience=API)), prover.token(issuer)
    now = int(Clock().time())
    sent = [prover.proof(token, URL, iat=now - age) for age in (9, 8, 7, 6, 5)]
    assert [send(app, token, each).status_code for each in sent] == [200] * 5
    assert [send(app, token, each).status_code for each in sent] == [401] * 5
    assert len(app.extensions["auth0"].proofs._used._tags) == 3
    late = prover.proof(token, URL, iat=now - 20)
    assert send(app, token, late).status_code == 401
    assert send(app, token, prover.proof(token, URL)).status_code == 200


def test_old_proofs_are_forgotten(
    app: Flask, issuer: Tenant, prover: Prover, clock: Clock
) -> None:
    token = prover.token(issuer)
    for _ in range(3):
        proof = prover.proof(token, URL, iat=int(clock.time()))
        assert send(app, token, proof).status_code == 200
        clock.offset += 400
    assert len(app.extensions["auth0"].proofs._used._tags) == 1


def test_processes_with_a_back_end_take_a_proof_once(
    make_app: MakeApp, redis_settings: dict[str, t.Any], issuer: Tenant, prover: Prover
) -> None:
    one, other = (add_api(make_app(redis_settings, audience=API)) for _ in range(2))
    first, second = prover.headers(issuer, URL), prover.headers(issuer, URL)
    for app, headers, status in (
        (one, first, 200),
        (other, first, 401),
        (other, second, 200),
        (one, second, 401),
    ):
        assert get(app, "/api/me", headers).status_code == status


def test_of_two_processes_at_once_one_takes_a_proof_at_most(
    make_app: MakeApp, redis_settings: dict[str, t.Any], issuer: Tenant, prover: Prover
) -> None:
    apps = [add_api(make_app(redis_settings, audience=API)) for _ in range(2)]
    for _ in range(5):
        headers = prover.headers(issuer, URL)
        both = [(app, "/api/me", headers) for app in apps]
        with ThreadPoolExecutor(2) as executor:
            answers = executor.map(lambda each: get(*each).status_code, both)
        assert [*answers].count(200) <= 1


def test_without_a_back_end_the_log_says_so_once(
    app: Flask,
    issuer: Tenant,
    prover: Prover,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(workers, "are_several", lambda: True)
    for _ in range(2):
        assert get(app, "/api/me", prover.headers(issuer, URL)).status_code == 200
    assert caplog.text.count("which DPoP proofs were used") == 1
