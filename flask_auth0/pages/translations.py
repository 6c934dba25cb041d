"""The translations of the texts: an app's own, or those of Flask-Babel's language."""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from flask import current_app

#: The name of the catalogues of our texts, in an app's folder of translations as well.
DOMAIN = "flask_auth0"
FOLDER = Path(__file__).parents[1] / "translations"
#: All texts, without a translation: where a new one begins.
TEMPLATE = FOLDER / "flask_auth0.pot"


class Translations:
    """The translations of the texts for one app.

    :param own: the app's own function: returns the text for an English one, or
        ``None``.
    :param failed: is called with an error of the app's, as it says which language.
    """

    def __init__(
        self,
        own: Callable[[str], str | None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._own, self._failed = own, failed

    def of(self, message: str) -> str:
        """Return a text in the language of the current request, or in English."""
        try:
            own = self._own(message)
            if own is not None:
                return own
            if "babel" in current_app.extensions:
                return str(self._catalogues.gettext(message))
        except Exception as error:
            # The page that is on its way may be about what has failed here as well.
            self._failed(error)
        return message

    @cached_property
    def _catalogues(self) -> t.Any:
        """The catalogues of the package and of the app, whose texts win."""
        babel = importlib.import_module("flask_babel")
        own = [str(each) for each in babel.get_babel().translation_directories]
        return babel.Domain([str(FOLDER), *own], DOMAIN)
