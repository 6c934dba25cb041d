"""Requests take as few steps as they did: a guard without a clock.

What is counted are calls, so that a busy machine changes nothing: those of the
package's own functions, of which there may not be one more, and those of libraries,
which depend on their releases. The numbers are in ``steps.json``; who makes a request
shorter writes the new ones there.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from flask import Flask

from flask_auth0.testing import logged_in_client
from tests.architecture.steps import Steps, counted, counted_everywhere
from tests.architecture.walks import WALKS
from tests.harness.visitor import MakeApp, Visitor

KNOWN: dict[str, list[int]] = json.loads(
    Path(__file__).with_name("steps.json").read_text("utf-8")
)
#: How many times the calls of libraries a request may take.
SLACK = 1.2


@pytest.fixture
def app(make_app: MakeApp, settings: dict[str, t.Any]) -> Flask:
    app = make_app(settings)
    app.add_url_rule("/open", view_func=lambda: "open")
    return app


def steps_of(app: Flask, path: str, *, comes_again: bool = True) -> Steps:
    """Return the steps of somebody's request, of whom the process knows or does not."""
    client = logged_in_client(app)
    others = logged_in_client(app)
    for each in (client, others) if comes_again else (others,):
        # What a process does for the first time is not counted.
        for _ in range(3):
            assert each.get(path).status_code == 200
    with counted() as steps:
        assert client.get(path).status_code == 200
    return steps


def check(name: str, steps: Steps) -> None:
    ours, others = KNOWN[name]
    print(f"{name}: {steps.ours.total()}, {steps.others.total()}")
    assert steps.ours.total() <= ours, steps.ours.most_common()
    assert steps.others.total() <= others * SLACK, steps.others.most_common()


def test_a_protected_view_takes_few_steps(app: Flask, mode: str) -> None:
    check(f"protected, {mode}", steps_of(app, "/profile"))


def test_so_does_the_first_request_of_somebody(app: Flask, mode: str) -> None:
    check(f"first, {mode}", steps_of(app, "/profile", comes_again=False))


def test_a_view_that_nobody_protects_takes_hardly_any(app: Flask, mode: str) -> None:
    check(f"open, {mode}", steps_of(app, "/open"))


@pytest.mark.crossed
@pytest.mark.parametrize("name", ["token", "refresh", "login", "callback"])
def test_so_do_logins_and_tokens(name: str, mode: str, visitor: Visitor) -> None:
    # What waits on a busy machine can take more steps, and nothing can take fewer.
    walked = [WALKS[name](visitor, counted_everywhere) for _ in range(5)]
    check(f"{name}, {mode}", min(walked, key=lambda steps: steps.ours.total()))
