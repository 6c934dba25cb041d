"""Forms: which ones the app accepts."""

from __future__ import annotations

from flask import abort, request


def refuse_foreign_forms() -> None:
    """Accept what this app's own pages send, and nothing else.

    The session cookie comes with forms of other ports of this host, too.
    """
    if request.method == "POST" and not _is_own():
        abort(403, "This form is not one of this app's own pages.")


def _is_own() -> bool:
    # A browser sends the first where that is safe to rely on, and always the second.
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    return request.origin == request.host_url.rstrip("/")
