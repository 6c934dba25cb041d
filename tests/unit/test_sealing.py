"""Sealing: what opens, what does not, and rotation."""

from __future__ import annotations

import string
import typing as t

import pytest

from flask_auth0.sessions.sealing import Sealer, derive_key

VALUES: list[t.Any] = [
    {},
    None,
    "",
    {"name": "Ä\u2028\U0001f600", "n": 1, "list": [True, None, 1.5]},
    {"long": "x" * 20000},
    {"of Python's own JSON": [2**70, float("inf")]},
]

#: Characters of base64 for URLs.
ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(["secret"], "purpose")


@pytest.mark.parametrize("value", VALUES)
def test_what_was_sealed_opens(sealer: Sealer, value: t.Any) -> None:
    sealed = sealer.seal(value, "context")
    assert sealer.open(sealed, "context") == value
    assert sealed.isascii()
    assert sealer.seal(value, "context") != sealed


def test_nothing_shows(sealer: Sealer) -> None:
    assert "visible" not in sealer.seal({"a": "visible"}, "context")


def test_only_in_its_context_for_its_purpose_with_its_secret(sealer: Sealer) -> None:
    sealed = sealer.seal("value", "context")
    assert sealer.open(sealed, "other") is None
    assert Sealer(["secret"], "other").open(sealed, "context") is None
    assert Sealer(["other"], "purpose").open(sealed, "context") is None


def test_every_changed_character_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal({"a": 1}, "context")
    for index, character in enumerate(sealed[:-1]):
        changed = "A" if character != "A" else "B"
        assert (
            sealer.open(sealed[:index] + changed + sealed[index + 1 :], "context")
            is None
        )


@pytest.mark.parametrize(("ours", "other"), [("-", "+"), ("_", "/")])
def test_a_text_has_one_spelling(sealer: Sealer, ours: str, other: str) -> None:
    sealed = next(
        each for n in range(1000) if ours in (each := sealer.seal(n, "context"))
    )
    respelled = [sealed.replace(ours, other), f"{sealed}=", f"{sealed}\n", f" {sealed}"]
    assert [sealer.open(each, "context") for each in respelled] == [None] * 4


@pytest.mark.parametrize(
    "text", ["", "a", "ab", "!!!", "ä" * 40, "A" * 40, "\0", "=" * 9]
)
def test_rubbish_opens_to_nothing(sealer: Sealer, text: str) -> None:
    assert sealer.open(text, "context") is None


def test_the_first_secret_seals_and_all_open() -> None:
    old, new = Sealer(["old"], "p"), Sealer(["new", "old"], "p")
    assert new.open(old.seal(1, "c"), "c") == 1
    assert Sealer(["new"], "p").open(new.seal(1, "c"), "c") == 1
    assert old.open(new.seal(1, "c"), "c") is None
    assert new.has_tag("text", old.tag("text"))
    assert not old.has_tag("text", new.tag("text"))


def test_tags(sealer: Sealer) -> None:
    assert sealer.has_tag("text", sealer.tag("text"))
    for wrong in ["", "ä", sealer.tag("other")]:
        assert not sealer.has_tag("text", wrong)


def test_keys_differ_by_purpose() -> None:
    assert derive_key("secret", "a") != derive_key("secret", "b")
    assert len(derive_key("secret", "a")) == 32


def test_tokens_become_no_larger_than_they_are(sealer: Sealer) -> None:
    """Encryption adds a third; compression takes it from base64 again."""
    import secrets

    token = secrets.token_urlsafe(4500)
    assert len(sealer.seal(token, "c")) < 1.05 * len(token)


@pytest.mark.parametrize(
    "spelling", ["{}=", "{}~", "{}!$", "~{}", " {}", "{}\n", "{}A"]
)
def test_there_is_one_spelling_of_it(sealer: Sealer, spelling: str) -> None:
    """A text with many spellings would be remembered once for each."""
    sealed = sealer.seal("value", "context")
    assert sealer.open(spelling.format(sealed), "context") is None


@pytest.mark.parametrize("length", [1, 2, 3])
def test_spare_bits_are_no_other_spelling(sealer: Sealer, length: int) -> None:
    """The last character stands for fewer bits than it has, if there are any left."""
    text = sealer.seal("x" * length, "here")
    assert sealer.open(text, "here") == "x" * length
    others = [text[:-1] + each for each in ALPHABET if each != text[-1]]
    assert [sealer.open(each, "here") for each in others] == [None] * 63
