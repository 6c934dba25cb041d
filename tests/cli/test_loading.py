"""Commands say in a sentence why an app does not load."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .invoked import invoke

COMMANDS = (
    ("sessions", "list", "x"),
    ("sessions", "revoke", "x"),
    ("sessions", "prune"),
    ("doctor", "--limit", "0.5"),
)
BROKEN = {
    "attribute_error": (
        "value = 1\nvalue.strip('hush-hush')",
        "AttributeError in {}, line 2",
    ),
    "value_error": ("int('hush-hush')", "ValueError in {}, line 1"),
    "exit": ("import sys\nsys.exit('hush-hush')", "SystemExit in {}, line 2"),
    "import_error": ("import no_such_module_anywhere", "'no_such_module_anywhere'"),
    "own_import_error": ("raise ImportError('hush-hush')", "ImportError in {}, line 1"),
    "syntax_error": ("app = = 1", "SyntaxError in {}, line 1"),
    "settings": (
        "import flask, flask_auth0\n"
        "app = flask.Flask('app')\n"
        "flask_auth0.Auth0(app, domain='hush-hush!')",
        "AUTH0_CLIENT_ID is missing",
    ),
    "no_app": ("value = 1", "Failed to find Flask application"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_sentence_and_no_traceback(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of an error may be a secret, so only its class is told."""
    monkeypatch.chdir(tmp_path)
    source, expected = BROKEN[name]
    file = f"broken_{name}.py"
    Path(file).write_text(source)
    try:
        for command in COMMANDS:
            result = invoke(file, *command)
            assert result.exit_code == 1
            assert isinstance(result.exception, SystemExit)
            assert expected.format(file) in result.output
            assert "Traceback" not in result.output
            assert "hush-hush" not in result.output
            sys.modules.pop(f"broken_{name}", None)
    finally:
        sys.path[:] = [each for each in sys.path if each != str(tmp_path)]


def test_json_stays_json_beside_what_an_app_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("talking.py").write_text("print('Hello')\nint('x')")
    result = invoke("talking.py", "doctor", "--json", "--limit", "0.5")
    found = {each["check"]: each for each in json.loads(result.stdout)["checks"]}
    assert found["app"]["level"] == "wrong"
    assert "Hello" not in result.stdout
    sys.modules.pop("talking", None)
