"""Names that begin with ``__Host-``, under which no other host can set a cookie."""

from __future__ import annotations

import re

from flask import Flask, Request
from flask.sessions import SessionInterface
from werkzeug.datastructures import MultiDict

from ...config import Config
from ...runtime.cookie_jar import OURS, CookieJar
from ...runtime.logger import logger_of
from ...runtime.request import request_of
from .flags import are_cookies_secure

#: The prefix (RFC 6265bis, section 4.1.3).
HOST_PREFIX = "__Host-"
#: The part of a transaction's name that comes after our prefix.
_TRANSACTION = "tx_"
#: The cookies of a session: Flask's, and those beside it.
_OF_SESSION = re.compile(rf"({OURS}((head|body)\d+|visit))?")


class OwnNames(SessionInterface):
    """Names a session's cookie with ``__Host-``, where that is configured."""

    #: The settings of the app, if they allow the prefix.
    config: Config | None = None

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name of the session's cookie in the current request."""
        name, config = super().get_cookie_name(app), self.config
        if config is None or not _can_be_the_hosts_own(self, app, config, name):
            return name
        return HOST_PREFIX + name

    def former_cookie_name(self, app: Flask) -> str | None:
        """Return the name under which the cookie may still come, if there is one."""
        config = self.config
        if config is None or config.cookie_host_prefix != "migrate":
            return None
        name = super().get_cookie_name(app)
        return name if _can_be_the_hosts_own(self, app, config, name) else None

    def take_former_names(self, app: Flask, request: Request) -> None:
        """Rename cookies of a request from their former names to the present ones.

        A cookie with the prefix wins over one without, which any host of the domain can
        have set.
        """
        former = self.former_cookie_name(app)
        if former is not None:
            _rename(request_of(app, request).jar, former)


def transaction_prefix(jar: CookieJar, config: Config) -> str:
    """Return the beginning of the names of transactions' cookies.

    The name has the prefix where browsers accept it: with a transaction from another
    host of the domain, a stranger's login could be completed here.
    """
    if jar.transactions is None:
        name, interface = jar.prefix + _TRANSACTION, jar.app.session_interface
        is_own = _can_be_the_hosts_own(interface, jar.app, config, name)
        jar.transactions = HOST_PREFIX + name if is_own else name
    return jar.transactions


def _can_be_the_hosts_own(
    interface: SessionInterface, app: Flask, config: Config, name: str
) -> bool:
    """Tell whether browsers accept a session cookie of this name with the prefix."""
    return (
        not _has_prefix(name)
        and interface.get_cookie_domain(app) is None
        and interface.get_cookie_path(app) == "/"
        and are_cookies_secure(config)
    )


def former_name(app: Flask) -> str | None:
    """Return the former name of the session's cookie in the current request, if any."""
    interface = app.session_interface
    if isinstance(interface, OwnNames):
        return interface.former_cookie_name(app)
    return None


def is_of_session(name: str, cookie: str) -> bool:
    """Tell whether a cookie is part of the session whose own cookie has a name."""
    return name.startswith(cookie) and bool(_OF_SESSION.fullmatch(name, len(cookie)))


def _rename(jar: CookieJar, former: str) -> None:
    sent = jar.sent
    names = {
        name: f"{HOST_PREFIX}{name}" for name in sent if is_of_session(name, former)
    }
    taken = {old: new for old, new in names.items() if new not in sent}
    found = [
        (taken.get(name, name), value)
        for name, value in sent.items(multi=True)
        if name not in names or name in taken
    ]
    jar.rename(MultiDict(found), {new: old for old, new in taken.items()})


def set_up_host_prefix(app: Flask, config: Config) -> None:
    """Let the session interface use names with ``__Host-``, or log why it cannot."""
    interface, wanted = app.session_interface, config.cookie_host_prefix
    obstacle = _obstacle(app)
    if isinstance(interface, OwnNames):
        interface.config = config if wanted in {"true", "migrate"} else None
    if obstacle is not None:
        _warn_that_it_is_in_vain(app, config, obstacle)
    elif wanted is None and isinstance(interface, OwnNames) and config.secure:
        logger_of(app).warning(
            "Other hosts of this domain can set session cookies for this app. Set "
            "AUTH0_COOKIE_HOST_PREFIX to true, or to migrate where users are logged "
            "in; or to false if all of those hosts are yours."
        )


def warn_of_unprefixed_interface(app: Flask, config: Config) -> None:
    """Say that the app has put a session interface of its own in the place of ours."""
    if not isinstance(app.session_interface, OwnNames):
        reason = "the session_interface is neither Flask's nor one of this extension"
        _warn_that_it_is_in_vain(app, config, reason)


def _warn_that_it_is_in_vain(app: Flask, config: Config, reason: str) -> None:
    if config.cookie_host_prefix in {"true", "migrate"}:
        logger_of(app).warning(
            "AUTH0_COOKIE_HOST_PREFIX is %s, but the names of session cookies stay as "
            "they are: %s.",
            config.cookie_host_prefix,
            reason,
        )


def _has_prefix(name: str) -> bool:
    return name.lower().startswith(("__host-", "__secure-"))


def _obstacle(app: Flask) -> str | None:
    """Return why the app's cookies cannot have the prefix, or need none."""
    interface = app.session_interface
    if _has_prefix(interface.get_cookie_name(app)):
        return "SESSION_COOKIE_NAME has a prefix of its own"
    if interface.get_cookie_domain(app) is not None:
        return "SESSION_COOKIE_DOMAIN is set"
    if interface.get_cookie_path(app) != "/":
        return "their path is not /"
    return None
