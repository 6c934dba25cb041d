"""Settings that are missing or wrong."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True):
    """A setting that is missing or wrong, with its remedy."""

    key: str
    remedy: str
    #: A word for programs, which stays the same when the sentence changes.
    code: str = "wrong_setting"
    #: Whether the app works all the same, so that it starts, and the log has a warning.
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.key} {self.remedy}"

    @property
    def sentence(self) -> str:
        """The problem as a line of the log has it."""
        return f"{self}" if self.remedy.endswith("?") else f"{self}."


def warning(key: str, remedy: str, code: str) -> Problem:
    """Return the problem of a setting with which an app starts all the same."""
    return Problem(key, remedy, code, is_warning=True)


def key_of(name: str) -> str:
    """Return the configuration key of an option."""
    return f"AUTH0_{name.upper()}"
