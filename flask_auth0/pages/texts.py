"""The texts for the people who use an app."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, has_app_context
from markupsafe import escape


class Text(str):
    """A text for the user: English, and in a template in the language of the user.

    :param message: the English text, by which translations are found. Names in braces
        stand for values.
    :param values: those values. One that is a text itself is translated as well.
    """

    #: The English text, with the names of values in it.
    message: str
    #: The values by their names.
    values: Mapping[str, object]

    def __new__(cls, message: str, /, **values: object) -> Text:
        text = super().__new__(cls, message.format(**values) if values else message)
        text.message, text.values = message, values
        return text

    def translated(self) -> str:
        """Return the text in the language of the current request."""
        state = current_app.extensions.get("auth0") if has_app_context() else None
        if state is None:
            return str(self)
        values = {name: _translated(value) for name, value in self.values.items()}
        try:
            said: str = state.translations.of(self.message)
            return said.format(**values) if values else said
        except (LookupError, ValueError):
            # The translation has names in it that the text does not have.
            return self.message.format(**values)

    def __html__(self) -> str:
        """Return the translation for a template, which would take English otherwise."""
        return str(escape(self.translated()))


def sentences(*texts: str) -> Text:
    """Return several texts as one, with spaces between."""
    named = {f"text{number}": each for number, each in enumerate(texts)}
    return Text(" ".join(f"{{{name}}}" for name in named), **named)


def _translated(value: object) -> object:
    return value.translated() if isinstance(value, Text) else value
