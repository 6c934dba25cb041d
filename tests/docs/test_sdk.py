"""The page about the SDK has each of its public methods, and no other."""

from __future__ import annotations

import inspect
import re
import typing as t

from auth0_server_python import auth_server
from auth0_server_python.auth_server import ServerClient

from flask_auth0 import Auth0
from flask_auth0.client.client import Client

from .pages import PAGES, path_of, snippets

PAGE = path_of("sdk.rst")
#: The clients of the SDK, as an app writes them.
CLIENTS = {
    "ServerClient": "auth0.client",
    "MfaClient": "auth0.client.mfa",
    "PasswordlessClient": "auth0.client.passwordless",
    "AnonymousClient": "auth0.client.anonymous",
    "MyAccountClient": "my_account",
}


def surface() -> dict[str, t.Any]:
    """Everything public that the SDK's clients have, by the name in an app."""
    found: dict[str, t.Any] = {}
    for name in auth_server.__all__:
        exported = getattr(auth_server, name)
        if not inspect.isclass(exported):
            found[name] = exported
            continue
        assert name in CLIENTS, f"The SDK has a new client: {name}"
        for member, value in inspect.getmembers(exported):
            here = f"{CLIENTS[name]}.{member}"
            is_told = callable(value) or isinstance(value, property)
            if is_told and not member.startswith("_") and here not in CLIENTS.values():
                found[here] = value
    return found


def rows() -> list[list[str]]:
    """The calls of each row: in sync code and in async code, or one for both."""
    cells = re.findall(r"^    \* - (\| .*(?:\n        \| .*)*)", PAGE.read_text(), re.M)
    return [re.findall(r"``(.*?)``", cell) for cell in cells]


def method_of(row: list[str]) -> str:
    """The method that a row is about."""
    return row[-1].removeprefix("await ").partition("(")[0]


def test_each_public_method_has_a_row() -> None:
    told = [method_of(row) for row in rows()]
    missing, gone = surface().keys() - set(told), set(told) - surface().keys()
    assert not missing | gone, (
        f"docs/sdk.rst needs a row for {sorted(missing)}, and none for {sorted(gone)}, "
        "which the SDK does not have."
    )
    twice = {name for name in told if told.count(name) > 1}
    assert not twice


def test_each_call_is_one_that_works() -> None:
    found = surface()
    for row in rows():
        method = found[method_of(row)]
        if not inspect.iscoroutinefunction(method):
            assert row == [row[-1]]
            continue
        in_sync_code, in_async_code = row
        assert in_async_code.startswith(f"await {method_of(row)}(")
        asked = in_async_code.removeprefix("await ")
        if in_sync_code != f"auth0.run({asked})":
            assert hasattr(Auth0, in_sync_code.removeprefix("auth0.").partition("(")[0])


def test_each_client_is_there() -> None:
    for name in ("mfa", "passwordless", "anonymous"):
        assert hasattr(ServerClient, name)
        assert hasattr(Client, name)


def test_each_method_is_in_a_snippet() -> None:
    code = "\n".join(each.text for path in PAGES for each in snippets(path, "python"))
    # That page has a name for one of the clients.
    code = code.replace("visitors.", "auth0.client.anonymous.")
    assert [method_of(row) for row in rows() if not _is_in(row, code)] == []


def _is_in(row: list[str], code: str) -> bool:
    """Tell whether code has one of the calls of a row, or a property."""
    asked = [call.removeprefix("auth0.run(").removeprefix("await ") for call in row]
    return any(call.partition("…")[0] in code for call in asked)
