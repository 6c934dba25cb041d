"""How large the head of a response is: its status and headers, cookies among them.

A proxy has a buffer for it, and answers in the app's place when it does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from ...errors import ResponseTooLarge

#: Bytes that are the server's own: its name, the date, what becomes of the connection.
OF_SERVER = 200
#: Bytes of a small page, or of a redirect, without any cookie.
OF_PAGE = 200
#: Bytes of what the answer to a login has besides: Flask's session, the end of the
#: transaction, and what tells whether the login lasts.
OF_LOGIN = 700
#: Bytes of what names the session that it takes the place of.
OF_ENDED = 350
#: Bytes of what deletes a cookie under its former name.
OF_FORMER = 110


def head_size(response: Response) -> int:
    """Return how many bytes the head of a response needs, with those of the server."""
    lines = sum(len(f"{name}: {value}\r\n") for name, value in response.headers)
    return len(f"HTTP/1.1 {response.status}\r\n\r\n") + lines + OF_SERVER


def cookies_size(lines: Iterable[str]) -> int:
    """Return how many bytes of a head some cookies need."""
    return sum(len(f"Set-Cookie: {line}\r\n") for line in lines)


def require_room(lines: Iterable[str], reserved: int, limit: int) -> None:
    """Raise an error where a small page could not take some cookies to the browser.

    :param reserved: bytes that it has to have for other ones.
    :param limit: bytes that the head of a response may need.
    :raises ResponseTooLarge: when they do not fit.
    """
    size = cookies_size(lines) + OF_SERVER + OF_PAGE + reserved
    if size > limit:
        raise ResponseTooLarge(size, limit)
