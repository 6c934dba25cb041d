"""The page for people in trouble has each code, and quotes what the extension says."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from flask_auth0 import errors

from .pages import ROOT, path_of, table

PAGE = path_of("troubleshooting.rst")
#: Where codes of errors are given: the development tenant has those of Auth0.
SOURCES = sorted(
    path
    for path in (ROOT / "flask_auth0").rglob("*.py")
    if "tenant" not in path.relative_to(ROOT).parts
)


def given_in_calls() -> Iterator[str]:
    """The codes that errors get where they are raised, and not by their class."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.keyword(arg="error", value=ast.Constant(value=str(code))):
                    yield code


def kinds() -> dict[str, type[errors.Auth0Error]]:
    """The classes of errors, by their codes."""
    classes = [each for each in vars(errors).values() if inspect.isclass(each)]
    return {each.error: each for each in classes if issubclass(each, errors.Auth0Error)}


def test_every_code_is_told_with_its_status() -> None:
    told = {code: int(status) for code, status, _ in table(PAGE, "Code")}
    assert {"cookies_refused", "invalid_dpop_proof"} <= {*given_in_calls()}
    assert {*given_in_calls(), *kinds()} <= told.keys()
    assert [*told] == sorted(told)
    for code, kind in kinds().items():
        # Handlers are found by the status of a class, so that failed logins share it.
        if not issubclass(kind, errors.LoginFailed):
            assert told[code] == (kind.code or 500)


def test_what_is_quoted_is_said() -> None:
    source = " ".join(path.read_text("utf-8") for path in SOURCES)
    said = re.sub(r'"\s+f?"', "", source)
    quoted = re.findall(r'^(?:\d+, )?"(.+)"$', PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(quoted) > 5
    for phrase in quoted:
        assert phrase in said
