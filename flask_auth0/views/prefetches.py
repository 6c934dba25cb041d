"""Requests that browsers send ahead of their users, who may never come."""

from __future__ import annotations

from flask import Request, Response

#: Browsers say it in the first two, and scripts, which may not set those, in others.
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Sec-Purpose", "X-Purpose", "X-Moz")


def is_prefetch(request: Request) -> bool:
    """Tell whether a browser, or a script on its page, asks ahead of its user."""
    if request.headers.get("HX-Preloaded") == "true":
        return True
    said = " ".join(request.headers.get(name, "") for name in _PURPOSES).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def refuse_prefetch() -> Response:
    """Return an answer that no browser keeps.

    Chromium serves each success that it has prefetched to the click that follows,
    whatever the headers say about storing it. After an error it asks anew.
    """
    return Response(status=503, headers={"Cache-Control": "no-store"})


def answer_unasked(request: Request) -> Response | None:
    """Return what answers a request that nobody has made on purpose, if it is one."""
    if is_prefetch(request):
        return refuse_prefetch()
    if request.method == "HEAD":
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return None
