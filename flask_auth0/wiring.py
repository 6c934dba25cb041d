"""What the extension adds to an app: its routes, hooks and error handlers."""

from __future__ import annotations

import typing as t

from auth0_server_python.error import (
    AccessTokenError,
    AccessTokenForConnectionError,
    ApiError,
    SessionExpiredError,
)
from flask import Flask, request_finished, request_started
from werkzeug.wrappers import Response

from . import caching, views
from .app_state import state_of
from .client import repeated_callbacks
from .client.store_options import copy_collected
from .client.translation import translate
from .config import is_development
from .errors import Auth0Error
from .runtime import error_handlers
from .runtime.contexts import this_app
from .runtime.dispatched import note_dispatch
from .runtime.workers import are_several
from .sessions.cookies import host_prefix
from .sessions.cookies.flags import secure_cookies
from .sessions.cookies.jar import write_cookies
from .sessions.cookies.renaming import move
from .sessions.cookies.sweeping import sweep
from .sessions.session_store import SessionStore
from .user import current_user
from .views import backchannel, decorator_order, own_urls, repeated_logins
from .views.error_links import offer_way_on
from .views.oversized_responses import fit

#: What the SDK raises when the tenant, and not the app, is the reason.
_SDK_ERRORS = (
    AccessTokenError,
    AccessTokenForConnectionError,
    ApiError,
    SessionExpiredError,
)


def _handle_sdk_error(error: Exception) -> t.Any:
    """Answer for a view that awaits ``client`` and does not handle its errors."""
    translation = translate(error)
    offer_way_on(translation)
    return error_handlers.answer(this_app(), translation)


def _answer(error: Auth0Error) -> t.Any:
    """Answer an error, or what lies behind it: that nobody trusts the host."""
    refusal = own_urls.refusal_of_host()
    if refusal is not None:
        return error_handlers.answer(this_app(), refusal)
    return error.get_response()


def _keep_answers(app: Flask) -> None:
    """Answer errors of the extension as they are, unless the app has a handler.

    A handler for all HTTP exceptions, as REST frameworks have one, would leave out the
    page and the way to log in.
    """
    if Auth0Error not in app.error_handler_spec[None][None]:
        app.register_error_handler(Auth0Error, _answer)


def register(app: Flask) -> None:
    """Add it all to an app that has its parts."""
    state = state_of(app)
    _warn_of_deaf_route(app)
    _keep_answers(app)
    _warn_of_workers(app)
    _warn_of_hosts(app)
    for kind in _SDK_ERRORS:
        app.register_error_handler(kind, _handle_sdk_error)
    app.register_blueprint(views.make_blueprint(state.config))
    app.context_processor(_template_names)
    backchannel.exempt_from_csrf(app, views.backchannel_logout_view)

    # Before all that the app itself does before a request, and whatever answers it.
    request_started.connect(note_dispatch, app)
    state.state_store.watch(app)

    @app.before_request
    def begin() -> None:
        repeated_logins.note_request()
        if len(state.checked_views) < len(app.view_functions):
            if not state.checked_views:
                host_prefix.warn_of_other_interface(app, state.config)
            decorator_order.warn_of_wrong_order()
            backchannel.exempt_from_csrf(app, views.backchannel_logout_view)

    @app.after_request
    def finish(response: Response) -> Response:
        repeated_logins.note_response(response)
        state.state_store.settle()
        write_cookies(response)
        copy_collected(response)
        return caching.protect(response)

    def complete(sender: Flask, response: Response, **more: t.Any) -> None:
        """Do, in this order, what waits until Flask has saved its session."""
        fit(response, state.state_store)
        sweep(response, state.config)
        move(response, state.config, state.state_store.is_as_sent)
        secure_cookies(response, state.config)
        repeated_callbacks.complete(response)

    request_finished.connect(complete, app, weak=False)
    app.teardown_request(repeated_callbacks.end)


def _template_names() -> dict[str, t.Any]:
    """Return what is in every template, and let imported macros have it as well.

    Those see nothing but globals. At the start it would be too soon to add one: an app
    can still change the options of its Jinja environment.
    """
    this_app().jinja_env.globals.setdefault("current_user", current_user)
    return {"current_user": current_user}


def _warn_of_workers(app: Flask) -> None:
    """Say that several processes lose tokens which they do not know of each other."""
    state = state_of(app)
    with app.app_context():
        if not _are_in_cookies_alone(state.state_store):
            return
    is_seen = are_several()
    if is_seen or "offline_access" in state.config.scope.split():
        app.logger.warning(
            "Sessions are in cookies, and %s. Where two processes use a refresh token, "
            "or change a session, at the same moment, one of them loses it: set "
            "AUTH0_REVOCATION_STORE or SESSION_TYPE.",
            "several processes serve the app"
            if is_seen
            else "refresh tokens with them",
        )


def _are_in_cookies_alone(store: SessionStore) -> bool:
    """Tell whether no back end knows of the sessions."""
    return store.are_in_cookies() and store.meeting_point() is None


def _warn_of_hosts(app: Flask) -> None:
    """Say that whoever sends a request decides where its login ends."""
    config = state_of(app).config
    is_known = config.redirect_uri or app.config["TRUSTED_HOSTS"]
    if is_known or is_development(vars(config), app.config):
        return
    if not (app.subdomain_matching and app.config["SERVER_NAME"]):
        app.logger.warning(
            "Where the tenant sends the browser after a login is the Host of the "
            "request, which its sender chooses: set TRUSTED_HOSTS to the hosts of this "
            "app, or AUTH0_REDIRECT_URI."
        )


def _warn_of_deaf_route(app: Flask) -> None:
    """Say that the tenant cannot end sessions, where nobody knows which there are."""
    state = state_of(app)
    if not state.config.backchannel_logout_path:
        return
    with app.app_context():
        if _are_in_cookies_alone(state.state_store):
            app.logger.warning(
                "Back-channel logout does not work with sessions in cookies: set "
                "SESSION_TYPE or AUTH0_REVOCATION_STORE, or turn the route off with an "
                "empty AUTH0_BACKCHANNEL_LOGOUT_PATH."
            )
