"""Checks of the app's routes, views and middleware."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from ... import deployment
from ...config.urls import LOOPBACK, origin_of
from ...views import addresses
from ...views.guard_mistakes import mistakes_in_app
from ..addresses import addresses_of
from .examination import Check
from .findings import Verdict, of_problem, ok, warning, wrong
from .subject import Subject


def _routes(subject: Subject) -> Iterator[Verdict]:
    """Find views that are in each other's way, and a callback that nobody serves."""
    app, config = _app(subject), subject.settings
    route = config.url_prefix + config.callback_path
    mount = _callback(subject).path.removesuffix(route)
    found = [
        *deployment.at_first_request(app, mount if config.callback_path else ""),
        *addresses.unknown_hosts(app),
    ]
    yield from map(of_problem, found)
    if not found:
        yield ok("The routes of the login are the extension's own.")


def _address(subject: Subject) -> Iterator[Verdict]:
    """Compare the address that was named with that of the callback."""
    callback = _callback(subject)
    place, named = origin_of(callback.geturl()), origin_of(subject.base)
    if subject.is_guess or subject.settings.redirect_uri is None:
        return
    if place == named:
        yield ok(f"It is {place}.")
    else:
        told = f"AUTH0_REDIRECT_URI is at {place}, and the app is at {named}."
        yield wrong(told, "Correct AUTH0_REDIRECT_URI: logins end where it says.")


def _guards(subject: Subject) -> Iterator[Verdict]:
    """Find guards that let everybody pass, or nobody."""
    found = list(mistakes_in_app(_app(subject), subject.settings))
    yield from map(wrong, found)
    if not found:
        yield ok("Each guard is where requests meet it.")


def _proxy(subject: Subject) -> Iterator[Verdict]:
    """Tell whether the app believes a proxy in front of it."""
    is_fixed = any(isinstance(each, ProxyFix) for each in _layers(_app(subject)))
    if is_fixed:
        yield ok("ProxyFix tells the app how it was asked.")
    elif _is_public(subject):
        told = "There is no ProxyFix, and the app's address is https."
        advice = "Behind a proxy that speaks https, wrap app.wsgi_app in ProxyFix."
        yield warning(told, advice)


def _layers(app: Flask) -> Iterator[t.Any]:
    """Yield the WSGI app and what it wraps, from the outside in."""
    layer: t.Any = app.wsgi_app
    while layer is not None:
        yield layer
        inner = getattr(layer, "app", None) or getattr(layer, "wsgi_app", None)
        layer = None if inner is layer or inner is app else inner


def _cookies(subject: Subject) -> Iterator[Verdict]:
    """Compare the flags of cookies with the address of the app."""
    app, callback = _app(subject), _callback(subject)
    is_secure = subject.settings.secure
    if app.config["SESSION_COOKIE_SECURE"]:
        is_secure = True
    host = callback.hostname or ""
    domain = str(app.session_interface.get_cookie_domain(app) or "").lstrip(".")
    if domain and not f".{host}".endswith(f".{domain}"):
        told = f"Cookies are for {domain}, and the app is at {host}."
        yield wrong(told, "Correct AUTH0_COOKIE_DOMAIN, or leave it out.")
    elif is_secure and callback.scheme == "http" and host not in LOOPBACK:
        told = f"Cookies are Secure, and the app is at http://{host}."
        yield wrong(told, "Serve it by https, or turn AUTH0_COOKIE_SECURE off.")
    elif is_secure is False and callback.scheme == "https":
        told = "Cookies are not Secure, and the app is served by https."
        yield wrong(told, "Leave AUTH0_COOKIE_SECURE out.")
    else:
        yield ok("The flags of cookies fit the app's address.")


def _debug(subject: Subject) -> Iterator[Verdict]:
    """Find what belongs to development, at an address that does not."""
    app, config = _app(subject), subject.settings
    if not _is_public(subject):
        return
    modes = {"debug mode": app.debug, "TESTING": app.testing}
    for name in [name for name, is_on in modes.items() if is_on]:
        told = f"{name} is on, and the app is at {_callback(subject).netloc}."
        yield wrong(told, "Turn it off where others can come.")
    allowed = {
        "AUTH0_ALLOW_DEVELOPMENT_TENANT": config.allow_development_tenant,
        "AUTH0_ALLOW_WEAK_SECRET": config.allow_weak_secret,
    }
    for name in [name for name, is_on in allowed.items() if is_on]:
        yield warning(f"{name} is on.", "Leave it out in production.")
    if not any([*modes.values(), *allowed.values()]):
        yield ok("Nothing of development is on.")


def _app(subject: Subject) -> Flask:
    if subject.app is None:
        raise LookupError("no app")
    return subject.app


def _callback(subject: Subject) -> SplitResult:
    return urlsplit(addresses_of(subject.settings, subject.base).callback)


def _is_public(subject: Subject) -> bool:
    parts = _callback(subject)
    return bool(parts.scheme == "https" and parts.hostname not in LOOPBACK)


CHECKS = tuple(
    Check(f"app.{name}", run, ("app",))
    for name, run in {
        "address": _address,
        "routes": _routes,
        "guards": _guards,
        "proxy": _proxy,
        "cookies": _cookies,
        "debug": _debug,
    }.items()
)
