"""Flask-Session's interface, made of a back end."""

from __future__ import annotations

import functools
import re
import secrets
import time
import typing as t
from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Flask, Request, Response
from flask_session.base import ServerSideSession, ServerSideSessionInterface
from flask_session.defaults import Defaults
from itsdangerous import BadSignature, Signer

from ...errors import SessionStoreUnavailable
from ...runtime import error_handlers
from ...runtime.cookie_jar import session_cookie_flags
from ...runtime.logger import logger_of
from ...runtime.owner import Owner
from ...runtime.request import CurrentRequest, current_request, request_of
from ..attended import Attended
from ..cookies.duplicates import MOST_OF_ONE_NAME, one_of
from ..cookies.host_prefix import OwnNames
from ..lazy import Found, LazySession, Watch
from ..lifetime import LastsAsLogins
from ..stores.base import BackEnd, Rest, TooLargeForStore
from .prefetch import SECRET, Prefetch
from .serializer import SafeSerializer

#: Seconds for which a back end that has answered is taken to be up.
LATELY = 1.0
#: Flask-Session's parameters, and the keys of the configuration for them.
_COMMON = {
    "key_prefix": "SESSION_KEY_PREFIX",
    "use_signer": "SESSION_USE_SIGNER",
    "permanent": "SESSION_PERMANENT",
    "sid_length": "SESSION_ID_LENGTH",
    "serialization_format": "SESSION_SERIALIZATION_FORMAT",
}


