"""What is wrong with the scheme and the host of the requests that begin logins.

A proxy, or its configuration, is the usual cause, and the tenant's refusal of the
callback the usual effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask, Request

from ..app_state import AppState, state_of
from ..config import Problem, is_development, warning
from ..config.urls import LOOPBACK
from ..runtime.request import CurrentRequest
from ..sessions.cookies.flags import are_cookies_secure

#: What Werkzeug's ProxyFix leaves in the environment of each request.
_OF_PROXY_FIX = "werkzeug.proxy_fix.orig"
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")
_PROTO = "HTTP_X_FORWARDED_PROTO"


def tell(current: CurrentRequest, state: AppState) -> None:
    """Log, once each, what is wrong with the address of a request."""
    app, request = current.app, current.request
    unread = list(unread_headers(request))
    found = [*unread, *foreign_domain(app, request)]
    if _host(request) not in LOOPBACK:
        is_https = (state.config.redirect_uri or "").startswith("https:")
        found += [] if unread or is_https else dropped_cookies(state, request)
        found += unknown_hosts(app)
    for each in found:
        state.problem_log.tell(each)


def unread_headers(request: Request) -> Iterator[Problem]:
    """Find a proxy that speaks https with browsers, of which the app knows nothing."""
    environ = request.environ
    if request.scheme != "http":
        return
    spoken, has_fix = environ.get(_PROTO, ""), _OF_PROXY_FIX in environ
    if spoken.rpartition(",")[2].strip().lower() == "https" and not has_fix:
        yield warning(
            "X-Forwarded-Proto",
            "says https, but nobody reads it, so that the app takes its own URLs for "
            "http, and the tenant may refuse them. Behind a proxy that sets the header "
            "itself, put app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1) "
            "into the app (werkzeug.middleware.proxy_fix)",
            "unread_forwarded_proto",
        )
    if has_fix and not spoken and any(map(environ.get, _FORWARDED)):
        yield warning(
            "X-Forwarded-Proto",
            "is not sent by the proxy, which sends other headers, so that the app "
            "takes its own URLs for http: let the proxy set it, in nginx with "
            "proxy_set_header X-Forwarded-Proto $scheme",
            "missing_forwarded_proto",
        )


def dropped_cookies(state: AppState, request: Request) -> Iterator[Problem]:
    """Find a request without https, whose answer's cookies browsers drop."""
    if are_cookies_secure(state.config) and not request.is_secure:
        yield warning(
            "AUTH0_COOKIE_SECURE",
            "is on, as it is by default, but the app is visited over http, so that "
            "browsers drop its cookies: use https; behind a proxy that does, set up "
            "werkzeug.middleware.proxy_fix.ProxyFix, and let the proxy send "
            "X-Forwarded-Proto",
            "dropped_cookies",
        )


def foreign_domain(app: Flask, request: Request) -> Iterator[Problem]:
    """Find a domain of cookies that the host of a request is not in."""
    domain = app.session_interface.get_cookie_domain(app)
    host = _host(request)
    if domain and not f".{host}".endswith(f".{domain.lstrip('.').lower()}"):
        yield warning(
            domain_key(app),
            f"is {domain}, so that browsers drop the cookies of {host}, to which this "
            "request has come: leave it out, or set it to that host or a domain above "
            "it",
            "foreign_cookie_domain",
        )


def _host(request: Request) -> str:
    """Return the host of a request, without a port and the brackets of IPv6."""
    return re.sub(":[0-9]+$", "", request.host).strip("[]").lower()


def domain_key(app: Flask) -> str:
    """Return the key that says for which domain the cookies of an app are."""
    is_ours = state_of(app).config.cookie_domain == app.config["SESSION_COOKIE_DOMAIN"]
    return "AUTH0_COOKIE_DOMAIN" if is_ours else "SESSION_COOKIE_DOMAIN"


def unknown_hosts(app: Flask) -> Iterator[Problem]:
    """Find that the sender of a request decides about the host of its callback."""
    config = state_of(app).config
    is_known = config.redirect_uri or app.config["TRUSTED_HOSTS"]
    if is_known or is_development(vars(config), app.config):
        return
    if not (app.subdomain_matching and app.config["SERVER_NAME"]):
        yield warning(
            "TRUSTED_HOSTS",
            "is not set: where the tenant sends the browser after a login is the Host "
            "of the request, which its sender chooses. Set it to the hosts of this "
            "app, or set AUTH0_REDIRECT_URI",
            "unknown_hosts",
        )
