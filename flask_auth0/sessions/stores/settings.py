"""How a back end says what is wrong with its settings."""

from __future__ import annotations

from .causes import sentence


class BadSetting(Exception):
    """A setting is wrong, or the server that it names does not answer.

    :param key: of the configuration.
    :param remedy: what to do, without any password.
    """

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(key, remedy)
        self.key: str = key
        self.remedy: str = remedy


def no_answer(key: str, where: str, error: BaseException) -> BadSetting:
    """Return the problem of a server that is down, or that refuses to work."""
    return BadSetting(key, sentence(where, error))
