"""Which private members of dependencies are relied on, each by its name.

A new release of one of them may move or remove them without notice. Here, it says so in
one line.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator

import cachelib
import psycopg
import pytest
from auth0_server_python.auth_server.anonymous import AnonymousClient
from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.auth_server.my_account_client import MyAccountClient
from auth0_server_python.auth_server.server_client import ServerClient

import flask_auth0
from flask_auth0.client import sdk
from tools.requirements import ROOT

#: What subclasses override, or use of themselves, by the class that it is from.
OVERRIDDEN = {
    "auth0_server_python.auth_server.server_client.ServerClient": {
        "_anonymous_client",
        "_anonymous_store",
        "_clear_anonymous_session_after_login",
        "_apply_client_authentication",
        "_build_link_user_url",
        "_build_unlink_user_url",
        "_establish_session_from_mfa_verify_response",
        "_get_http_client",
        "_get_jwks_cached",
        "_get_oidc_metadata_cached",
        "_my_account_client",
        "_oauth",
        "_redirect_uri",
        "_verify_and_decode_jwt",
    },
    "authlib.oauth2.rfc6749.grants.refresh_token.RefreshTokenGrant": {
        "_validate_token_scope"
    },
    "flask_session.base.ServerSideSessionInterface": {
        "_cleanup_n_requests",
        "_delete_expired_sessions",
        "_delete_session",
        "_retrieve_session_data",
        "_upsert_session",
    },
}

#: What is used of objects of others, and of classes that are made in a function. Ruff
#: refuses any other (flake8-self in pyproject.toml).
ELSEWHERE: list[tuple[type, str]] = [
    (AnonymousClient, "_get_http_client"),
    (MfaClient, "_encrypt_mfa_token"),
    (MfaClient, "_get_http_client"),
    (MyAccountClient, "_get_http_client"),
    (cachelib.FileSystemCache, "_path"),
    (psycopg.Connection, "_connect_gen"),
]


def classes() -> Iterator[type]:
    """Return the classes of the package."""
    for found in pkgutil.walk_packages(flask_auth0.__path__, "flask_auth0."):
        module = importlib.import_module(found.name)
        for each in vars(module).values():
            if inspect.isclass(each) and each.__module__ == found.name:
                yield each


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_abc_impl"


@functools.cache
def set_on_self(cls: type) -> set[str]:
    """Return what the methods of a class set on its instances."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):
        # The class is written in C, or pretends to be of another module.
        return set()
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


#: What typing sets on each class below a protocol.
OF_PROTOCOLS = {"_is_protocol", "_is_runtime_protocol"}


@functools.cache
def used(cls: type) -> set[str]:
    """Return the private names that a class defines, or uses of itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    attributes = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    names = {*vars(cls), *attributes} - OF_PROTOCOLS
    return {name for name in names if is_private(name)}


def is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in {"flask_auth0", "builtins"}


def relied_on() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for cls in classes():
        for base in cls.__mro__:
            if is_ours(base) or base.__module__ in {"typing", "abc", "enum"}:
                continue
            theirs = {*vars(base), *set_on_self(base)} & used(cls)
            if theirs:
                found[f"{base.__module__}.{base.__qualname__}"] |= theirs
    return dict(found)


def test_it_is_there_and_nothing_else_is_relied_on() -> None:
    assert relied_on() == OVERRIDDEN
    client = "auth0_server_python.auth_server.server_client.ServerClient"
    assert OVERRIDDEN[client] == {*sdk.OVERRIDDEN}


@pytest.mark.parametrize(("cls", "name"), ELSEWHERE)
def test_what_is_used_elsewhere_is_there(cls: type, name: str) -> None:
    assert name in {*dir(cls), *set_on_self(cls)}


def test_every_exception_of_ruff_is_listed() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    allowed = re.search(r"extend-ignore-names = \[(.+?)\]", text, re.DOTALL)
    assert allowed
    names = {*re.findall(r'"(\w+)"', allowed[1])}
    known = {name for _, name in ELSEWHERE}.union(*OVERRIDDEN.values())
    # Werkzeug documents this one.
    assert names - {"_get_current_object"} <= known


def test_the_sdk_makes_an_http_client_in_its_constructor() -> None:
    """The constructor runs without it; a new release may have it elsewhere."""
    made = ServerClient.__init__.__code__
    assert "AsyncOAuth2Client" in made.co_names
    assert made.co_freevars == ()
