"""Cookies that do not fit into a request or a response."""

from __future__ import annotations

from ..pages import Text, sentences
from .logins import LoginFailed

_FOR_THE_OPERATOR = Text(
    "You can do nothing about it: whoever runs this site finds the reason in its log."
)
#: Ways to a session that fits.
_SMALLER = "or ask for smaller tokens and fewer claims."


class SessionTooLarge(LoginFailed):
    """A session does not fit into the cookies of one request."""

    error = "session_too_large"
    reason = "session_too_large"
    is_lasting = True
    title: str = Text("There is too much data in your login")

    def __init__(self, size: int, limit: int | None = None) -> None:
        #: Bytes that the session needs.
        self.size: int = size
        #: The most bytes that fit, where that is known.
        self.limit: int | None = limit
        told = sentences(self._told(), _FOR_THE_OPERATOR)
        super().__init__(told, code=431, remedy=self._remedy())

    def _told(self) -> Text:
        if self.limit is None:
            return Text(
                "Your login needs {size} bytes, and this site can keep less.",
                size=self.size,
            )
        return Text(
            "Your login needs {size} bytes of cookies, and at most {limit} bytes reach "
            "this site.",
            size=self.size,
            limit=self.limit,
        )

    def _remedy(self) -> str:
        if self.limit is None:
            return (
                f"The session needs {self.size} bytes, and the session store takes "
                f"less. Set another SESSION_TYPE, {_SMALLER}"
            )
        return (
            f"The session needs {self.size} bytes of cookies, and at most {self.limit} "
            "bytes reach this app. Set SESSION_TYPE, for example to 'redis', "
            f"{_SMALLER}"
        )


class ResponseTooLarge(SessionTooLarge):
    """The cookies of a response do not fit into the buffer of a proxy."""

    reason = "response_too_large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)

    def _told(self) -> Text:
        return Text(
            "The answer of this page needs {size} bytes for its headers, and at most "
            "{limit} bytes reach your browser.",
            size=self.size,
            limit=self.limit,
        )

    def _remedy(self) -> str:
        return (
            f"The response needs {self.size} bytes for its headers, and at most "
            f"{self.limit} bytes reach a browser. Set SESSION_TYPE, for example to "
            f"'redis', {_SMALLER} Where no proxy has so small a buffer, or it was made "
            "larger (nginx: 'proxy_buffer_size 16k; proxy_buffers 8 16k;'), set "
            "AUTH0_RESPONSE_HEADER_LIMIT, for example to 16384."
        )
