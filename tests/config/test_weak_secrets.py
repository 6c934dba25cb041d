"""Secrets that can be guessed: found, and refused where real people log in."""

from __future__ import annotations

import base64
import random
import typing as t
from collections.abc import Callable

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.config.weak_secrets import weakness_of
from tests.docs.pages import PAGES

STRONG = "4b1f6a0c9d83e7252f6cbb0d17a94e30c5e8d9f24a60b3718c2d5ef09b6a7143"
OTHER = "Zm9vYmFyIGlzIG5vdCBhIHNlY3JldCwgYnV0IHRoaXMgaXM="
SHORT = "changeme"
OPTIONS = {
    "domain": "tenant.example.com",
    "client_id": "id",
    "client_secret": "client-secret",
    "backchannel_logout_path": "",
}


def make(config: dict[str, t.Any] | None = None, **options: t.Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config or {})
    Auth0(app, **{**OPTIONS, **options})
    return app


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "shorter"),
        ("changeme", "shorter"),
        (STRONG[:31], "shorter"),
        ("0" * 32, "repeats"),
        ("s" * 64, "repeats"),
        ("test" * 16, "repeats"),
        ("0123456789abcdef" * 4, "repeats"),
        ("correct horse battery " * 5, "repeats"),
        (STRONG[:31] * 3, "repeats"),
        ("1" * 40 + "2", "few different"),
        ("abaababbaababbabaabbabababbaaabb", "few different"),
        ("abcdefghijklmnopqrstuvwxyz0123456789", "few different"),
        ("zyxwvutsrqponmlkjihgfedcba9876543210", "few different"),
        ("the-output-of-openssl-rand-hex-64", "example"),
        ("a-secret-for-tests-and-nothing-else", "example"),
        ("use [openssl rand -hex 32] to generate a 32 bytes value", "example"),
        ("a long, randomly-generated string stored in env", "example"),
        ("your-auth0-secret-at-least-32-characters-long", "example"),
        ("CHANGE-ME-before-this-goes-to-production", "example"),
        ("my_super_secret_key_that_nobody_will_guess", "example"),
        ("192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "example"),
        ("dev-secret-key-change-in-production", "words"),
        ("super-secret-key-for-my-flask-app", "words"),
        ("this_is_my_very_secret_key_1234567890", "words"),
        ("qwertyuiopasdfghjklzxcvbnm123456", "words"),
        ("DevelopmentOnlySecretDoNotUse!!!!", "words"),
        ("auth0-flask-quickstart-secret-key-01", "words"),
        ("correct-horse-battery-staple-2026", "words"),
        ("p@ssw0rd" * 4 + "!", "repeats"),
        ("Tr0ub4dor&3" * 3 + "-x1", "repeats"),
    ],
    ids=range(30),
)
def test_what_can_be_guessed(secret: str, why: str) -> None:
    assert why in (weakness_of(secret) or "")


@pytest.mark.parametrize(
    "encode", [base64.b16encode, base64.b32encode, base64.b64encode]
)
def test_what_is_made_at_random_is_strong(encode: Callable[[bytes], bytes]) -> None:
    source = random.Random(encode.__name__)  # noqa: S311
    for _ in range(5000):
        assert weakness_of(encode(source.randbytes(24)).decode()[:32]) is None


@pytest.mark.parametrize("secret", [SHORT, "s" * 64, f"{STRONG},{SHORT}"])
def test_it_is_refused_by_name(secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(secret=secret)
    told = str(caught.value)
    assert "AUTH0_SECRET" in told
    assert "openssl rand -hex 64" in told
    assert "AUTH0_ALLOW_WEAK_SECRET" in told
    assert not any(each in told for each in secret.split(","))


def test_it_is_one_of_the_listed_errors() -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(secret=[SHORT, STRONG, "s" * 32], timeout=0)
    found = [each for each in caught.value.problems if not isinstance(each, str)]
    assert [each.key for each in found] == [
        "AUTH0_TIMEOUT",
        "AUTH0_SECRET",
        "AUTH0_SECRET",
    ]
    # An older secret of the list can also seal, so it must not be weak.
    assert "number 1," in found[1].remedy
    assert "number 3," in found[2].remedy


def test_strong_ones_are_accepted(caplog: pytest.LogCaptureFixture) -> None:
    make(secret=[STRONG, OTHER])
    assert "AUTH0_SECRET" not in caplog.text


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ({"DEBUG": True}, {}),
        ({"AUTH0_ALLOW_WEAK_SECRET": "true"}, {}),
        ({}, {"allow_weak_secret": True}),
        ({}, {"domain": "127.0.0.1:4443", "allow_development_tenant": True}),
        ({}, {"domain": "[::1]:4443", "allow_development_tenant": True}),
    ],
    ids=range(5),
)
def test_where_it_is_allowed_the_start_warns(
    config: dict[str, t.Any],
    options: dict[str, t.Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    make(config, secret=SHORT, **options)
    assert "AUTH0_SECRET is shorter than 32 characters" in caplog.text
    assert SHORT not in caplog.text


def test_tests_are_not_warned(caplog: pytest.LogCaptureFixture) -> None:
    make({"TESTING": True}, secret=SHORT)
    assert caplog.text == ""


def test_a_tenant_elsewhere_is_no_development_tenant() -> None:
    with pytest.raises(ConfigurationError, match="AUTH0_SECRET"):
        make(secret=SHORT, allow_development_tenant=True)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_the_pages_show_is_not_accepted(path: t.Any) -> None:
    """A secret that was copied from the documents is refused."""
    for line in path.read_text(encoding="utf-8").splitlines():
        _, is_there, value = line.partition("AUTH0_SECRET=")
        for secret in value.replace("`", " ").split()[:1] if is_there else []:
            shown = [each for each in secret.split(",") if not each.startswith("$(")]
            assert all(weakness_of(each) for each in shown)
