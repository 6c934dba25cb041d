"""Flask's session cookie, set up as the ``AUTH0_COOKIE_*`` and durations say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from ..config import Config
from ..runtime.logger import logger_of
from .lifetime import LastsAsLogins, flasks_limit
from .sealing import derive_key
from .server.interface import StoredSessionInterface

_LIFETIME = "PERMANENT_SESSION_LIFETIME"


def signing_keys(config: Config) -> list[bytes]:
    """Return the keys that sign Flask's session in an app without a ``SECRET_KEY``."""
    purpose = config.purpose("SECRET_KEY")
    return [derive_key(secret, purpose) for secret in config.secret]


def set_up_cookie(app: Flask, config: Config) -> None:
    """Set Flask's ``SESSION_COOKIE_*``, except for keys that the app has set itself."""
    wanted = {
        "SESSION_COOKIE_DOMAIN": config.cookie_domain,
        "SESSION_COOKIE_PATH": config.cookie_path,
        "SESSION_COOKIE_SAMESITE": config.cookie_same_site,
        "SESSION_COOKIE_SECURE": config.secure,
    }
    for key, value in wanted.items():
        if value is not None and _is_default(app, key):
            app.config[key] = value
    _set_up_lifetime(app, config)
    # Writing the whole session in each request would undo writes of other requests.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False


def idle_limit(app: Flask, config: Config) -> Callable[[], float] | None:
    """Return a function for the seconds that a user may be idle, by Flask's keys.

    An app that lets no request renew its session limits active users as well.
    """
    if not (config.session_rolling and app.config["SESSION_REFRESH_EACH_REQUEST"]):
        return None
    return flasks_limit(app)


def _set_up_lifetime(app: Flask, config: Config) -> None:
    absolute = timedelta(seconds=config.session_absolute_duration)
    if _is_default(app, _LIFETIME):
        # Flask's session must last as long as the state whose id it has. On a server,
        # it must not last much longer, since a browser that is gone logs nobody out.
        is_kept = isinstance(app.session_interface, StoredSessionInterface)
        theirs = absolute if is_kept else app.permanent_session_lifetime
        app.config[_LIFETIME] = max(absolute, theirs)
    if idle_limit(app, config) is not None:
        if isinstance(app.session_interface, LastsAsLogins):
            app.session_interface.login_lifetime = absolute
        return
    ours = min(config.session_absolute_duration, config.session_inactivity_duration)
    if app.permanent_session_lifetime.total_seconds() < ours:
        logger_of(app).warning(
            "PERMANENT_SESSION_LIFETIME is shorter than AUTH0_SESSION_*_DURATION. It "
            "ends sessions so many seconds after the login, however active the user is."
        )


def _is_default(app: Flask, key: str) -> bool:
    return bool(app.config[key] == Flask.default_config[key])
