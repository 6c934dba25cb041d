"""What is left of Flask's session when the login is over that it belongs to."""

from __future__ import annotations

from flask.sessions import SessionMixin

from ..runtime.contexts import this_app, this_request

#: What Flask-Login looks for in a session before it logs in whom its cookie names, and
#: what it finds there after its own logout.
_REMEMBER, _CLEAR = "_remember", "clear"


def empty(session: SessionMixin) -> None:
    """Empty it, and let Flask-Login forget whom it remembers."""
    session.clear()
    if _has_remember_cookie():
        session[_REMEMBER] = _CLEAR


def _has_remember_cookie() -> bool:
    app = this_app()
    if not hasattr(app, "login_manager"):
        return False
    name = app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
    return name in this_request().cookies
