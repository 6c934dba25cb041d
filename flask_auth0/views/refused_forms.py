"""Forms that a guard refuses: users are told, or get them back after the login."""

from __future__ import annotations

import re
import typing as t

from flask import Request, make_response, render_template
from msgspec import Struct
from msgspec.structs import astuple
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..app_state import AppState, state_of
from ..runtime.request import CurrentRequest, current_request
from ..sessions.shapes import Moment, Shape
from ..user import load_user
from . import kept_forms, own_urls
from .form_records import Fields
from .guarded import Refusal
from .login_urls import page_to_come_back_to
from .origins import is_from_own_page
from .prefetches import is_prefetch

#: The most bytes of a form that is kept, and the most fields.
LARGEST, MOST_FIELDS = 64_000, 200
#: The end of the name of the cookie that says whose forms a browser shows, and seconds
#: for which it says so.
AUTHOR, KNOWN = "author", 30 * 24 * 3600

_FORMS = frozenset(("application/x-www-form-urlencoded", "multipart/form-data"))
#: The names of fields that are never kept: what is secret, and tokens of a session that
#: is over.
_CONFIDENTIAL = (
    r"(?i)passw|passphrase|passcode|pwd|secret|token|csrf|xsrf|otp|cvv|cvc|card.?n|"
    r"cc.?num|security.?code|credential|api.?key|(?<![a-z])(pass|pin)(?![a-z])|"
    r"(?-i:P(ass|in)(?![a-z]))"
)


class _Author(Struct, frozen=True, array_like=True):
    sub: str
    at: Moment


_AUTHORS = Shape(_Author)


def note_refused(current: CurrentRequest, page: str) -> None:
    """Note that a form was refused, so that its user is told after the login.

    What another site has sent was no form of the user's.

    :param page: the page that the login leads to.
    """
    if is_from_own_page(current.request):
        state = state_of(current.app)
        kept_forms.note(current, state, state.flows.page(page))


def keeping_forms(refusal: Refusal) -> Refusal:
    """Return a refusal that keeps the forms which it answers."""

    def refuse(current: CurrentRequest) -> t.Any:
        answer = refusal(current)
        if answer is not None:
            keep_form(current)
        elif current.token_claims is None:
            _note_author(current, state_of(current.app))
        return answer

    return refuse


def keep_form(current: CurrentRequest) -> None:
    """Keep the fields of a form that was noted, if it is known who has sent it."""
    request, state = current.request, state_of(current.app)
    page = state.flows.page(page_to_come_back_to(request))
    if not kept_forms.is_noted(current, page):
        return
    sub = _user(current, state) or _author(current, state)
    if sub is None or request.mimetype not in _FORMS:
        return
    fields = _fields(request)
    if fields is None:
        kept_forms.refuse_size(current, state, page)
    elif fields:
        kept_forms.keep(current, state, page, sub, fields)


def kept_form() -> MultiDict[str, str] | None:
    """Return the form that the user had sent from this page before the login, if any.

    Fill the page's own form with it, for the user to look at and send again. It is
    returned in one ``GET`` request, and then gone. Views keep forms with
    ``login_required(keep_form=True)``.

    Passwords, tokens and files are not in it.

    .. versionadded:: 0.2
    """
    current = current_request()
    if current.kept_form is None and kept_forms.has(current.jar):
        current.kept_form = _take(current)
    return current.kept_form


def told_what_was_lost(
    current: CurrentRequest, state: AppState, target: str, sub: str | None
) -> Response | None:
    """Return a page that says that a form was not kept, if it was not.

    :param target: the page that the login leads to.
    :param sub: who has logged in.
    """
    whose = _named(current, state, sub)
    lost = kept_forms.lost(current, state, target, whose)
    if lost is None:
        return None
    page = "flask_auth0/not_kept.html"
    return make_response(
        render_template(page, target=target, is_too_large=lost.is_too_large)
    )


def forget_author(current: CurrentRequest) -> None:
    """Forget whose forms the browser shows, after a logout: its next user's are not."""
    current.jar.delete(current.jar.prefix + AUTHOR)


def forget_others(current: CurrentRequest, state: AppState, sub: str) -> None:
    """Forget the forms of others, and whose forms the browser shows, after a login.

    :param sub: who has logged in.
    """
    whose = _named(current, state, sub) or ""
    if _author(current, state) != whose:
        forget_author(current)
    if kept_forms.has(current.jar):
        kept_forms.forget_of_others(current, state, whose)


def _take(current: CurrentRequest) -> MultiDict[str, str] | None:
    request, state = current.request, state_of(current.app)
    if request.method != "GET" or is_prefetch(request):
        return None
    sub = None if current.token_claims is not None else _user(current, state)
    if sub is None:
        return None
    page = state.flows.page(own_urls.current_page())
    fields = kept_forms.take(current, state, page, sub)
    current.when_complete += (_forbid_storing,)
    return MultiDict(fields) if fields else None


def _forbid_storing(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


def _fields(request: Request) -> Fields | None:
    """Return the fields of a form, or ``None`` if there is too much of it."""
    if request.content_length is None or request.content_length > LARGEST:
        return None
    try:
        found = list(request.form.items(multi=True))
    except HTTPException:
        # The app has limits of its own.
        return None
    if len(found) > MOST_FIELDS:
        return None
    return [
        (name, value) for name, value in found if not re.search(_CONFIDENTIAL, name)
    ]


def _note_author(current: CurrentRequest, state: AppState) -> None:
    """Note whose forms the browser shows: a session that is over says it no more."""
    sub, now = _user(current, state), state.clock.time()
    known = _noted_author(current, state)
    if sub is None or current.jar.is_sent:
        return
    if known is None or known.sub != sub or now > known.at + KNOWN / 2:
        name = current.jar.prefix + AUTHOR
        sealed = state.sealer.seal(astuple(_Author(sub, now)), name)
        current.jar.set(name, sealed, KNOWN)


def _user(current: CurrentRequest, state: AppState) -> str | None:
    return _named(current, state, load_user(current, state).sub)


def _named(current: CurrentRequest, state: AppState, sub: str | None) -> str | None:
    """Return a user's name for forms: at another domain, a ``sub`` is another user."""
    if sub is None or state.domains.fixed is not None:
        return sub
    return f"{sub} at {state.domains.of(current)}"


def _author(current: CurrentRequest, state: AppState) -> str | None:
    found = _noted_author(current, state)
    return None if found is None else found.sub


def _noted_author(current: CurrentRequest, state: AppState) -> _Author | None:
    """Return whose forms the browser shows, unless it says more than one name."""
    name = current.jar.prefix + AUTHOR
    opened = (
        state.sealer.open(each, name) for each in current.jar.values.get(name, ())
    )
    found = [each for each in (_AUTHORS.of(o) for o in opened) if each]
    is_known = len({each.sub for each in found}) == 1
    is_fresh = is_known and state.clock.time() < found[0].at + KNOWN
    return found[0] if is_fresh else None
