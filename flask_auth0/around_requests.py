"""The work of the extension before and after each request of an app."""

from __future__ import annotations

import contextlib
import functools
import threading
import typing as t

from flask import Flask, request, request_finished, request_started
from werkzeug.wrappers import Response

from . import caching, deployment, views
from .app_state import AppState
from .runtime import telemetry
from .runtime.cookie_jar import OURS
from .runtime.request import (
    CurrentRequest,
    answered_request,
    current_request,
    note_answer,
    note_dispatch,
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

#: The work for each app that is set up, which keeps the app. Back ends of sessions have
#: connections as long as the process lives, and drivers warn of one that is collected.
_kept: list[AroundRequests] = []


class AroundRequests:
    """The work of the extension before and after each request of an app.

    Requests that ask nobody who they are pay for it, too, so that it is little for
    them. Of all that Flask calls with each request, its session interface costs least,
    and a signal most.
    """

    def __init__(self, app: Flask, state: AppState) -> None:
        self._app, self._state = app, state
        #: Receives the signal before the app's own receivers, which may change the
        #: session. Blinker calls first what was connected first, but methods in any
        #: order.
        self._starts = functools.partial(self._start)
        #: The app's session interface, if it is one of ours.
        self._ours: Attended | None = None
        #: Whether Flask calls the hooks that do without it.
        self._has_hooks = False
        self._adding = threading.Lock()
        if isinstance(app.session_interface, Attended):
            self._ours = app.session_interface
            self._ours.after_saving = self.complete
        # The signal is sent before all hooks of the app.
        request_started.connect(self._starts, app)
        _kept.append(self)

    def _start(self, sender: Flask, **more: t.Any) -> None:
        """Do what comes before all hooks of the app, which may change the session."""
        note_dispatch()
        if self._app.session_interface is not self._ours:
            self._state.state_store.look(current_request())

    def begin(self) -> None:
        """Notice a first request after a login, and check views that are new."""
        current = note_dispatch()
        if _NOTE in current.environ.get("HTTP_COOKIE", ""):
            self._begin_after_login(current_request())
        if len(self._state.checked_views) < len(self._app.view_functions):
            self._check_views()

    def _begin_after_login(self, current: CurrentRequest) -> None:
        current.is_perhaps_after_login = may_have_token(current.request)
        if not current.is_perhaps_after_login:
            repeated_logins.note_request(current, self._state)

    def _check_views(self) -> None:
        if not self._state.checked_views:
            if self._app.session_interface is self._ours and self._is_first():
                # It fails if another app is set up now. Then the signal goes on.
                with contextlib.suppress(RuntimeError):
                    request_started.disconnect(self._starts)
            for each in deployment.at_first_request(self._app, request.script_root):
                self._state.problem_log.tell(each)
            self._trace()
            host_prefix.warn_of_unprefixed_interface(self._app, self._state.config)
            whole_app.warn_of_unknown_endpoints(self._app, self._state.config)
            guard_mistakes.find_mistakes_before_views(self._app, self._state.config)
        guard_mistakes.find_mistakes()
        csrf.exempt(self._app, views.views_without_forms(self._state.config))

    def _is_first(self) -> bool:
        """Tell whether :meth:`begin` comes before all that the app does in a request.

        Flask lets it add no more by now.
        """
        if any(r != self._starts for r in request_started.receivers_for(self._app)):
            return False
        preprocessors = self._app.url_value_preprocessors.items()
        if any(found and name not in views.OWN for name, found in preprocessors):
            return False
        return self._app.before_request_funcs[None][0] == self.begin

    def _trace(self) -> None:
        """Let the back end be seen by OpenTelemetry, which is set up by now if ever."""
        back_end = self._state.state_store.meeting_point(self._app)
        if back_end is not None and telemetry.is_set_up():
            back_end.trace()

    def finish(self, response: Response) -> Response:
        """Put cookies and headers on a response, before Flask saves its session."""
        current, state = note_answer(), self._state
        if self._app.session_interface is not self._ours:
            # It may set a cookie, whoever has asked for what.
            self._use_hooks()
            current = current_request()
        if current is None:
            if response.is_streamed:
                caching.watch_stream(response, state.late_views)
            return response
        if not self._app.secret_key:
            # Flask has no session to be saved, of which it could be told.
            self._use_hooks()
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
        return caching.protect(current, response, state.late_views)

    def _use_hooks(self) -> None:
        """Do without an interface of ours: the app can set its own at any time."""
        with self._adding:
            if self._has_hooks:
                return
            self._has_hooks = True
            request_started.connect(self._starts, self._app)
            request_finished.connect(self._hear_of_end, self._app)

    def _hear_of_end(self, sender: Flask, response: Response, **more: t.Any) -> None:
        self.complete(response)

    def complete(self, response: Response) -> None:
        """Do, in this order, the work that waits until Flask has saved its session."""
        current, state = answered_request(), self._state
        if current is None:
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


def _may_have_forms(current: CurrentRequest) -> bool:
    """Tell whether the browser may have notes about forms, or gets one."""
    header = request.environ.get("HTTP_COOKIE", "")
    is_noted = current.jar.prefix + AUTHOR in current.jar.pending
    return is_noted or _AUTHOR in header or _SENT in header
