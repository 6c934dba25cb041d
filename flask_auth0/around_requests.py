"""The work of the extension before and after each request of an app."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable

from flask import Flask, Request, request, request_finished, request_started
from werkzeug.wrappers import Response

from . import caching, deployment, views
from .app_state import AppState
from .runtime import telemetry
from .runtime.cookie_jar import OURS
from .runtime.request import (
    ANSWERED,
    ATTRIBUTE,
    DISPATCHED,
    STAGE,
    CurrentRequest,
    current_request,
)
from .sessions.attended import Attendant, Attended
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

#: The work for each app that is set up, which keeps the app. Back ends of sessions have
#: connections as long as the process lives, and drivers warn of one that is collected.
_kept: list[AroundRequests] = []


class AroundRequests(Attendant):
    """The work of the extension before and after each request of an app.

    Requests that ask nobody who they are pay for it, too. So none of it is a hook or
    the receiver of a signal, each of which costs more than all of this together.
    """

    def __init__(self, app: Flask, state: AppState) -> None:
        self._app, self._state = app, state
        #: Flask's method that answers the current request.
        self._answer = app.full_dispatch_request
        app.full_dispatch_request = self.answer  # type: ignore[method-assign, assignment]
        #: The method that saves sessions, if the app's interface is one of ours.
        self._saves: Callable[..., None] | None = None
        #: Whether Flask calls the hooks that do without it.
        self._has_hooks = False
        self._adding = threading.Lock()
        #: Whether the app's own code tells who the user is, which may need what hooks
        #: prepare. Those that are older than the extension come first then.
        self._asks_app = state.state_store.needs_loop or state.domains.fixed is None
        if self._asks_app:
            app.before_request(self._begin_after_login)
        if isinstance(app.session_interface, Attended):
            self._saves = app.session_interface.save_session
            app.session_interface.attendant = self
        else:
            self.use_hooks()
        _kept.append(self)

    def answer(self, *args: t.Any) -> Response:
        """Do what comes before all that the app does in a request, and let Flask answer
        it.

        :param args: the context of the request, since Flask 3.2.
        """
        if not (self._has_hooks or self._is_attended()):
            self.use_hooks()
        current = _dispatched()
        if len(self._state.checked_views) < len(self._app.view_functions):
            self._check_views(current.script_root)
        if not self._asks_app and _NOTE in current.environ.get("HTTP_COOKIE", ""):
            self._begin_after_login()
        return self._answer(*args)

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
        """Put cookies and headers on a response, before its session is saved."""
        if getattr(answered, STAGE, None) is None:
            # Flask does not answer it: a test changes its session.
            return
        setattr(answered, STAGE, ANSWERED)
        current, state = getattr(answered, ATTRIBUTE, None), self._state
        if current is None:
            if response.is_streamed:
                caching.watch_stream(response, state.late_views)
            return
        if current.jar.is_sent:
            # A hook of the app has saved the session already.
            return
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
        if current.collected is not None:
            current.collected.copy_to(response)
        caching.protect(current, response, state.late_views)

    def use_hooks(self) -> None:
        """Do without an interface of ours: the app can set its own at any time."""
        with self._adding:
            if self._has_hooks:
                return
            self._has_hooks = True
            # The first signal is sent before all hooks, which may change the session.
            request_started.connect(self._hear_of_start, self._app)
            request_finished.connect(self._hear_of_end, self._app)
            # Flask calls the first one last. By its own way it lets none be added now.
            hooks = self._app.after_request_funcs.setdefault(None, [])
            hooks.insert(0, self._finish_unattended)

    def _hear_of_start(self, sender: Flask, **more: t.Any) -> None:
        if not self._is_attended():
            self._state.state_store.look(current_request())

    def _finish_unattended(self, response: Response) -> Response:
        if not (self._is_attended() and self._app.secret_key):
            # Another interface may set a cookie, whoever has asked for what.
            self.finish(current_request().request, response)
        return response

    def _hear_of_end(self, sender: Flask, response: Response, **more: t.Any) -> None:
        if not (self._is_attended() and self._app.secret_key):
            self.complete(current_request().request, response)

    def _is_attended(self) -> bool:
        """Tell whether an interface of ours saves sessions, and the app lets it."""
        return bool(self._app.session_interface.save_session == self._saves)

    def complete(self, answered: Request | None, response: Response) -> None:
        """Do, in this order, the work that waits until its session has been saved."""
        current, state = getattr(answered, ATTRIBUTE, None), self._state
        if current is None or getattr(answered, STAGE, None) != ANSWERED:
            return
        # A hook of the app may have saved the session already, to be saved again.
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
