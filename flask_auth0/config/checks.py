"""Checks of settings that contradict each other."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from .problems import Problem, key_of
from .routes import ROUTES


def contradictions(values: Mapping[str, t.Any]) -> list[Problem]:
    """Find keys whose values do not go together."""
    return [
        *_same_paths(values),
        *_no_same_site(values),
        *_no_host_prefix(values),
        *_no_callback(values),
        *_no_guard(values),
        *_no_audience(values),
        *_no_organization(values),
    ]


def _same_paths(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    given = [(e, path) for e in ROUTES.values() if (path := values.get(e.key, e.path))]
    paths = [path + each.below for each, path in given]
    if len(set(paths)) < len(paths):
        keys = dict.fromkeys(key_of(each.key) for each, _ in given)
        yield Problem(", ".join(keys), "must not be the same path")


def _no_same_site(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    is_insecure = values.get("cookie_secure") is False
    if is_insecure and values.get("cookie_same_site") == "None":
        yield Problem(
            "AUTH0_COOKIE_SAME_SITE",
            "is None, which browsers accept for Secure cookies only; "
            "leave AUTH0_COOKIE_SECURE on",
        )


def _no_host_prefix(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find settings that browsers do not accept for cookies named ``__Host-``."""
    found = {
        "AUTH0_COOKIE_DOMAIN": values.get("cookie_domain") is not None,
        "AUTH0_COOKIE_PATH": values.get("cookie_path", "/") != "/",
        "AUTH0_COOKIE_SECURE": values.get("cookie_secure") is False,
    }
    keys = " and ".join(key for key, is_in_the_way in found.items() if is_in_the_way)
    if not keys or values.get("cookie_host_prefix") not in {"true", "migrate"}:
        return
    remedy = (
        f"needs cookies that are Secure, for the path / and without a domain; leave "
        f"{keys} out, or set this to false"
    )
    yield Problem("AUTH0_COOKIE_HOST_PREFIX", remedy)


def _no_callback(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    path = values.get("callback_path", ROUTES["callback"].path)
    redirect_uri = values.get("redirect_uri")
    if not path and redirect_uri is None:
        yield Problem(
            "AUTH0_REDIRECT_URI", "is needed when AUTH0_CALLBACK_PATH is empty"
        )
    if not path or redirect_uri is None:
        return
    route, configured = values.get("url_prefix", "") + path, urlsplit(redirect_uri).path
    if not configured.endswith(route):
        yield Problem(
            "AUTH0_REDIRECT_URI",
            f"ends in {configured or '/'}, but the callback is served at {route}; "
            "change one of AUTH0_REDIRECT_URI, AUTH0_CALLBACK_PATH, AUTH0_URL_PREFIX",
        )


def _no_guard(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find endpoints that are said to be open, in an app that is not guarded."""
    if values.get("public_endpoints") and not values.get("protect_app"):
        yield Problem(
            "AUTH0_PUBLIC_ENDPOINTS",
            "leaves endpoints open, and nothing closes the others; set "
            "AUTH0_PROTECT_APP as well",
        )


def _no_audience(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find a route that gives tokens to scripts, where nobody says of which API."""
    named = values.get("audience") or values.get("access_token_audiences")
    if values.get("access_token_path") and not named:
        yield Problem(
            "AUTH0_ACCESS_TOKEN_PATH",
            "gives access tokens to scripts, and names no API; set AUTH0_AUDIENCE or "
            "AUTH0_ACCESS_TOKEN_AUDIENCES",
        )


def _no_organization(values: Mapping[str, t.Any]) -> Iterator[Problem]:
    """Find logins that would pass by the organization of an app."""
    if values.get("passwordless_path") and values.get("organization"):
        yield Problem(
            "AUTH0_PASSWORDLESS_PATH",
            "logs in to no organization, and AUTH0_ORGANIZATION is for every login; "
            "leave one of them out",
        )


def missing_certificates(environ: Mapping[str, str]) -> list[Problem]:
    """Find missing files of certificates, which the error of ``ssl`` would not name."""
    keys = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    wrong = [
        key for key in keys if environ.get(key) and not os.path.exists(environ[key])
    ]
    remedy = (
        "names what is not there: {}; unset it, or set it to a file of certificates. A "
        "development tenant makes a new one whenever it starts"
    )
    return [Problem(key, remedy.format(environ[key])) for key in wrong]
