"""The compartment as cookies: each part of a state split over as many as it needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from flask import session
from msgspec import Struct

from ...config import Config
from ...errors import SessionTooLarge
from ...runtime.cookie_jar import (
    CookieJar,
    PendingCookie,
    cookie_size,
    size_together,
)
from ..labels import NAME_LENGTH
from ..sealing import Sealer
from ..storage_contract import BODY, HEAD, PARTS, Entry, Head
from .host_prefix import transaction_prefix
from .response_size import OF_ENDED, OF_FORMER, OF_LOGIN, require_room

#: Bytes of one cookie. Browsers drop one whose name, value and attributes are more
#: than 4096 (RFC 6265, section 6.1), and say nothing.
PIECE = 3500
#: Bytes of all cookies of a request. gunicorn and nginx refuse a header of 8 KB.
HEADER = 8000
#: Bytes kept free for later additions of the app to its own session.
RESERVE = 500
#: The most combinations that are tried, if pieces came several times.
COMBINATIONS = 16
#: The beginning of the names of cookies that are kept apart from the session.
APART = "apart_"
#: The cookie that says when the user was active.
VISIT = "visit"
#: The part of the names of notes about forms that a login came in between.
SENT = "sent_"
_OTHER = {HEAD: BODY, BODY: HEAD}
#: The most digits of a moment, in seconds since the epoch.
_DIGITS = 12


class CookieCompartment(Struct, frozen=True, eq=False):
    """Keeps a state in the browser that has sent a request."""

    #: The cookies of the request.
    _jar: CookieJar
    #: Makes and checks the tag of the visit cookie, which is not encrypted.
    _sealer: Sealer
    _config: Config

    def read(self, record: str, part: str) -> Sequence[str]:
        """Return the texts that may be a part; none if a piece of a part is missing."""
        values, prefix = self._jar.values, self._jar.prefix
        if not _joined(values, prefix + _OTHER[part]):
            return ()
        return _joined(values, prefix + part)

    def read_head(self, record: str) -> Head:
        """Return the texts that may be the head, and when the user was active since."""
        values, prefix = self._jar.values, self._jar.prefix
        visits = values.get(prefix + VISIT)
        visited_at = self._visited_at(record, visits) if visits else None
        # The count of the pieces comes before the name. Without their ends the texts
        # are short, whose rest is tokens.
        firsts = values.get(f"{prefix}{BODY}0", ())
        bodies = [each[len("00.") : len("00.") + NAME_LENGTH] for each in firsts]
        is_whole = _joined(values, prefix + BODY)
        texts = _joined(values, prefix + HEAD) if is_whole else ()
        return Head(texts, visited_at, bodies)

    def _visited_at(self, record: str, visits: Sequence[str]) -> float | None:
        found = [self._visit(record, each) for each in visits[:COMBINATIONS]]
        return max(filter(None, found), default=None)

    def _visit(self, record: str, value: str) -> float | None:
        at, _, tag = value.partition(".")
        if not (at.isascii() and at.isdigit() and len(at) < _DIGITS):
            return None
        return float(at) if self._sealer.has_tag(f"{record} {at}", tag) else None

    def note_visit(self, record: str, now: int, max_age: int) -> None:
        """Note that the user is active in a cookie beside the state, so that a state
        that another response sets meanwhile stays whole.
        """
        value = f"{now}.{self._sealer.tag(f'{record} {now}')}"
        self._jar.set(self._jar.prefix + VISIT, value, self._age(max_age))

    def undo(self) -> None:
        """Leave the cookies as the browser has them."""
        for part in (*PARTS, VISIT):
            self._jar.withdraw(self._jar.prefix + part)

    def create(self, parts: Mapping[str, str], max_age: int) -> None:
        """Keep a state, in place of any that the browser has.

        :raises SessionTooLarge: when it does not fit into a request, or a response.
        """
        old = self._names(parts)
        is_first = not any(each.startswith(self._jar.prefix + HEAD) for each in old)
        reserved = OF_LOGIN if is_first else OF_LOGIN + OF_ENDED
        # The login ends the anonymous session of the browser.
        is_ending = self._config.clear_anonymous_session_on_login
        ending = [self._jar.prefix + APART] if is_ending else []
        self._write(parts, max_age, old, reserved, ending)

    def update(self, record: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of the state."""
        if self._jar.app.config.get("SECRET_KEY_FALLBACKS"):
            # Flask signs its session anew, which has the name of the state, with the
            # newest key.
            session.modified = True
        self._write(parts, max_age, self._names(parts), 0)
        return True

    def _names(self, parts: Iterable[str]) -> list[str]:
        """Return the names of the cookies that the browser has of some parts."""
        return self._jar.names(tuple(self._jar.prefix + part for part in parts))

    def _write(
        self,
        parts: Mapping[str, str],
        max_age: int,
        old: list[str],
        reserved: int,
        ending: Iterable[str] = (),
    ) -> None:
        """Set the cookies of some parts, in place of older ones.

        :param ending: the prefixes of cookies that this response deletes.
        """
        jar, age = self._jar, self._age(max_age)
        new: dict[str, str] = {}
        for part, text in parts.items():
            new |= _split(jar.prefix + part, text)
        self._check_size([*(jar.prefix + part for part in parts), *ending], old, new)
        cookies = {name: PendingCookie(None, 0) for name in old}
        cookies |= {name: PendingCookie(value, age) for name, value in new.items()}
        reserved += OF_FORMER * len(jar.former)
        limit = self._config.response_header_limit
        require_room(jar.lines(cookies), reserved, limit)
        jar.replace(old, new, age)

    def delete(self, entry: Entry) -> None:
        """Delete any state that the browser has."""
        jar = self._jar
        for name in self._names((*PARTS, VISIT)):
            jar.delete(name)

    discard = delete

    def _age(self, max_age: int) -> int | None:
        return None if self._config.cookie_transient else max_age

    def _check_size(
        self, replaced: Iterable[str], old: list[str], new: Mapping[str, str]
    ) -> None:
        jar = self._jar
        others = jar.size_of_others(transaction_prefix(jar, self._config), *replaced)
        size, limit = size_together(new), HEADER - RESERVE - others
        if size <= limit:
            return
        forms = jar.names(jar.prefix + SENT)
        limit += sum(cookie_size(name, jar.values[name][0]) for name in forms)
        if forms and size <= limit:
            # A session is worth more than a form that waits for its user.
            jar.replace(forms, {}, None)
            return
        before = size_together({name: jar.values[name][0] for name in old})
        # A state that fitted into this request may be written again, even if other
        # cookies have grown; compression varies its size by a few bytes.
        if size > before + RESERVE:
            raise SessionTooLarge(size, max(limit, 0))


def _split(name: str, text: str) -> dict[str, str]:
    """Return the cookies of a part; the first one has their number."""
    count = -(-(len(text) + len("00.")) // PIECE)
    text = f"{count:02}.{text}"
    starts = range(0, len(text), PIECE)
    return {f"{name}{n}": text[i : i + PIECE] for n, i in enumerate(starts)}


def _joined(values: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    """Return the joined pieces of a part, unless one of them is missing.

    If a piece came several times, all combinations are returned: only pieces that
    belong together open.
    """
    firsts = values.get(f"{name}0", ())
    if len(firsts) == 1 and firsts[0].startswith("01."):
        # Most parts are one piece, which came once.
        return (firsts[0][3:],)
    found: list[str] = []
    for first in firsts:
        count, _, text = first.partition(".")
        if len(count) == 2 and count.isascii() and count.isdigit():
            others = [values.get(f"{name}{n}", ()) for n in range(1, int(count))]
            pieces = itertools.islice(itertools.product(*others), COMBINATIONS)
            found += [text + "".join(rest) for rest in pieces]
    return found[:COMBINATIONS]
