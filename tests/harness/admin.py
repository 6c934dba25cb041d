"""Turns the switches on the tenant administrator's page, as a person would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urljoin

from .browser import Browser
from .forms import forms_of


def send(tenant_url: str, ca_file: str, path: str, **values: str) -> dict[str, str]:
    """Send one of the page's forms, and return what it said before."""
    with Browser(tenant_url, ca_file) as administrator:
        page = administrator.get("/admin")
        forms = {urljoin(str(page.url), f.action): f for f in forms_of(page.text)}
        form = forms[urljoin(tenant_url, path)]
        answer = administrator.submit(page, form, **values)
        assert answer.status_code == 200, answer.text
        return form.fields


@contextlib.contextmanager
def lifetimes(tenant_url: str, ca_file: str, **seconds: str) -> Iterator[None]:
    """Let tokens live for so many seconds, until the block ends."""
    before = send(tenant_url, ca_file, "/admin/lifetimes", **seconds)
    try:
        yield
    finally:
        kept = {name: before[name] for name in seconds}
        send(tenant_url, ca_file, "/admin/lifetimes", **kept)
