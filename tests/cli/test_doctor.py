"""``flask auth0 doctor`` as a whole."""

from __future__ import annotations

import json
import re
import typing as t
from collections import Counter

import pytest
from flask import Flask

from flask_auth0.cli.doctor.command import CHECKS
from flask_auth0.tenant import TenantServer
from tests.harness.visitor import HOST, SECRET, MakeApp

from .invoked import invoke

HERE = ("--url", HOST, "--limit", "30")


@pytest.fixture
def app(make_app: MakeApp, redis_settings: dict[str, str]) -> Flask:
    return make_app(redis_settings, backchannel_logout_path="")


def test_all_is_well(app: Flask) -> None:
    result = invoke(app, "doctor", *HERE)
    *lines, summary = result.stdout.splitlines()
    assert result.exit_code == 0, result.output
    assert {line.split()[0] for line in lines} == {"ok", "warning"}
    assert summary.startswith("0 wrong, ")
    told = {line.split()[1] for line in lines}
    assert {"app.routes", "store.policy", "tenant.credentials"} <= told


def test_json_has_the_same(app: Flask) -> None:
    result = invoke(app, "doctor", "--json", *HERE)
    answer = json.loads(result.stdout)
    assert answer["ok"] is True
    members = {"check", "level", "told", "remedy", "code"}
    assert all(each.keys() == members for each in answer["checks"])


def test_something_wrong_ends_with_status_1(app: Flask, tenant: TenantServer) -> None:
    tenant.tenant.client.callbacks.clear()
    result = invoke(app, "doctor", *HERE)
    assert result.exit_code == 1
    (line,) = [each for each in result.stdout.splitlines() if each.startswith("wrong")]
    assert "tenant.callback" in line
    assert "Allowed Callback URLs" in line


def test_what_fails_says_what_was_not_checked(make_app: MakeApp) -> None:
    app = make_app(domain="127.0.0.1:1")
    result = invoke(app, "doctor", *HERE)
    skipped = re.findall(r"skipped +(\S+) +Not checked: see (\S+)\.", result.stdout)
    assert ("tenant.discovery", "tenant.tls") in skipped
    assert ("tenant.audience", "tenant.tls") in skipped
    assert result.exit_code == 1


def test_no_secret_is_shown(
    make_app: MakeApp, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the tenant or a driver repeats it."""
    hidden = {"AUTH0_MGMT_TOKEN": "the-hidden-token", "SECRET_KEY": "the-hidden-key"}
    for key, value in hidden.items():
        monkeypatch.setenv(key, value)
    app = make_app({"SECRET_KEY": "the-hidden-key"}, client_secret="not-the-secret")
    app.add_url_rule("/login", "the-hidden-token", lambda: "")
    for arguments in (HERE, ("--json", *HERE)):
        output = invoke(app, "doctor", *arguments).output
        assert "never does. Remove '…'" in output.replace("\\u2026", "…")
        for secret in (SECRET, "not-the-secret", *hidden.values()):
            assert secret not in output


def test_an_error_of_a_check_is_no_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: t.Any) -> None:
        raise RuntimeError("with a secret")

    monkeypatch.setattr("flask_auth0.cli.doctor.views.mistakes_in_app", fail)
    result = invoke(app, "doctor", *HERE)
    assert "app.guards" in result.stdout
    assert "could not be checked: RuntimeError." in result.stdout
    assert "with a secret" not in result.output


def test_each_check_has_a_name_of_its_own() -> None:
    assert max(Counter(each.name for each in CHECKS).values()) == 1
    known: set[str] = set()
    for each in CHECKS:
        assert known.issuperset(each.needs), each.name
        known.add(each.name)
