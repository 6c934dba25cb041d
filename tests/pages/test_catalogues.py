"""The catalogues of texts are as the texts are, and nothing in them is left out."""

from __future__ import annotations

import string

import pytest

from tools import catalogues


def names_in(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


def test_they_are_as_the_texts_are() -> None:
    for path, content in catalogues.written().items():
        is_current = catalogues.texts_in(content) == catalogues.texts_in(
            path.read_bytes()
        )
        assert is_current, f"{path.name}: run python -m tools.catalogues"


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_each_text_is_translated_with_its_values(language: str) -> None:
    messages = [each for each in catalogues.translated(language) if each.id]
    assert len(messages) > 100
    for each in messages:
        assert each.string, each.id
        assert names_in(str(each.id)) == names_in(str(each.string)), each.id
