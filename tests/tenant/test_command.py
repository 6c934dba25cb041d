"""The command, as a process of its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

COMMAND = "from flask_auth0.tenant.command import tenant; tenant()"
NAMES = [
    "AUTH0_DOMAIN",
    "AUTH0_CLIENT_ID",
    "AUTH0_CLIENT_SECRET",
    "AUTH0_SECRET",
    "SSL_CERT_FILE",
    "AUTH0_ALLOW_DEVELOPMENT_TENANT",
]


@contextlib.contextmanager
def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_exports(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in NAMES]
    assert all(line.startswith("export ") for line in lines), lines
    words = (shlex.split(line)[1].partition("=") for line in lines)
    return {name: value for name, _, value in words}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_it_is_stopped(number: signal.Signals) -> None:
    with start("--client-id", "app", "--client-secret", "it's secret") as process:
        exports = read_exports(process)
        ca_file = exports["SSL_CERT_FILE"]
        context = ssl.create_default_context(cafile=ca_file)
        admin = f"https://{exports['AUTH0_DOMAIN']}/admin"
        page = httpx.get(admin, verify=context).text
        process.send_signal(number)
        rest, words = process.communicate(timeout=20)
    assert list(exports) == NAMES
    assert exports["AUTH0_CLIENT_ID"] == "app"
    assert exports["AUTH0_CLIENT_SECRET"] == "it's secret"
    assert "http://localhost:5000/callback" in page
    assert "  Back channel    http://127.0.0.1:5000/backchannel-logout\n" in words
    assert rest == ""
    assert "DEVELOPMENT TENANT, not Auth0" in words
    assert "it's secret" not in words
    assert process.returncode == 0
    assert not os.path.exists(ca_file)


def test_given_urls_replace_the_defaults() -> None:
    options = ["--callback-url", "http://a/", "--callback-url", "http://b/"]
    options += ["--backchannel-logout-url", "http://a/told", "--plain-front-channel"]
    with start(*options) as process:
        read_exports(process)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=20)
    assert "http://a/, http://b/" in words
    assert "5000/callback" not in words
    assert "  Back channel    http://a/told\n" in words
    assert "without TLS" in words


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--callback-url", "http://127.0.0.1:8000/auth/callback"],
            "http://127.0.0.1:8000/auth/backchannel-logout",
        ),
        (["--backchannel-logout-url", ""], "(none)"),
    ],
    ids=["beside the callback", "nowhere"],
)
def test_the_app_is_told_beside_its_callback(options: list[str], told: str) -> None:
    with start(*options) as process:
        read_exports(process)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=20)
    assert f"  Back channel    {told}\n" in words
