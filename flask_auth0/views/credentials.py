"""The access token in the ``Authorization`` header of a request (RFC 6750)."""

from __future__ import annotations

import re

from flask import Request

from ..errors import InvalidToken
from ..errors.www_authenticate import BEARER, DPOP

_SCHEMES = {"bearer": BEARER, "dpop": DPOP}
#: The form of a token (RFC 6750, section 2.1).
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Credentials:
    """An access token, and the scheme by which it was sent."""

    # The report of an error shows the fields of a record, and of a plain object none.
    def __init__(self, scheme: str, token: str) -> None:
        self.scheme: str = scheme
        self.token: str = token


def credentials_of(request: Request) -> Credentials | None:
    """Return the access token of a request, or ``None`` if it has none.

    A token in the query or in a form is none: it would be in logs, and a page of
    another site could send it.

    :raises InvalidToken: when the header makes no sense, or there are several tokens.
    """
    header = request.headers.get("Authorization", "")
    # Servers join headers of one name with a comma, which no token has.
    schemes = [scheme for each in header.split(",") if (scheme := _scheme_of(each))]
    if not schemes:
        return None
    _, *rest = header.split(None, 1)
    token = "".join(rest).strip()
    if "," in header or "access_token" in request.args:
        raise InvalidToken(
            "The request has several tokens.", code=400, error="invalid_request"
        )
    if not _TOKEN.fullmatch(token):
        error = InvalidToken("The Authorization header has no token in it.")
        error.scheme = schemes[0]
        raise error
    return Credentials(schemes[0], token)


def may_have_token(request: Request) -> bool:
    """Tell whether the request has a header for an access token, good or not."""
    return _scheme_of(request.headers.get("Authorization", "")) is not None


def _scheme_of(header: str) -> str | None:
    words = header.split(None, 1)
    return _SCHEMES.get(words[0].lower()) if words else None
