"""What the tenant said when it refused something, for the log."""

from __future__ import annotations

from msgspec import Struct


class TenantAnswer(Struct, frozen=True):
    """An answer of the tenant that is an error."""

    #: The HTTP status; ``None`` for one that came through the browser, or never.
    status: int | None = None
    #: The code of the error, such as those of RFC 6749, section 5.2.
    error: str | None = None
    error_description: str | None = None
    #: The URL that was asked, without its query.
    endpoint: str | None = None
