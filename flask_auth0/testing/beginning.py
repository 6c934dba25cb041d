"""Begins and ends sessions as requests do, without a request of the app's own."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from flask import Flask
from werkzeug.wrappers import Response

from ..app_state import AppState, state_of
from ..client.dispatch import store_options
from ..errors import ConfigurationError
from ..runtime import loop
from ..runtime.request import CurrentRequest, current_request
from ..sessions.cookies.flags import secure_cookies
from ..sessions.storage_contract import KEY
from ..signals import user_logged_out
from . import offline
from .given import Given, state_for

#: Changes the session of the current request.
Change = Callable[[CurrentRequest, AppState], None]


def refuse_production(app: Flask) -> None:
    """Refuse an app that may have real users.

    :raises ConfigurationError: where it is neither in testing nor in debug mode.
    """
    if not (app.testing or app.debug):
        raise ConfigurationError(
            f"The app '{app.name}' is neither in testing nor in debug mode, and "
            "flask_auth0.testing needs no password. Set app.testing = True before."
        )


def beginning(given: Given, *, hooks: bool = False) -> Change:
    """Return what logs a user in.

    :param hooks: whether the app is told of it, as after a login.
    """

    def begin(current: CurrentRequest, state: AppState) -> None:
        current.is_dispatched = hooks
        token = given.refresh_token_in_use
        offline.prepare(state.client, token, given.refresh)
        domain = state.domains.of(current)
        kept = state_for(given, state, domain, token)
        _wait(state, state.state_store.begin(kept, store_options(current)))
        tell, current.tell_of_login = current.tell_of_login, None
        if tell is not None:
            tell()

    return begin


def ending(*, hooks: bool = False) -> Change:
    """Return what logs the user out.

    :param hooks: whether the signal ``user_logged_out`` is sent.
    """

    def end(current: CurrentRequest, state: AppState) -> None:
        user = _wait(state, state.client.get_user())
        _wait(state, state.state_store.delete(KEY, store_options(current)))
        if hooks:
            user_logged_out.send(current.app, user=user)

    return end


def response_to(app: Flask, environ: dict[str, t.Any], change: Change) -> Response:
    """Return a response with the cookies of a changed session."""
    refuse_production(app)
    with app.request_context(environ):
        current, state = current_request(), state_of(app)
        change(current, state)
        response = app.response_class()
        current.jar.write_to(response)
        if current.collected is not None:
            current.collected.copy_to(response)
        app.session_interface.save_session(app, current.session, response)
        secure_cookies(app, response, state.config)
    return response


def _wait(state: AppState, work: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
    return loop.run(work, timeout=state.config.timeout)
