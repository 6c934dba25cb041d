"""Routes of the app and of the extension that are in each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect, Rule

from ..app_state import state_of
from ..config import Problem, key_of, warning

#: The methods that Flask and Werkzeug add to others.
_ADDED = {"HEAD", "OPTIONS"}


def shadows(app: Flask) -> Iterator[Problem]:
    """Find views of the app at the paths of the extension's own.

    Of two rules that are the same, the one that was added first answers.
    """
    ours = state_of(app).routes
    others = [each for each in app.url_map.iter_rules() if each.endpoint not in ours]
    for endpoint in ours:
        for rule in app.url_map.iter_rules(endpoint):
            for other in others:
                if methods := _common_methods(rule, other):
                    yield _shadow(app, rule, other, min(methods))


def unserved_callback(app: Flask, mount: str) -> Iterator[Problem]:
    """Find a callback URL at which the app has no view.

    :param mount: the path at which the app is mounted.
    """
    config = state_of(app).config
    if config.redirect_uri is None:
        return
    path = unquote(urlsplit(config.redirect_uri).path)
    if path.startswith(f"{mount}/") and _is_served(app, path.removeprefix(mount)):
        return
    served = f"{mount}{config.url_prefix}{config.callback_path}"
    yield warning(
        "AUTH0_REDIRECT_URI",
        f"leads to {path or '/'}, where this app has no view: its callback is at "
        f"{served}. Correct it, or set AUTH0_URL_PREFIX. If a proxy takes a part of "
        "the path away, let it send X-Forwarded-Prefix, and set up ProxyFix with "
        "x_prefix=1",
        "unserved_redirect_uri",
    )


def _common_methods(rule: Rule, other: Rule) -> set[str]:
    """Return the methods with which both rules are for the same requests."""
    is_same = rule.rule == other.rule and rule.subdomain == other.subdomain
    is_same = is_same and (not other.host or rule.host == other.host)
    methods = (rule.methods or set()) - _ADDED
    return methods & (other.methods or methods) if is_same else set()


def _shadow(app: Flask, rule: Rule, other: Rule, method: str) -> Problem:
    key = key_of(f"{rule.endpoint.partition('.')[2]}_path")
    is_ours = _endpoint_at(app, rule, method) == rule.endpoint
    pair = (rule.endpoint, other.endpoint)
    first, last = pair if is_ours else reversed(pair)
    remedy = (
        f"is the path of two views: '{first}' answers {rule.rule}, as it was added "
        f"first, and '{last}' never does. Remove '{other.endpoint}', which is the "
        f"app's, or give one of them another path"
    )
    return Problem(key, remedy, "shadowed_route")


def _endpoint_at(app: Flask, rule: Rule, method: str) -> str | None:
    try:
        endpoint, _ = _adapter(app, rule.subdomain).match(rule.rule, method=method)
    except HTTPException:
        return None
    return str(endpoint)


def _is_served(app: Flask, path: str) -> bool:
    try:
        _adapter(app).match(path, method="GET")
    except (RequestRedirect, MethodNotAllowed):
        return True
    except HTTPException:
        # Where hosts count, only a request tells which one is meant.
        return app.url_map.host_matching or app.subdomain_matching
    return True


def _adapter(app: Flask, subdomain: str | None = None) -> MapAdapter:
    server = app.config["SERVER_NAME"] or "localhost"
    if app.url_map.host_matching:
        return app.url_map.bind(server)
    return app.url_map.bind(server, subdomain=subdomain)
