"""Who must be in, who must be out, and of whom nobody can tell: the plain model."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from enum import Enum

from .world import ABSOLUTE, INACTIVITY, UNNOTED


class Verdict(Enum):
    """The states that a session can have to be in."""

    IN = "in"
    OUT = "out"
    #: The outcome was in doubt, or the visit is within the step that is not noted.
    EITHER = "either"


@dataclass
class Login:
    """A session, as everybody would expect it to be."""

    sub: str
    created_at: float
    visited_at: float
    sid: str | None = None
    role: str | None = None
    has_ended: bool = False
    #: Whether something went wrong that may or may not have ended it.
    is_doubtful: bool = False

    def verdict(self, now: float) -> Verdict:
        if self.has_ended:
            return Verdict.OUT
        ends_at = min(self.created_at + ABSOLUTE, self.visited_at + INACTIVITY)
        if now >= ends_at:
            return Verdict.OUT
        surely = min(self.created_at + ABSOLUTE, self.visited_at + INACTIVITY - UNNOTED)
        if self.is_doubtful or now >= surely - 2:
            return Verdict.EITHER
        return Verdict.IN


class Copy(t.NamedTuple):
    """Cookies that somebody has copied."""

    cookies: dict[str, str]
    login: Login


def verdict(login: Login | None, now: float) -> Verdict:
    return Verdict.OUT if login is None else login.verdict(now)
