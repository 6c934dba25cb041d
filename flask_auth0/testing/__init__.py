"""Users who are logged in for tests, without a tenant and without a network."""

from __future__ import annotations

from .access_tokens import bearer_headers
from .configuration import CONFIG
from .cookies import SessionCookie, session_cookies
from .given import USER
from .live_server import live_server
from .logins import log_in, log_out, logged_in, logged_in_client

__all__ = [
    "CONFIG",
    "USER",
    "SessionCookie",
    "bearer_headers",
    "live_server",
    "log_in",
    "log_out",
    "logged_in",
    "logged_in_client",
    "session_cookies",
]
