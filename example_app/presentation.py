"""How people, claims and sources are shown in the templates."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from markupsafe import Markup

LONGEST_USER_AGENT = 60
# Each names itself, and many name others besides: whoever is asked first is it.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
TIME_CLAIMS = frozenset({"auth_time", "exp", "iat", "nbf"})


def init_app(app: Flask) -> None:
    app.add_template_filter(display_name)
    app.add_template_filter(initials)
    app.add_template_filter(picture_url)
    app.add_template_filter(claim_text)
    app.add_template_filter(browser_name)
    app.add_template_filter(moment)
    app.add_template_filter(iso_moment)
    app.add_template_global(view_source)


def display_name(user: Mapping[str, Any]) -> str:
    """Return what to call *user*: not every connection knows a name."""
    for claim in ("name", "nickname", "email", "sub"):
        if user.get(claim):
            return str(user[claim])
    return "Somebody"


def initials(user: Mapping[str, Any]) -> str:
    """Return one or two letters that stand for *user* without a picture."""
    words = display_name(user).split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


def picture_url(user: Mapping[str, Any]) -> str | None:
    """Return the user's picture if it is an address that a page may load."""
    picture = user.get("picture")
    if not isinstance(picture, str):
        return None
    try:
        parts = urlsplit(picture)
    except ValueError:
        return None
    return picture if parts.scheme == "https" and parts.netloc else None


def claim_text(value: Any, name: str) -> str:
    """Return a claim as one reads it: times as dates, structures as JSON."""
    if name in TIME_CLAIMS:
        # What a tenant calls a time need not be one.
        with suppress(TypeError, ValueError, OverflowError, OSError):
            return moment(datetime.fromtimestamp(value, tz=timezone.utc))
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def browser_name(user_agent: str | None) -> str:
    """Return what people call a browser, or its own words where that is not known."""
    words = "".join(filter(str.isprintable, user_agent or "")).strip()
    if not words:
        return "An unknown browser"
    browser = next((BROWSERS[mark] for mark in BROWSERS if mark in words), None)
    system = next((SYSTEMS[mark] for mark in SYSTEMS if mark in words), None)
    if browser and system:
        return f"{browser} on {system}"
    if len(words) > LONGEST_USER_AGENT:
        return f"{words[: LONGEST_USER_AGENT - 1]}…"
    return words


def moment(when: datetime) -> str:
    """Return the element for a time, in UTC: the zone is the browser's to know.

    ``times.js`` writes the visitor's own time into it.
    """
    there = when.astimezone(timezone.utc)
    machine, text = there.isoformat(timespec="seconds"), f"{there:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(machine, text)


def iso_moment(text: str) -> str:
    """Return the element for a time in ISO 8601, or the text if it is none."""
    try:
        # Python 3.10 does not know the letter.
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    return moment(when)


def view_source(endpoint: str) -> str:
    """Return the code of a view."""
    view = current_app.view_functions[endpoint]
    return inspect.getsource(inspect.unwrap(view)).rstrip()
