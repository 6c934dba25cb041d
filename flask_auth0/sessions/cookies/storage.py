"""The compartment as cookies: each part of a state split over as many as it needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from flask import current_app, session

from ...errors import SessionTooLarge
from ..sealing import Sealer
from ..storage_contract import BODY, HEAD, PARTS, Entry
from .jar import (
    CookieJar,
    PendingCookie,
    cookie_jar,
    cookie_name,
    cookie_size,
    transaction_name,
)
from .response_size import OF_ENDED, OF_FORMER, OF_LOGIN, require_room

#: Bytes of one cookie. Browsers drop one whose name, value and attributes are more
#: than 4096 (RFC 6265, section 6.1), and say nothing.
PIECE = 3500
#: Bytes of all cookies of a request. gunicorn and nginx refuse a header of 8 KB.
HEADER = 8000
#: Bytes kept free for what the app puts into its own session later.
RESERVE = 500
#: Of pieces that came several times, so many combinations are tried.
COMBINATIONS = 16
#: The cookie that says when the user was active.
_VISIT = "visit"
#: A moment has fewer digits than that.
_DIGITS = 12


class CookieCompartment:
    """Keeps a state in the browser.

    :param sealer: tells what is ours of that which is not encrypted.
    :param transient: whether the cookies end with the browser's own session.
    """

    def __init__(self, sealer: Sealer, transient: bool) -> None:
        self._sealer = sealer
        self._transient = transient

    def read(self, record: str, part: str) -> Sequence[str]:
        """Return what may be a part: nothing, if a piece of any part is missing."""
        jar, prefix = cookie_jar(), cookie_name("")
        texts = {each: _joined(jar, prefix + each) for each in PARTS}
        return texts[part] if all(texts.values()) else ()

    def has_body(self, pair: str) -> bool:
        """Tell whether a body has come that names itself so."""
        first = cookie_jar().values(_name(BODY, 0))
        return any(each.partition(".")[2].startswith(f"{pair}.") for each in first)

    def visited_at(self, record: str) -> float | None:
        """Return when the user was active, if that is newer than the head."""
        values = cookie_jar().values(cookie_name(_VISIT))
        found = [self._visit(record, each) for each in values[:COMBINATIONS]]
        return max(filter(None, found), default=None)

    def _visit(self, record: str, value: str) -> float | None:
        at, _, tag = value.partition(".")
        if not (at.isascii() and at.isdigit() and len(at) < _DIGITS):
            return None
        return float(at) if self._sealer.has_tag(f"{record} {at}", tag) else None

    def note_visit(self, record: str, now: int, max_age: int) -> None:
        """Note that the user is active, beside the state: what another answer changes
        of that meanwhile must stay whole.
        """
        value = f"{now}.{self._sealer.tag(f'{record} {now}')}"
        age = None if self._transient else max_age
        cookie_jar().set(cookie_name(_VISIT), value, age)

    def undo(self) -> None:
        """Let the browser keep what it has, or has got from another answer."""
        for part in (*PARTS, _VISIT):
            cookie_jar().withdraw(cookie_name(part))

    def create(
        self,
        entry: Entry,
        parts: Mapping[str, str],
        max_age: int,
        *,
        replaces: Entry | None = None,
    ) -> bool:
        """Keep a state in the place of whatever state the browser has.

        :raises SessionTooLarge: when a browser could not send it back, or would not
            get it.
        """
        is_first = not cookie_jar().names(cookie_name(HEAD))
        self._write(parts, max_age, OF_LOGIN if is_first else OF_LOGIN + OF_ENDED)
        return True

    def update(self, record: str, parts: Mapping[str, str], max_age: int) -> bool:
        """Replace parts of the state."""
        if current_app.config.get("SECRET_KEY_FALLBACKS"):
            # What names the state outlives an older key as well: Flask signs it anew.
            session.modified = True
        self._write(parts, max_age, 0)
        return True

    def _write(self, parts: Mapping[str, str], max_age: int, reserved: int) -> None:
        """Set the cookies of some parts; those of larger ones that were there go."""
        jar, age = cookie_jar(), None if self._transient else max_age
        pieces = {part: _split(part, text) for part, text in parts.items()}
        _check_size(jar, pieces)
        old = [name for part in parts for name in jar.names(cookie_name(part))]
        new = {name: value for each in pieces.values() for name, value in each.items()}
        cookies = {name: PendingCookie(None, 0) for name in old}
        cookies |= {name: PendingCookie(value, age) for name, value in new.items()}
        require_room(jar.lines(cookies), reserved + OF_FORMER * len(jar.former))
        for name in old:
            jar.delete(name)
        for name, value in new.items():
            jar.set(name, value, age)

    def delete(self, entry: Entry) -> None:
        """Forget whatever state the browser has."""
        jar = cookie_jar()
        for part in (*PARTS, _VISIT):
            for name in jar.names(cookie_name(part)):
                jar.delete(name)

    discard = delete


def _name(part: str, number: int) -> str:
    return cookie_name(f"{part}{number}")


def _split(part: str, text: str) -> dict[str, str]:
    """Return the cookies of a part; the first one says how many there are."""
    count = -(-(len(text) + len("00.")) // PIECE)
    text = f"{count:02}.{text}"
    starts = range(0, len(text), PIECE)
    return {_name(part, n): text[i : i + PIECE] for n, i in enumerate(starts)}


def _joined(jar: CookieJar, name: str) -> list[str]:
    """Return what the cookies of a part have, unless one of them is missing.

    Where one came several times, each combination counts: only what belongs together
    opens.
    """
    return list(itertools.islice(_combinations(jar, name), COMBINATIONS))


def _combinations(jar: CookieJar, name: str) -> Iterator[str]:
    for first in jar.values(f"{name}0"):
        count, _, text = first.partition(".")
        if count.isascii() and count.isdigit() and len(count) == 2:
            others = [jar.values(f"{name}{n}") for n in range(1, int(count))]
            for rest in itertools.product(*others):
                yield text + "".join(rest)


def _check_size(jar: CookieJar, pieces: Mapping[str, Mapping[str, str]]) -> None:
    replaced = tuple(cookie_name(part) for part in pieces)
    others = jar.size_of_others(transaction_name(), *replaced)
    before = sum(cookie_size(name, jar.get(name) or "") for name in jar.names(replaced))
    size = sum(cookie_size(*each) for part in pieces.values() for each in part.items())
    limit = HEADER - RESERVE - others
    # What arrived with this request may be written again, whatever else grew meanwhile;
    # compressed, the same content is a few bytes more or less each time.
    if size > limit and size > before + RESERVE:
        raise SessionTooLarge(size, max(limit, 0))
