"""Cookies that do not fit into a request or a response."""

from __future__ import annotations

from ..pages import Text
from .logins import LoginFailed


class SessionTooLarge(LoginFailed):
    """A session does not fit into the cookies of one request."""

    error = "session_too_large"
    reason = "session_too_large"
    is_lasting = True
    title: str = Text("There is too much data in your login")
    description: str = Text(
        "Your account brings more data than this site can keep. You can do nothing "
        "about it: whoever runs this site finds the reason in its log."
    )

    def __init__(self, size: int, limit: int | None = None) -> None:
        #: Bytes that the session needs.
        self.size: int = size
        #: The most bytes that fit, where that is known.
        self.limit: int | None = limit
        super().__init__(code=431, remedy=self._remedy())

    def _remedy(self) -> str:
        if self.limit is None:
            return (
                f"The session needs {self.size} bytes, and the session store takes "
                "less. Ask for smaller tokens and fewer claims, or set another "
                "SESSION_TYPE."
            )
        return (
            f"The session needs {self.size} bytes of cookies, and at most {self.limit} "
            "bytes reach this app. Set SESSION_TYPE, for example to 'redis', or ask "
            "for smaller tokens and fewer claims."
        )


class ResponseTooLarge(SessionTooLarge):
    """The cookies of a response do not fit into the buffer of a proxy."""

    reason = "response_too_large"
    limit: int

    def _remedy(self) -> str:
        return (
            f"This response needs {self.size} bytes for its headers, and at most "
            f"{self.limit} bytes reach a browser. Set SESSION_TYPE, for example to "
            "'redis', or ask for smaller tokens and fewer claims. Where no proxy has "
            "so small a buffer, or it was made larger (nginx: 'proxy_buffer_size 16k; "
            "proxy_buffers 8 16k;'), set AUTH0_RESPONSE_HEADER_LIMIT, for example to "
            "16384."
        )