class StoredSessionInterface(
    LastsAsLogins, OwnNames, Attended, ServerSideSessionInterface
):
    """Keeps Flask's session in a back end.

    :param settings: Flask-Session's keys.
    """

    session_class: type[ServerSideSession] = LazySession
    serializer: SafeSerializer
    #: Called with a session that has been read; empties it if its login is over.
    watch: Watch | None = None

    def __init__(
        self, app: Flask, settings: Mapping[str, t.Any], back_end: BackEnd
    ) -> None:
        self.back_end = back_end
        self.ttl: bool = back_end.ttl
        common = {name: _setting(settings, key) for name, key in _COMMON.items()}
        often = settings.get("SESSION_CLEANUP_N_REQUESTS")
        super().__init__(app, **common, cleanup_n_requests=often)
        self.serializer = SafeSerializer(app, common["serialization_format"])
        #: The place where the last partial removal of expired sessions has stopped.
        self._unpruned: Rest = None
        # A cookie of another form than token_urlsafe() makes reaches no back end.
        length = len(self._new_sid())
        self.prefetch: Prefetch = Prefetch(back_end, length)
        self._sid_pattern = re.compile(f"[A-Za-z0-9_-]{{{length}}}")

    @property
    def client(self) -> t.Any:
        """The driver's client, as the interfaces of Flask-Session have it."""
        return self.back_end.client

    # Flask-Session's operations.

    def _retrieve_session_data(self, store_id: str) -> dict[str, t.Any] | None:
        return self._content(current_request(), store_id)

    def _upsert_session(
        self,
        session_lifetime: timedelta,
        session: ServerSideSession,
        store_id: str,
    ) -> None:
        value = self.serializer.encode(session)
        max_age = int(session_lifetime.total_seconds())
        self.back_end.ask(self.back_end.keep, store_id, value, max_age)

    def _delete_session(self, store_id: str) -> None:
        self.back_end.ask(self.back_end.remove, store_id)

    def _delete_expired_sessions(self) -> None:
        pruned = self.back_end.ask(self.back_end.prune, self._unpruned)
        self._unpruned = pruned.rest if pruned else None

    def _cleanup_n_requests(self) -> None:
        # Flask-Session picks requests at random; this one may not need the back end.
        self.back_end.attempt_if_well(super()._cleanup_n_requests, None)

    def require_answer(self) -> None:
        """Raise an error if the back end does not answer."""
        self.back_end.ask(self.back_end.fetch, f"{self.key_prefix}?")

    def require_recent_answer(self) -> None:
        """Raise an error if the back end does not answer, and has not just done so."""
        if time.monotonic() - self.back_end.answered_at > LATELY:
            self.require_answer()

    def regenerate(self, session: LazySession) -> None:  # type: ignore[override]
        """Give a session a new id; the old one is removed once the new one is kept."""
        session.load()
        session.rename(self._new_sid())

    def begin_anew(self, session: LazySession, record: str) -> None:
        """Give a session a new id as :meth:`regenerate` does, for a new login.

        A logout in another tab ends the session before, and not this one.

        :param record: the name of the login's state. The id begins with it if that
            leaves enough that nobody can guess, so that both are read together.
        """
        sid = self._new_sid()
        is_secret = len(sid) >= len(record) + SECRET
        session.begin_anew(record + sid[len(record) :] if is_secret else sid)

    def open_session(self, app: Flask, request: Request) -> LazySession:
        """Return the session of a request, which is not read yet."""
        if self.config is not None:
            self.take_former_names(app, request)
        session = LazySession(functools.partial(self._read, app, request))
        session.owner = Owner(request)
        return session

    def save_session(  # type: ignore[override]
        self, app: Flask, session: LazySession, response: Response
    ) -> None:
        """Keep a session if it has changed, and set the cookie with its id.

        If the back end fails, the response becomes the error's.
        """
        if self.before_saving is not None:
            owner = getattr(session, "owner", None)
            self.before_saving(owner and owner(), response)
        if session.is_loaded or session.modified:
            self._save_loaded(app, session, response)

    def _save_loaded(
        self, app: Flask, session: LazySession, response: Response
    ) -> None:
        if session.accessed:
            response.vary.add("Cookie")
        if not (session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"]):
            return
        try:
            self._save_if_needed(app, session, response)
        except SessionStoreUnavailable as error:
            error_handlers.become(
                response, app.make_response(error_handlers.answer(app, error))
            )
        except TooLargeForStore as error:
            logger_of(app).error("A session is too large to be kept: %s bytes.", error)
            self._forget(app, session, response)

    def _new_sid(self) -> str:
        return secrets.token_urlsafe(self.sid_length)

    def _checked_sid(self, app: Flask, cookie: str) -> str | None:
        if self.use_signer and cookie:
            try:
                cookie = _signer(app).unsign(cookie).decode()
            except (BadSignature, UnicodeError):
                return None
        return cookie if self._sid_pattern.fullmatch(cookie) else None

    def _read(self, app: Flask, request: Request) -> Found:
        current = request_of(app, request)
        jar = current.jar
        cookies = jar.values.get(jar.session_name, ())[:MOST_OF_ONE_NAME]
        checked = filter(None, (self._checked_sid(app, cookie) for cookie in cookies))
        sids = list(dict.fromkeys(checked))
        if self.use_signer and not sids and any("." in each for each in cookies):
            current.note_misfit("SECRET_KEY")
        return self._found(current, sids)

    def _found(self, current: CurrentRequest, sids: Sequence[str]) -> Found:
        known = current.outage, current.jar.session_name
        read = [(sid, self._content(current, self.key_prefix + sid)) for sid in sids]
        found = [(sid, content) for sid, content in read if content is not None]
        if len(found) > 1:
            chosen = one_of(current.jar, [content for _, content in found])
            found = [each for each in found if each[1] is chosen]
        for sid, content in found:
            watch = self.watch and functools.partial(self.watch, current)
            return Found(sid, content, True, watch, *known)
        new = {"_permanent": True} if self.permanent else {}
        return Found(self._new_sid(), new, False, None, *known)

    def _content(
        self, current: CurrentRequest, store_id: str
    ) -> dict[str, t.Any] | None:
        value = self.prefetch.read_session(current, store_id)
        return None if value is None else self.serializer.decode(value)

    def _save_if_needed(
        self, app: Flask, session: LazySession, response: Response
    ) -> None:
        def save() -> bool:
            self._save(app, session, response)
            return True

        if session.is_over and not session:
            # Deleting an emptied session whose login is over can wait.
            self.back_end.attempt_if_well(save, False)
        elif not session.is_ended or not session:
            save()
        elif not self.back_end.attempt(save, False):
            # A logout must not fail for data that the app keeps after it.
            self._forget(app, session, response)

    def _save(self, app: Flask, session: LazySession, response: Response) -> None:
        if session.is_lost:
            if session.modified and response.status_code < 500:
                raise SessionStoreUnavailable()
        elif not session:
            if session.modified and self.has_ended(session):
                # The browser may have the cookie of a newer session by now.
                session.modified = False
            elif session.modified:
                self._forget(app, session, response)
        elif self.should_set_storage(app, session) and self._keep(app, session):
            self._remove_replaced(session)
            if self.should_set_cookie(app, session):
                self._set_cookie(app, session, response)

    def _keep(self, app: Flask, session: LazySession) -> bool:
        """Keep a session, unless it has ended since it was read. Return whether it is
        kept: otherwise the browser may have another one by now.
        """
        sid, value = session.sid, self.serializer.encode(session)
        max_age = int(self.lifetime_of(app, session).total_seconds())
        kept = self.key_prefix + sid, value, max_age
        back_end, outage = self.back_end, session.outage
        if session.found_as == sid:
            return back_end.ask_in(outage, functools.partial(back_end.replace, *kept))
        if self.has_ended(session):
            return False
        back_end.ask_in(outage, functools.partial(back_end.keep, *kept))
        return True

    def has_ended(self, session: LazySession) -> bool:
        """Tell whether the back end has a session no more that was found in it.

        :raises SessionStoreUnavailable: when the back end does not say.
        """
        if session.found_as is None:
            return False
        store_id = self.key_prefix + session.found_as
        return self.back_end.ask(self.back_end.fetch, store_id) is None

    def _remove_replaced(self, session: LazySession) -> None:
        for sid in session.replaced:
            self._delete_session(self.key_prefix + sid)

    def _set_cookie(self, app: Flask, session: LazySession, response: Response) -> None:
        value = session.sid
        if self.use_signer:
            value = _signer(app).sign(value).decode()
        expires = self.get_expiration_time(app, session)
        name = self._name_of(app, session)
        response.set_cookie(
            name, value, expires=expires, **session_cookie_flags(self, app)
        )
        response.vary.add("Cookie")

    def _forget(self, app: Flask, session: LazySession, response: Response) -> None:
        self._remove_replaced(session)
        self._delete_session(self.key_prefix + session.sid)
        # Browsers ignore the deletion of a prefixed cookie without the attributes that
        # its prefix requires.
        response.delete_cookie(
            self._name_of(app, session), **session_cookie_flags(self, app)
        )
        response.vary.add("Cookie")

    def _name_of(self, app: Flask, session: LazySession) -> str:
        """Return the name of a session's cookie, as its request knows it."""
        return session.cookie_name or self.get_cookie_name(app)


def _signer(app: Flask) -> Signer:
    # Flask-Session signs with one key only, so that a new key would log all users out.
    keys = [*(app.config.get("SECRET_KEY_FALLBACKS") or []), app.secret_key]
    return Signer(keys, salt="flask-session", key_derivation="hmac")


def _setting(settings: Mapping[str, t.Any], key: str) -> t.Any:
    return settings[key] if settings.get(key) is not None else getattr(Defaults, key)
