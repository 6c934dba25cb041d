"""The size of a response's head: its status and headers, cookies among them.

A proxy has a buffer for the head, and answers with an error if it does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Response

from ...errors import ResponseTooLarge

#: Bytes of the headers that the server adds: Server, Date, Connection.
OF_SERVER = 200
#: Bytes of a small page, or of a redirect, without any cookie.
OF_PAGE = 200
#: Bytes that the answer to a login needs besides: for Flask's session, the deletion of
#: the transaction, and the note by which repeated logins are noticed.
OF_LOGIN = 700
#: Bytes of the cookie that names the session before.
OF_ENDED = 350
#: Bytes of the deletion of a cookie under its former name.
OF_FORMER = 110


def head_size(response: Response) -> int:
    """Return how many bytes the head of a response needs, with those of the server."""
    lines = sum(len(f"{name}: {value}\r\n") for name, value in response.headers)
    return len(f"HTTP/1.1 {response.status}\r\n\r\n") + lines + OF_SERVER


def cookies_size(lines: Iterable[str]) -> int:
    """Return how many bytes of a head some cookies need."""
    return sum(len(f"Set-Cookie: {line}\r\n") for line in lines)


def require_room(lines: Iterable[str], reserved: int, limit: int) -> None:
    """Raise an error if some cookies do not fit into the head of a small page.

    :param reserved: bytes to keep free for other cookies.
    :param limit: bytes that the head of a response may need.
    :raises ResponseTooLarge: when they do not fit.
    """
    size = cookies_size(lines) + OF_SERVER + OF_PAGE + reserved
    if size > limit:
        raise ResponseTooLarge(size, limit)
