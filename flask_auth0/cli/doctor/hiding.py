"""Leaves secrets out of findings, wherever somebody repeats them."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping

from .findings import Finding
from .subject import Subject

#: Keys whose values are secret, and the passwords in URLs.
_SECRET_KEY = re.compile(r"SECRET|PASSWORD|_KEY$|TOKEN")
_IN_URL = re.compile(r"://[^/@\s]*:([^/@\s]+)@")
#: Characters of the shortest text that is looked for.
_SHORTEST = 6


def without_secrets(subject: Subject, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings without the secrets that the words of others may have."""
    for each in findings:
        told, remedy = (_hide(text, subject) for text in (each.told, each.remedy))
        yield each._replace(told=told, remedy=remedy)


def _hide(text: str, subject: Subject) -> str:
    for secret in _secrets(subject):
        text = text.replace(secret, "…")
    return text


def _secrets(subject: Subject) -> Iterator[str]:
    """Yield the secrets among the settings."""
    options: Mapping[str, t.Any] = subject.set_up.options if subject.set_up else {}
    named = {f"AUTH0_{name.upper()}": value for name, value in options.items()}
    for source in (named, subject.app_config, subject.environ):
        for key, value in source.items():
            text = _text(value)
            parts = text.split(",") if _SECRET_KEY.search(key) else []
            for each in (*parts, *_IN_URL.findall(text)):
                if len(each.strip()) >= _SHORTEST:
                    yield each.strip()


def _text(value: t.Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
