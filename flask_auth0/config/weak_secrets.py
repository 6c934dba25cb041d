"""Secrets that can be guessed offline, from a cookie."""

from __future__ import annotations

import re
import typing as t
import zlib
from collections.abc import Mapping
from itertools import pairwise

SHORTEST = 32
#: The fewest different characters in a random secret of 32, and the fewest different
#: distances between neighbours.
_FEWEST = 8
#: The secret keys in Flask's documentation, which many copy.
_KNOWN = {
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "5f352379324c22463451387a0aec5d2f",
}
#: The words that examples, ours among them, have in place of a secret.
_EXAMPLES = re.compile(
    "opensslrand|change(me|this|it)|replace(me|this|with)|randomlygenerated|longrandom"
    "|insecure|placeholder|atleast32|32(characters|bytes)|secretfortests"
    "|^(your|my)(super|auth0|flask|app|session|very|long|secret)"
)
#: The words that are common in secrets made up by people. A pattern of them takes a
#: millisecond of each start to compile.
_COMMON = """
    password passwd passw0rd passphrase secret secrets key keys token tokens session
    sessions cookie cookies flask auth0 auth oauth oidc app application server client
    user users admin login quickstart tutorial example examples sample samples demo
    default local localhost company project dev develop developer development test tests
    testing prod production staging web website python change changed changeme replace
    please must should generate generated random randomly string value super very really
    long enough strong secure safe private hidden unsafe weak char chars character
    characters byte bytes bit bits nobody somebody know knows guess will never only some
    something any anything this that the your our with before and not for from letmein
    welcome hello world iloveyou dragon monkey correct horse battery staple qwerty
    qwertz qwertyuiop qwertzuiop asdf asdfghjkl zxcvbn zxcvbnm abc abcdef foo bar baz
    0123 01234 012345 0123456 01234567 012345678 0123456789 01234567890
    123 1234 12345 123456 1234567 12345678 123456789 1234567890
    is it my in of to me be do on at use as
"""
_WORDS = frozenset(_COMMON.split())
#: The length of the longest of them.
_LONGEST = max(map(len, _WORDS))
#: The fewest characters besides such words in a random secret.
_LEAST = 12

_REMEDY = (
    "whoever has a cookie can find it out and make sessions of any user; make a new "
    "one with: openssl rand -hex 64 (AUTH0_ALLOW_WEAK_SECRET=true accepts it anyway)"
)


def weaknesses(values: Mapping[str, t.Any]) -> list[str]:
    """Return the problems of all secrets; an old one opens what a new one seals."""
    secrets = values.get("secret", ())
    found = []
    for number, secret in enumerate(secrets, 1):
        weakness = weakness_of(secret)
        which = f"has a secret, number {number}, that " if len(secrets) > 1 else ""
        if weakness:
            found.append(f"{which}{weakness}, so that {_REMEDY}")
    return found


def weakness_of(secret: str) -> str | None:
    """Return why a secret can be guessed, as the end of a sentence, or ``None``."""
    if len(secret) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if secret.lower() in _KNOWN or _EXAMPLES.search(_letters_and_digits(secret)):
        return "is an example that everybody can look up"
    if _repeats(secret):
        return "repeats the same few characters"
    if len(set(secret)) < _FEWEST or len(_steps(secret)) < _FEWEST:
        return "has too few different characters"
    if len(zlib.compress(secret.encode(), 9)) < SHORTEST:
        return "repeats the same few characters, with something else between or behind"
    if _besides_words(_letters_and_digits(secret)) < _LEAST:
        return "is made of words that everybody tries first"
    return None


def _letters_and_digits(secret: str) -> str:
    return re.sub("[^a-z0-9]", "", secret.lower())


def _besides_words(text: str) -> int:
    """Return how many characters of a text are in none of the words."""
    besides = at = 0
    while at < len(text):
        lengths = range(_LONGEST, 1, -1)
        length = next((n for n in lengths if text[at : at + n] in _WORDS), 0)
        besides += not length
        at += length or 1
    return besides


def _repeats(secret: str) -> bool:
    """Tell whether a secret is one short text, repeated."""
    period = _period(secret)
    return period < SHORTEST and 2 * period <= len(secret)


def _period(secret: str) -> int:
    """Return the period of a secret, in characters."""
    return next(n for n in range(1, len(secret) + 1) if secret.startswith(secret[n:]))


def _steps(secret: str) -> set[int]:
    """Return the distances between neighbouring characters: one, in "abcd"."""
    return {ord(b) - ord(a) for a, b in pairwise(secret)}
