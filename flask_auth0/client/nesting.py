"""Refuses JSON of strangers that is nested too deeply, before it is parsed."""

from __future__ import annotations

import base64

#: The number of brackets above which no part of a token is parsed.
_MANY = 32


def nests_deeply(text: bytes) -> bool:
    """Tell whether parsing this JSON may reach Python's recursion limit.

    Finalizers that the garbage collector runs meanwhile would reach the limit as well,
    and fail halfway.
    """
    return text.count(b"[") + text.count(b"{") > _MANY


def refuse_deep_header(token: str) -> None:
    """Refuse a token whose header is nested too deeply to be parsed.

    :raises ValueError: with the reason.
    """
    _refuse_deep(token.partition(".")[0], "header")


def refuse_deep_claims(token: str) -> None:
    """Refuse a token whose claims are, where its sender has signed them itself.

    :raises ValueError: with the reason.
    """
    _refuse_deep(token.partition(".")[2].partition(".")[0], "payload")


def _refuse_deep(part: str, name: str) -> None:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        # PyJWT says what is wrong with a token that is none.
        return
    if nests_deeply(text):
        raise ValueError(f"Its {name} is nested too deeply.")
