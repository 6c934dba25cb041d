"""The page on logging: each reason with its remedy, and lines as it shows them."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0 import Auth0
from flask_auth0.errors.reasons import REASONS

from .conftest import MakeVisitor, ReadPage
from .pages import ROOT, Page, path_of, table

#: How the code gives a reason.
GIVEN = re.compile(
    r'\breason(?:: str)? = "(\w+)"|\breason="(\w+)"|"reason": "(\w+)"'
    r'|log_event\(\s*[\w.()]+,\s*"(\w+)"'
)


def code() -> str:
    paths = (ROOT / "flask_auth0").rglob("*.py")
    return "\n".join(each.read_text() for each in paths if each.name != "reasons.py")


def test_the_table_has_each_reason_with_its_remedy() -> None:
    wanted = [
        [code, logging.getLevelName(each.level), each.meaning, each.remedy]
        for code, each in REASONS.items()
    ]
    assert table(path_of("logging.rst"), "Reason") == wanted


def test_the_code_gives_these_reasons_and_no_others() -> None:
    text = code()
    assert [each for each in REASONS if f'"{each}"' not in text] == []
    given = {name for found in GIVEN.findall(text) for name in found if name}
    assert given
    assert given <= {*REASONS}, "Say what it means: errors/reasons.py"


@pytest.fixture
def page(read_page: ReadPage) -> Page:
    return read_page("logging.rst")


def test_lines_are_as_the_page_says(
    page: Page, tmp_path: Path, app: Flask, auth0: Auth0, make_visitor: MakeVisitor
) -> None:
    page.run()
    make_visitor(app).log_in()
    (line,) = (tmp_path / "logins.log").read_text().splitlines()
    assert line.startswith("Somebody has logged in [reason=logged_in sub=auth0|ada ")
    fields = {"levelname": "INFO", "msg": "Hello", "sub": "auth0|ada"}
    told = json.loads(page["handler"].format(logging.makeLogRecord(fields)))
    assert told == {"level": "INFO", "message": "Hello", "sub": "auth0|ada"}
