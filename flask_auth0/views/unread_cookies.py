"""Notices cookies that come back and do not open, and stops logins that this repeats.

Workers that have different secrets cannot read what others have sealed. So the note in
the browser is a plain one. Whoever could set it for somebody else's browser could keep
that from the app in any case, with more cookies than servers accept.
"""

from __future__ import annotations

import re

from ..app_state import AppState
from ..config import Problem, warning
from ..errors import LoginLoop
from ..pages import Text
from ..runtime.request import CurrentRequest
from ..sessions.cookies.sweeping import LOGIN_NOTE
from ..sessions.flask_session import signing_keys

#: The end of the name of the note.
_NOTE = "unread"
#: Seconds for which the note lasts, and between two lines of the log on the same key.
WINDOW = 60
#: The most logins that begin again because cookies do not open.
MOST = 2
#: The keys that may not fit, by their letters in the note.
_KEYS = {"a": "AUTH0_SECRET", "s": "SECRET_KEY"}
#: How many logins have begun again, and which keys have not fitted since the last one.
_FORM = "([0-9])([as]{0,2})"
_SAME = (
    "does not fit {what} that a browser has sent back. All workers and hosts of the "
    "app need the same one, and none that is made anew at each start{more}. After a "
    "change, {rotation}. Another app at this host, at whichever port, needs another "
    "SESSION_COOKIE_NAME"
)
_REMEDIES = {
    "AUTH0_SECRET": _SAME.format(
        what="a session or a login",
        more=", with the same AUTH0_DOMAIN and AUTH0_CLIENT_ID",
        rotation="the old one has to stay in the list: AUTH0_SECRET=new,old",
    ),
    "SECRET_KEY": _SAME.format(
        what="the signature of a session cookie",
        more="",
        rotation="the old one has to be in SECRET_KEY_FALLBACKS",
    ),
}


def note(current: CurrentRequest, state: AppState) -> None:
    """Log which keys do not fit, once in a while, and note it if a login came before.

    A browser may have old cookies: those of a login a moment ago have to open.
    """
    for key in sorted(current.misfits):
        state.problem_log.tell(_problem(current, state, key), WINDOW)
    jar, name = current.jar, current.jar.prefix + _NOTE
    if _is_soon_after_login(current) and not jar.is_waiting(name):
        number, before = _noted(current)
        letters = "".join(k for k, v in _KEYS.items() if v in current.misfits | before)
        jar.set(name, f"{number}{letters}", WINDOW, crosses_sites=True)


def cause_login(current: CurrentRequest) -> bool:
    """Tell whether cookies of the last login have not opened, here or before."""
    _, before = _noted(current)
    return bool(before or (current.misfits and _is_soon_after_login(current)))


def count(current: CurrentRequest, state: AppState) -> LoginLoop | None:
    """Count a login that begins again because cookies do not open.

    :return: the error that stops it, after :data:`MOST`.
    """
    jar, name = current.jar, current.jar.prefix + _NOTE
    number, before = _noted(current)
    if jar.is_waiting(name):
        # The callback of this request has counted it.
        return None
    if number + 1 >= MOST:
        jar.delete(name)
        return unread(current, state, before)
    jar.set(name, str(number + 1), WINDOW, crosses_sites=True)
    return None


def unread(
    current: CurrentRequest, state: AppState, before: frozenset[str] = frozenset()
) -> LoginLoop:
    """Return the error for a browser whose cookies this app cannot read."""
    found = sorted(current.misfits | before)
    problems = dict.fromkeys(_problem(current, state, each) for each in found)
    error = LoginLoop(
        Text(
            "Your browser sends back its cookies, but this site cannot read them. You "
            "can do nothing about it: whoever runs this site finds the reason in its "
            "log."
        ),
        remedy=" ".join(f"{each}." for each in problems),
    )
    error.is_lasting = True
    return error


def forget(current: CurrentRequest) -> None:
    """Forget the note, for example after a logout."""
    current.jar.delete(current.jar.prefix + _NOTE)


def _is_soon_after_login(current: CurrentRequest) -> bool:
    """Tell whether somebody has logged in within a minute, whoever can read that."""
    return current.jar.prefix + LOGIN_NOTE in current.jar.sent


def _problem(current: CurrentRequest, state: AppState, key: str) -> Problem:
    if current.app.secret_key == signing_keys(state.config)[0]:
        # The app has no SECRET_KEY of its own.
        key = "AUTH0_SECRET"
    return warning(key, _REMEDIES[key], "unread_cookies")


def _noted(current: CurrentRequest) -> tuple[int, frozenset[str]]:
    """Return the number and the keys of the note that the browser has."""
    texts = current.jar.values.get(current.jar.prefix + _NOTE)
    found = re.fullmatch(_FORM, texts[0]) if texts else None
    if found is None:
        return 0, frozenset()
    return int(found[1]), frozenset(_KEYS[letter] for letter in found[2])
