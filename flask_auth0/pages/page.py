"""What the templates of pages ask for: texts, a language, and the stylesheet."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from .texts import Text


class Page:
    """``auth0_page`` in each template, for those of the extension and their copies.

    :param stylesheet: returns the URL of the extension's stylesheet, if there is one.
    """

    #: Marks a text of a template: it is shown in the user's language.
    text: type[Text] = Text

    def __init__(self, stylesheet: Callable[[], str | None]) -> None:
        self._stylesheet = stylesheet

    @property
    def stylesheet(self) -> str | None:
        """The URL of the stylesheet, or ``None`` if its route is turned off."""
        return self._stylesheet()

    @property
    def language(self) -> str:
        """The language of the texts, for ``lang`` (BCP 47)."""
        # Translations tell their own language in the place of ours.
        return Text("en").translated()

    @property
    def direction(self) -> t.Literal["ltr", "rtl"]:
        """The direction of the texts, for ``dir``."""
        return "rtl" if Text("ltr").translated() == "rtl" else "ltr"
