"""An app whose sessions are in cookies says what several processes do to its tokens."""

from __future__ import annotations

import sys
import types
import typing as t

import pytest

from flask_auth0.deployment.workers import are_several
from tests.cli.examined import findings, subject_of
from tests.harness.visitor import MakeApp

WARNING = "AUTH0_REVOCATION_STORE"


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({"WEB_CONCURRENCY": "2"}, ["python"]),
        ({"GUNICORN_CMD_ARGS": "--workers=4"}, ["python"]),
        ({"GUNICORN_CMD_ARGS": "-w 4"}, ["python"]),
        ({}, ["/usr/bin/gunicorn", "-w", "4", "app:app"]),
        ({}, ["/usr/bin/python", "/usr/bin/gunicorn", "--workers=3", "app:app"]),
        ({}, ["/usr/bin/python", "-m", "gunicorn", "-w2", "app:app"]),
        ({}, ["uwsgi", "--http", ":80", "--processes", "4"]),
        ({"UWSGI_PROCESSES": "3"}, ["python"]),
    ],
)
def test_several(environ: dict[str, str], arguments: list[str]) -> None:
    assert are_several(environ, arguments)


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({}, ["python", "-m", "flask", "run", "-p", "5000"]),
        ({"WEB_CONCURRENCY": "1"}, ["gunicorn", "app:app"]),
        ({"WEB_CONCURRENCY": "auto"}, ["gunicorn", "-w", "1", "app:app"]),
        ({}, ["pytest", "-p", "2"]),
    ],
)
def test_one(environ: dict[str, str], arguments: list[str]) -> None:
    assert not are_several(environ, arguments)


@pytest.mark.parametrize("processes", [1, 2])
def test_uwsgi(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    """uWSGI embeds Python, whose list of arguments is empty then."""
    monkeypatch.setattr(sys, "orig_argv", [])
    monkeypatch.setitem(sys.modules, "uwsgi", types.SimpleNamespace(numproc=processes))
    assert are_several({}) == (processes == 2)


@pytest.mark.parametrize(
    ("scope", "workers", "is_told"),
    [
        ("openid", "1", False),
        ("openid", "2", True),
        ("openid offline_access", "1", True),
        ("openid offline_access", "2", True),
    ],
)
def test_the_start_tells(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    scope: str,
    workers: str,
    is_told: bool,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", workers)
    make_app(scope=scope)
    told = [each for each in caplog.messages if "refresh token" in each]
    assert bool(told) == is_told
    assert ("several processes serve" in "".join(told)) == (workers == "2" and is_told)


def test_flask_run_is_one_process(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    app = make_app(scope="openid offline_access")
    assert caplog.messages == []
    told = [each.told for each in findings(subject_of(app), "configuration")]
    assert "refresh tokens too" in "".join(told)


def test_with_a_store_nothing_is_told(
    make_app: MakeApp, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings: dict[str, t.Any] = {"AUTH0_REVOCATION_STORE": redis_url}
    make_app(settings, scope="openid offline_access")
    assert not [each for each in caplog.messages if "refresh token" in each]
