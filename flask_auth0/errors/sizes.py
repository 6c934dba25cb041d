"""Cookies that do not fit into a request or a response."""

from __future__ import annotations

from .logins import LoginFailed


class SessionTooLarge(LoginFailed):
    """A session does not fit into the cookies of one request."""

    error = "session_too_large"
    title = "There is too much data in your login"

    def __init__(self, size: int, limit: int | None = None) -> None:
        #: Bytes that the session needs.
        self.size: int = size
        #: The most bytes that fit, where that is known.
        self.limit: int | None = limit
        if limit is None:
            super().__init__(
                f"Your login needs {size} bytes, and the session store takes less.",
                remedy="Ask for smaller tokens and fewer claims, or set another "
                "SESSION_TYPE.",
                code=431,
            )
            return
        super().__init__(
            f"Your login needs {size} bytes of cookies, and at most {limit} bytes "
            "reach this app. Whoever runs it can keep sessions on the server instead, "
            "by setting SESSION_TYPE.",
            code=431,
            remedy="Set SESSION_TYPE, for example to 'redis', or ask for smaller "
            "tokens and fewer claims.",
        )


class ResponseTooLarge(SessionTooLarge):
    """The cookies of a response do not fit into the buffer of a proxy."""

    def __init__(self, size: int, limit: int) -> None:
        LoginFailed.__init__(
            self,
            f"The answer of this page needs {size} bytes for its headers, and at most "
            f"{limit} bytes reach your browser. Whoever runs the app can keep sessions "
            "on the server instead, by setting SESSION_TYPE, or let proxies take more.",
            code=431,
            remedy="Set SESSION_TYPE, for example to 'redis', or ask for smaller "
            "tokens and fewer claims. Where no proxy has so small a buffer, or it was "
            "made larger (nginx: 'proxy_buffer_size 16k; proxy_buffers 8 16k;'), set "
            "AUTH0_RESPONSE_HEADER_LIMIT, for example to 16384.",
        )
        self.size: int = size
        self.limit: int = limit
