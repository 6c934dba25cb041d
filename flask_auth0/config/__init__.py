"""The settings of an app: options, its config, and the environment."""

from __future__ import annotations

import difflib
import os
import typing as t
from collections.abc import Mapping
from dataclasses import MISSING
from urllib.parse import urlsplit

from . import client_authentication, development_user
from .checks import contradictions, missing_certificates
from .doubts import doubts, quoted, shared_secret
from .keys import Config, DomainFunction, settings
from .misspelt import nearest, unread
from .problems import Problem, key_of, warning
from .routes import ROUTES, UNGUARDED, Route
from .urls import LOOPBACK, is_plain_loopback
from .values import RESERVED_PARAMETERS
from .weak_secrets import weaknesses

__all__ = [
    "EXTENSION",
    "RESERVED_PARAMETERS",
    "ROUTES",
    "UNGUARDED",
    "Config",
    "DomainFunction",
    "Problem",
    "Route",
    "doubts",
    "is_development",
    "is_plain_loopback",
    "key_of",
    "nearest",
    "quoted",
    "read_config",
    "shared_secret",
    "unread",
    "warning",
    "weaknesses",
]

#: The key of the extension's state in ``app.extensions``.
EXTENSION = "auth0"


def read_config(
    options: Mapping[str, t.Any],
    app_config: Mapping[str, t.Any],
    environ: Mapping[str, str] = os.environ,
) -> tuple[Config | None, list[Problem]]:
    """Read every key: options win over the app's config, and that over the environment.

    :return: the settings, or ``None`` where there are problems, and all the problems.
    """
    values: dict[str, t.Any] = {}
    known = settings()
    if _find("development_user", options, app_config, environ):
        environ = development_user.with_defaults(environ)
    problems = [_unknown(name) for name in options if name not in known]
    for name, setting in known.items():
        try:
            raw = _find(name, options, app_config, environ)
            if raw is not None:
                values[name] = setting.metadata["parse"](raw)
            elif setting.default is MISSING:
                problems.append(_missing(name))
        except ValueError as error:
            problems.append(Problem(key_of(name), str(error)))
        except (TypeError, AttributeError):
            problems.append(Problem(key_of(name), "has a value of the wrong type"))
    if "enterprise_connect" not in options:
        problems += _enterprise_connect(options, app_config, environ)
    wrong = {each.key for each in problems}
    problems += client_authentication.contradictions(values, wrong)
    problems += contradictions(values) + missing_certificates(environ)
    if not (is_development(values, app_config) or values.get("allow_weak_secret")):
        problems += [Problem("AUTH0_SECRET", why) for why in weaknesses(values)]
    problems += development_user.real_users(values, app_config)
    if callable(values.get("domain")):
        values |= {"domain": "", "domain_function": values["domain"]}
    return (None if problems else Config(**values)), problems


def is_development(
    values: Mapping[str, t.Any], app_config: Mapping[str, t.Any]
) -> bool:
    """Tell whether the app is in development or in tests, without real users."""
    if app_config.get("DEBUG") or app_config.get("TESTING"):
        return True
    domain = values.get("domain", "")
    host = None if callable(domain) else urlsplit(f"//{domain}").hostname
    return bool(values.get("allow_development_tenant")) and host in LOOPBACK


def _find(name: str, *sources: Mapping[str, t.Any]) -> t.Any:
    options, app_config, environ = sources
    if options.get(name) is not None:
        return options[name]
    if app_config.get(key_of(name)) is not None:
        return app_config[key_of(name)]
    return environ.get(key_of(name)) or _empty_path(name, environ)


def _empty_path(name: str, environ: Mapping[str, t.Any]) -> str | None:
    """Return "" for a path that is set and empty, which turns its route off."""
    return environ.get(key_of(name)) if name.endswith("_path") else None


#: The options of the SDK that are none here, with the reason.
_OF_THE_SDK = {
    "enterprise_connect": "would keep no session, on which login_required and "
    "current_user rely; start_enterprise_login() works without it",
    "ssl_context": "is made from SSL_CERT_FILE, AUTH0_MTLS_CERT and AUTH0_MTLS_KEY",
}


def _unknown(name: str) -> Problem:
    if name in _OF_THE_SDK:
        return Problem(name, _OF_THE_SDK[name])
    near = difflib.get_close_matches(name, settings(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return Problem(name, f"is not an option of Auth0(){hint}")


def _enterprise_connect(*sources: Mapping[str, t.Any]) -> list[Problem]:
    """Refuse the SDK's mode without sessions, which an app may expect to be on."""
    name = "enterprise_connect"
    asked = str(_find(name, *sources) or "").strip().lower()
    is_off = asked in {"", "false", "0", "no", "off"}
    return [] if is_off else [Problem(key_of(name), _OF_THE_SDK[name])]


def _missing(name: str) -> Problem:
    where = {
        "secret": "make one with: openssl rand -hex 64",
        "domain": "copy it from the application's settings in the Auth0 dashboard",
    }
    hint = where.get(name, where["domain"])
    return Problem(key_of(name), f"is missing in config and environment; {hint}")
