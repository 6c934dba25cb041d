"""The work of the extension before and after each request of an app."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from flask import Flask, Request, request
from werkzeug.wrappers import Response

from . import caching, deployment, views
from .app_state import AppState
from .runtime import telemetry
from .runtime.cookie_jar import OURS
from .runtime.request import (
    ANSWERED,
    ATTRIBUTE,
    DISPATCHED,
    PROCESSED,
    STAGE,
    CurrentRequest,
    current_request,
)
from .sessions.attended import Attended
from .sessions.cookies import host_prefix
from .sessions.cookies.flags import secure_cookies
from .sessions.cookies.storage import SENT
from .sessions.cookies.sweeping import LOGIN_NOTE, sweep
from .sessions.former_cookie_names import move
from .views import (
    csrf,
    guard_mistakes,
    refused_forms,
    repeated_logins,
    unread_cookies,
    whole_app,
)
from .views.credentials import may_have_token
from .views.oversized_responses import fit
from .views.refused_forms import AUTHOR

#: The end of the name of the note about a login, in the header with all cookies. Most
#: requests have none, and need no parsed cookies to know that.
_NOTE = OURS + LOGIN_NOTE
#: The same of those about forms.
_AUTHOR, _SENT = OURS + AUTHOR, OURS + SENT

#: The attribute for the request for which a response has the headers of the extension.
_FINISHED = "_flask_auth0_finished"

#: The work for each app that is set up, which keeps the app. Back ends of sessions have
#: connections as long as the process lives, and drivers warn of one that is collected.
_kept: list[AroundRequests] = []


class AroundRequests:
    """The work of the extension before and after each request of an app.

    Requests that ask nobody who they are pay for it, too. So it stands in front of two
    methods of the app, and is no hook and no receiver of a signal: each of those would
    add a third at least to what all of this costs.
    """

    def __init__(self, app: Flask, state: AppState) -> None:
        self._app, self._state = app, state
        #: Flask's methods, which answer a request, and save the session of a response.
        self._dispatch, self._process = app.full_dispatch_request, app.process_response
        app.full_dispatch_request = self.dispatch  # type: ignore[method-assign, assignment]
        app.process_response = self.process  # type: ignore[method-assign, assignment]
        #: The app's session interface and what saves its sessions, if it is ours.
        self._ours: Attended | None = None
        self._saves: Callable[..., None] | None = None
        #: Whether the app's own code tells who the user is, which may need what hooks
        #: prepare. Those that are older than the extension come first then.
        self._asks_app = state.state_store.needs_loop or state.domains.fixed is None
        if self._asks_app:
            app.before_request(self._begin_after_login)
        if isinstance(app.session_interface, Attended):
            self._ours = app.session_interface
            self._ours.before_saving = self.finish
            self._saves = self._ours.save_session
        _kept.append(self)

    def dispatch(self, *args: t.Any) -> Response:
        """Do what comes before all that the app does in a request, and let Flask answer
        it.

        :param args: the context of the request, since Flask 3.2.
        """
        current = _dispatched()
        if len(self._state.checked_views) < len(self._app.view_functions):
            self._check_views(current.script_root)
        is_ours = self._app.session_interface is self._ours
        if is_ours and _NOTE not in current.environ.get("HTTP_COOKIE", ""):
            # Most requests need no more.
            return self._dispatch(*args)
        try:
            if not is_ours:
                self._state.state_store.look(current_request())
            if not self._asks_app:
                self._begin_after_login()
        except Exception as error:
            # Flask hands errors to their handlers in the method that this one calls.
            app: t.Any = self._app
            answer = app.handle_user_exception(*args, error)
            return t.cast(Response, app.finalize_request(*args, answer))
        return self._dispatch(*args)

    def process(self, *args: t.Any) -> Response:
        """Let Flask call its hooks and save the session, with what the extension does
        before the session is saved, and after it.

        :param args: the response, after the context of the request since Flask 3.2.
        """
        current: Request = request._get_current_object()  # type: ignore[attr-defined]
        if getattr(current, STAGE, 0) < PROCESSED:
            setattr(current, STAGE, PROCESSED)
        if self._app.session_interface.save_session != self._saves:
            self._finish_by_hook()
        try:
            response = self._process(*args)
        except Exception:
            # A hook has raised it. Where that was on an error page, Flask goes on.
            self.finish(current, args[-1])
            raise
        setattr(current, STAGE, ANSWERED)
        found: CurrentRequest | None = getattr(current, ATTRIBUTE, None)
        if found is not None:
            # No session is saved where there is no key, or an interface skips a path.
            if getattr(response, _FINISHED, None) is not current:
                self.finish(current, response)
            self._complete(found, response)
        elif response.is_streamed:
            caching.watch_stream(response, self._state.late_views)
        return response

    def _begin_after_login(self) -> None:
        """Notice a first request after a login."""
        current = current_request()
        if _NOTE not in current.request.environ.get("HTTP_COOKIE", ""):
            return
        current.is_perhaps_after_login = may_have_token(current.request)
        if not current.is_perhaps_after_login:
            repeated_logins.note_request(current, self._state)

    def _check_views(self, root: str) -> None:
        if not self._state.checked_views:
            for each in deployment.at_first_request(self._app, root):
                self._state.problem_log.tell(each)
            self._trace()
            host_prefix.warn_of_unprefixed_interface(self._app, self._state.config)
            whole_app.warn_of_unknown_endpoints(self._app, self._state.config)
            guard_mistakes.find_mistakes_before_views(self._app, self._state.config)
        guard_mistakes.find_mistakes()
        csrf.exempt(self._app, views.views_without_forms(self._state.config))

    def _trace(self) -> None:
        """Let the back end be seen by OpenTelemetry, which is set up by now if ever."""
        back_end = self._state.state_store.meeting_point(self._app)
        if back_end is not None and telemetry.is_set_up():
            back_end.trace()

    def finish(self, answered: Request | None, response: Response) -> None:
        """Put cookies and headers on a response, before its session is saved.

        An app can save a session at any time, and of its own making; the response to
        the request is under way once Flask processes it.
        """
        if getattr(answered, STAGE, 0) < PROCESSED:
            return
        setattr(answered, STAGE, ANSWERED)
        current: CurrentRequest | None = getattr(answered, ATTRIBUTE, None)
        if current is None or getattr(response, _FINISHED, None) is answered:
            return
        setattr(response, _FINISHED, answered)
        if not current.jar.is_sent:
            self._settle(current, response)
        if current.collected is not None:
            current.collected.copy_to(response)
        caching.protect(current, response, self._state.late_views)

    def _settle(self, current: CurrentRequest, response: Response) -> None:
        """Put the cookies of a request on its response, the first one if it has more:
        after an error, Flask makes another one.
        """
        state = self._state
        if current.is_perhaps_after_login and not current.has_asked_for_token:
            # The token may be a gateway's, and is nothing to the view.
            repeated_logins.note_request(current, state)
        if current.misfits:
            unread_cookies.note(current, state)
        if current.is_after_login:
            repeated_logins.note_response(current, state, response)
        if current.logged_in is not None and _may_have_forms(current):
            refused_forms.forget_others(current, state, current.logged_in)
        if current.found and (current.session.modified or current.jar.pending):
            state.state_store.settle(current)
        if current.jar.pending:
            current.jar.write_to(response)
        current.jar.is_sent = True

    def _finish_by_hook(self) -> None:
        """Add a hook in the place of an interface, which the app can set at any time.

        Flask calls the first hook last, and by its own way it lets none be added now.
        """
        hooks = self._app.after_request_funcs.get(None, [])
        if self._finish_before_saving not in hooks:
            # Other requests go through the list.
            added = [self._finish_before_saving, *hooks]
            self._app.after_request_funcs[None] = added

    def _finish_before_saving(self, response: Response) -> Response:
        if self._app.session_interface.save_session != self._saves:
            # Another interface may set a cookie, whoever has asked for what.
            self.finish(current_request().request, response)
        return response

    def _complete(self, current: CurrentRequest, response: Response) -> None:
        """Do, in this order, the work that waits until its session has been saved."""
        state = self._state
        # After an error, Flask makes another response.
        is_first, current.is_complete = not current.is_complete, True
        if is_first and current.jar.written:
            fit(current, response, state)
        if is_first and (current.jar.is_swept or current.session.modified):
            sweep(current, response, state.config)
        if is_first and current.jar.former:
            move(current, response, state.config, state.state_store.is_as_sent)
        # A look for a header that is absent makes an error, which a list does not.
        if state.config.secure is None and response.headers.getlist("Set-Cookie"):
            secure_cookies(self._app, response, state.config)
        for each in current.when_complete if is_first else ():
            each(response)


def _dispatched() -> Request:
    """Note that Flask has begun to answer the current request, and return that."""
    current: Request = request._get_current_object()  # type: ignore[attr-defined]
    setattr(current, STAGE, DISPATCHED)
    found: CurrentRequest | None = getattr(current, ATTRIBUTE, None)
    if found is not None:
        found.is_dispatched = True
    return current


def _may_have_forms(current: CurrentRequest) -> bool:
    """Tell whether the browser may have notes about forms, or gets one."""
    header = current.request.environ.get("HTTP_COOKIE", "")
    is_noted = current.jar.prefix + AUTHOR in current.jar.pending
    return is_noted or _AUTHOR in header or _SENT in header
