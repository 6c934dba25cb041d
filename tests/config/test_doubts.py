"""Settings with which an app starts, and which are likely to be mistakes."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.config import Problem, doubts
from flask_auth0.deployment import of_settings
from tests.harness.visitor import SECRET

from .reading import VALID

OTHER = SECRET[::-1]


def found(
    config: dict[str, t.Any] | None = None, environ: dict[str, str] | None = None
) -> list[Problem]:
    problems = doubts({}, config or {}, environ or {})
    assert all(each.is_warning for each in problems)
    return problems


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("AUTH0_SCOPES", "AUTH0_SCOPE"),
        ("AUTH0_CLIENTID", "AUTH0_CLIENT_ID"),
        ("AUTH0_POST_LOGIN_URL", "AUTH0_POST_LOGIN_REDIRECT"),
        ("AUTH0_SESSION_ABSOLUTE_DURATON", "AUTH0_SESSION_ABSOLUTE_DURATION"),
        ("AUTH0_COOKIE_SAMESITE", "AUTH0_COOKIE_SAME_SITE"),
        ("AUTH0_CALLBACK_URL", "AUTH0_REDIRECT_URI"),
    ],
)
def test_a_misspelt_key_is_named_with_the_one_that_is_meant(
    key: str, near: str
) -> None:
    for problems in (found({key: "x"}), found(environ={key: "x"})):
        (problem,) = problems
        assert (problem.key, problem.code) == (key, "misspelt_key")
        assert f"did you mean {near}?" in problem.remedy


@pytest.mark.parametrize(
    "key",
    [
        "AUTH0_SCOPE",
        "AUTH0_BASE_URL",
        "AUTH0_ISSUER_BASE_URL",
        "AUTH0_MANAGEMENT_CLIENT_ID",
        "AUTH0_M2M_CLIENT_SECRET",
        "AUTH0_HTTP_TIMEOUT",
        "AUTH0_CLIENT_KWARGS",
        "AUTH0_AUTHORIZE_PARAMS",
        "AUTH0_SERVER_METADATA_URL",
        "NOT_AUTH0_SCOPES",
    ],
)
def test_keys_of_other_programs_are_theirs(key: str) -> None:
    assert found({key: "x"}, {key: "x"}) == []


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_that_no_shell_has_removed(quote: str) -> None:
    (problem,) = found(environ={"AUTH0_CLIENT_SECRET": f"{quote}x{quote}"})
    assert (problem.key, problem.code) == ("AUTH0_CLIENT_SECRET", "quoted_value")
    assert found({"AUTH0_AUTHORIZATION_PARAMS": '{"a": "b"}'}) == []
    # The option counts, and nobody reads the variable.
    assert doubts({"client_secret": "x"}, {}, {"AUTH0_CLIENT_SECRET": "'x'"}) == []


@pytest.mark.parametrize("secret", [SECRET, f"{OTHER},{SECRET}", [OTHER, SECRET]])
def test_a_secret_that_signs_as_well(secret: t.Any) -> None:
    told = found({"AUTH0_SECRET": secret, "SECRET_KEY": SECRET.encode()})
    assert [each.code for each in told] == ["shared_secret"]
    assert SECRET not in str(told)
    assert found({"AUTH0_SECRET": secret, "SECRET_KEY": "another"}) == []


def test_the_whole_list_of_secrets_signs_as_well() -> None:
    secrets = f"{OTHER},{SECRET}"
    told = found({"SECRET_KEY": secrets}, {"AUTH0_SECRET": secrets})
    assert [each.key for each in told] == ["SECRET_KEY"]


@pytest.mark.parametrize(
    ("domain", "is_told"),
    [("example.com", False), (".app.example.com", False), ("ample.com", True)],
)
def test_a_cookie_domain_that_the_callback_is_not_in(
    domain: str, is_told: bool
) -> None:
    uri = "https://app.example.com/callback"
    told = found({"AUTH0_COOKIE_DOMAIN": domain, "AUTH0_REDIRECT_URI": uri})
    assert bool(told) == is_told


@pytest.mark.parametrize(
    ("inactivity", "absolute", "is_told"),
    [("601", 600, True), ("600", "600", False), ("601", None, False), ("x", 1, False)],
)
def test_an_inactivity_that_no_session_lives_to_see(
    inactivity: str, absolute: t.Any, is_told: bool
) -> None:
    told = found(
        {"AUTH0_SESSION_ABSOLUTE_DURATION": absolute},
        {"AUTH0_SESSION_INACTIVITY_DURATION": inactivity},
    )
    assert [each.code for each in told] == ["pointless_inactivity"] * is_told


def test_a_question_ends_as_one() -> None:
    (question,), (other,) = found({"AUTH0_SCOPES": "x"}), found({"AUTH0_SCOPE": "'x'"})
    assert question.sentence.endswith("did you mean AUTH0_SCOPE?")
    assert other.sentence.endswith("leave them out.")


@pytest.mark.parametrize(
    ("config", "key", "said"),
    [
        ({"SESSION_REDIS": "redis://h"}, "SESSION_REDIS", "set SESSION_TYPE=redis"),
        ({"SESSION_SQLITE": "a.db"}, "SESSION_SQLITE", "set SESSION_TYPE=sqlite"),
        ({"SESSION_TPYE": "redis"}, "SESSION_TPYE", "did you mean SESSION_TYPE?"),
        ({"SESSION_REDIS_URL": "x"}, "SESSION_REDIS_URL", "mean SESSION_REDIS?"),
        (
            {"SESSION_COOKIE_SAME_SITE": "Lax"},
            "SESSION_COOKIE_SAME_SITE",
            "mean SESSION_COOKIE_SAMESITE?",
        ),
        ({"SESSION_TYPE": '"redis"'}, "SESSION_TYPE", "has quotes around"),
    ],
)
def test_keys_of_sessions(config: dict[str, t.Any], key: str, said: str) -> None:
    app = Flask(__name__)
    app.config.update(config)
    (problem,) = of_settings(app, {}, {})
    assert problem.key == key
    assert said in problem.remedy
    (problem,) = of_settings(Flask(__name__), {}, config)
    assert problem.key == key


def test_variables_of_a_desktop_are_not_ours() -> None:
    environ = {"SESSION_MANAGER": "local/host:@/tmp/.ICE-unix/1", "SESSION_ID": "1"}
    assert of_settings(Flask(__name__), {}, environ) == []


def test_a_secret_key_that_is_set_later(caplog: pytest.LogCaptureFixture) -> None:
    for is_first in (True, False):
        app = Flask(__name__)
        app.testing = True
        if is_first:
            app.secret_key = VALID["secret"]
        Auth0(app, **VALID)
        app.secret_key = VALID["secret"]
        for _ in range(2):
            app.test_client().get("/")
        assert caplog.text.count("SECRET_KEY is AUTH0_SECRET") == 1
        caplog.clear()


def test_the_start_says_each_once(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.config.update(TESTING=True, AUTH0_SCOPES="x", SESSION_REDIS="redis://h")
    Auth0(app, **VALID)
    assert [each.levelname for each in caplog.records] == ["WARNING"] * 2
    assert "AUTH0_SCOPES is set, and nobody reads it" in caplog.text
    assert "SESSION_REDIS has no effect" in caplog.text


def test_what_keeps_an_app_from_starting_may_be_a_slip_of_the_pen() -> None:
    app = Flask(__name__)
    app.config["AUTH0_CLIENTID"] = "id"
    options = {key: value for key, value in VALID.items() if key != "client_id"}
    with pytest.raises(
        ConfigurationError, match="AUTH0_CLIENT_ID is missing"
    ) as caught:
        Auth0(app, **options)
    assert "did you mean AUTH0_CLIENT_ID?" in str(caught.value)


def test_the_default_start_says_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the README: four variables of the environment, and no other setting."""
    for name, value in {**VALID, "secret": SECRET}.items():
        monkeypatch.setenv(f"AUTH0_{name.upper()}", value)
    app = Flask(__name__)
    Auth0(app)
    app.test_client().get("/login", base_url="http://127.0.0.1:5000")
    assert [each for each in caplog.records if "login failed" not in each.message] == []


@pytest.mark.parametrize("value", [5, b"x", [1], {"a": 1}, object(), "\ud800", "[", ""])
def test_no_value_of_any_type_is_a_traceback(value: t.Any) -> None:
    keys = ("AUTH0_SECRET", "SECRET_KEY", "AUTH0_REDIRECT_URI", "AUTH0_COOKIE_DOMAIN")
    for key in keys:
        doubts({}, {**dict.fromkeys(keys, "x"), key: value}, {})
