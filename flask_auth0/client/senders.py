"""Tells the requests that an app makes by itself from those of one visitor.

With the latter goes what somebody has typed: an address, a number, a code. Whoever
types it decides how long the tenant takes, and how often it says no. So nothing follows
from that for the requests of others.
"""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qs

#: The grants that an app asks for by itself.
_GRANTS = frozenset(["authorization_code", "refresh_token"])
#: Parameters of requests that an app makes by itself, and that ask for no grant: a
#: pushed authorization request, and a revocation.
_OTHERS = frozenset(["response_type", "token"])


def is_of_the_app(request: t.Any) -> bool:
    """Tell whether a request of httpx has nothing in it that a visitor has typed."""
    if request.method == "GET":
        return "Authorization" not in request.headers
    if "form-urlencoded" not in request.headers.get("Content-Type", ""):
        return False
    form = parse_qs(request.content.decode("ascii", "replace"))
    if "grant_type" in form:
        return not _GRANTS.isdisjoint(form["grant_type"])
    return not _OTHERS.isdisjoint(form)
