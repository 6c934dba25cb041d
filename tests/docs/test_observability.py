"""The page on health and metrics."""

from __future__ import annotations

import re

from flask_auth0.errors.reasons import REASONS

from .conftest import MakeVisitor, ReadPage
from .pages import ROOT, path_of, snippets, table

PAGE = path_of("observability.rst")


def test_the_views_answer_as_shown(
    read_page: ReadPage, make_visitor: MakeVisitor
) -> None:
    page = read_page("observability.rst").run()
    visitor = make_visitor(page["app"])
    told = {"ok": True, "session_store": "not_checked", "tenant": "ok"}
    for path in ("/healthz", "/readyz"):
        answer = visitor.fetch(path)
        assert (answer.status_code, answer.get_json()) == (200, told)
    (shown,) = snippets(PAGE, "json")
    assert {*re.findall(r'"(\w+)":', shown.text)} == {*told}


def test_the_names_are_those_of_the_code() -> None:
    sources = [*(ROOT / "flask_auth0").rglob("*.py")]
    text = "".join(each.read_text() for each in sources)
    for name, _ in table(PAGE, "Span"):
        operation = name.removeprefix("auth0.")
        assert f'("{operation}"' in text, name
    for name, *_ in table(PAGE, "Metric"):
        assert f'"{name}"' in text, name


def test_the_queries_ask_for_what_there_is() -> None:
    queries = " ".join(query for _, query in table(PAGE, "Panel"))
    asked = re.findall(r'reason!?=~?"([\w|]+)"', queries)
    assert {*"|".join(asked).split("|")} <= {*REASONS}
    metrics = {name.replace(".", "_") for name, *_ in table(PAGE, "Metric")}
    found = {*re.findall(r"flask_auth0_\w+", queries)}
    assert found == {
        name + ("_total" if "events" in name else "_seconds_bucket") for name in metrics
    }
