"""Tokens of connections are kept, shared and replaced in time."""

from __future__ import annotations

import asyncio
import typing as t

import pytest
from flask import Flask, request

from flask_auth0 import Auth0
from tests.harness.clock import Clock
from tests.harness.visitor import Visitor

from .refreshing import at_once


@pytest.fixture
def exchanged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[t.Any]:
    """Return what connections are asked for; the development tenant knows of none."""
    asked: list[t.Any] = []

    async def exchange(options: dict[str, t.Any]) -> t.Any:
        asked.append((options["connection"], options["login_hint"]))
        await asyncio.sleep(0.05)
        lasts = int(app.config.get("LASTS", 3600))
        return {"access_token": f"{asked[-1]} {len(asked)}", "expires_in": lasts}

    client = app.extensions["auth0"].client
    monkeypatch.setattr(client, "get_token_for_connection", exchange)
    auth0 = Auth0()

    @app.get("/of/<connection>")
    def of(connection: str) -> str:
        hint = request.args.get("hint")
        return auth0.get_access_token_for_connection(connection, hint)

    return asked


def test_the_token_of_a_connection_is_kept(
    visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    first = {visitor.fetch("/of/google").text for _ in range(3)}
    other = visitor.fetch("/of/github").text
    assert len(first) == 1
    assert exchanged == [("google", None), ("github", None)]
    # Other tokens come and go meanwhile.
    assert visitor.fetch("/token?force").status_code == 200
    assert {visitor.fetch("/of/google").text} == first
    assert visitor.fetch("/of/github").text == other
    assert len(exchanged) == 2


def test_one_that_is_good_waits_for_nobody(
    app: Flask, visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    token = visitor.fetch("/of/google").text

    def fail(*args: t.Any) -> t.Any:
        raise AssertionError("It waits for its turn.")

    app.extensions["auth0"].client._turn = fail
    assert visitor.fetch("/of/google").text == token


def test_many_ask_for_the_token_of_a_connection_at_once(
    visitor: Visitor, exchanged: list[t.Any], config: dict[str, t.Any]
) -> None:
    visitor.log_in()
    answers = at_once(visitor, ["/of/google"] * 8)
    assert {each.status_code for each in answers} == {200}
    if config:
        assert len({each.text for each in answers}) == 1
        assert len(exchanged) == 1


def test_the_token_of_one_account_is_not_that_of_another(
    visitor: Visitor, exchanged: list[t.Any]
) -> None:
    visitor.log_in()
    ada, bob = (visitor.fetch(f"/of/google?hint={who}").text for who in ("ada", "bob"))
    assert exchanged == [("google", "ada"), ("google", "bob")]
    assert ada != bob
    for _ in range(2):
        assert visitor.fetch("/of/google?hint=ada").text == ada
        assert visitor.fetch("/of/google?hint=bob").text == bob
        assert visitor.fetch("/of/google").text in {ada, bob}
    assert len(exchanged) == 2


@pytest.mark.parametrize(("lasts", "many"), [(0, 3), (29, 1), (3600, 1)])
def test_the_token_of_a_connection_is_replaced_in_time(
    app: Flask, visitor: Visitor, exchanged: list[t.Any], lasts: int, many: int
) -> None:
    app.config["LASTS"] = lasts
    visitor.log_in()
    for _ in range(3):
        assert visitor.fetch("/of/google").status_code == 200
    assert len(exchanged) == many


def test_the_leeway_holds_for_connections(
    app: Flask,
    visitor: Visitor,
    exchanged: list[t.Any],
    clock: Clock,
) -> None:
    visitor.log_in()
    first = visitor.fetch("/of/google").text
    clock.offset = 3600 - 20
    assert visitor.fetch("/of/google").text != first
    assert len(exchanged) == 2


def test_the_rest_of_a_coroutine_finds_the_token(
    app: Flask, visitor: Visitor, exchanged: list[t.Any]
) -> None:
    """While it is asked for, the tokens of its connection are hidden from the SDK."""
    auth0 = Auth0()

    @app.get("/kept")
    def kept() -> t.Any:
        async def ask() -> t.Any:
            options = {"connection": "google"}
            token = await auth0.client.get_access_token_for_connection(options)
            return token, await auth0.client.get_session()

        token, found = auth0.run(ask())
        return [token, *(e["access_token"] for e in found["connection_token_sets"])]

    visitor.log_in()
    token, *kept_ones = visitor.fetch("/kept").get_json()
    assert kept_ones == [token]


def test_the_rest_of_a_coroutine_finds_a_refreshed_token(
    app: Flask, visitor: Visitor
) -> None:
    auth0 = Auth0()

    @app.get("/refreshed")
    def refreshed() -> t.Any:
        async def ask() -> t.Any:
            token = await auth0.client.get_access_token(force_refresh=True)
            return token, await auth0.client.get_session()

        token, found = auth0.run(ask())
        return [token, *(each["access_token"] for each in found["token_sets"])]

    visitor.log_in()
    token, *kept_ones = visitor.fetch("/refreshed").get_json()
    assert token in kept_ones
