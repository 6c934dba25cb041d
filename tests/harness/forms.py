"""Reads the forms of an HTML page, as a browser would before it sends one."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """One form: where it goes, what it sends unasked, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """The names of everything that can be sent."""
        return {*self.fields, *(name for name, _ in self.buttons)}


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = values.get("method", "get").lower()
            self.forms.append(Form(values.get("action", ""), method))
        elif self.forms and tag in ("input", "button") and "name" in values:
            self._add(tag, values)

    def _add(self, tag: str, values: dict[str, str]) -> None:
        name, value = values["name"], values.get("value", "")
        if tag == "button" or values.get("type") == "submit":
            self.forms[-1].buttons.append((name, value))
        else:
            self.forms[-1].fields[name] = value


def forms_of(page: str) -> list[Form]:
    """The forms of a page, in order."""
    reader = FormReader()
    reader.feed(page)
    return reader.forms
