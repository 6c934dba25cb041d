"""What so many users need, and what so much memory holds: arithmetic, from weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .postgresql_rows import PER_SESSION
from .report import Table
from .shapes import LIFETIME
from .weights import Weight

_DAY = 86400
_GB = 10**9
#: Users who log in once on each day.
_USERS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
#: Memory of servers.
_GIGABYTES = (1, 10, 100)
#: The part of a Redis' memory that sessions may take: the rest is for fragments, for
#: buffers, and for what changes while it writes its file anew.
REDIS_SHARE = 0.75


def tables(weights: Sequence[Weight]) -> list[Table]:
    """Return both tables."""
    bytes_of = {each.place.title: each.all for each in weights}
    return [_needs(bytes_of), _holds(bytes_of)]


def _needs(bytes_of: Mapping[str, float]) -> Table:
    days = LIFETIME // _DAY
    title = "What users need who log in once a day, and never log out"
    names = [name for name in ("Redis", "PostgreSQL", "DynamoDB") if name in bytes_of]
    headings = ["Users", "Sessions kept", *(f"{name}, GB" for name in names)]
    rows = [
        [
            f"{users:,}",
            f"{users * days:,}",
            *(_gigabytes(name, users * days * bytes_of[name]) for name in names),
            f"{users * days * PER_SESSION:,}",
            _rate(users / _DAY),
        ]
        for users in _USERS
    ]
    return Table(title, [*headings, "Rows in PostgreSQL", "Logins per second"], rows)


def _holds(bytes_of: Mapping[str, float]) -> Table:
    rows = []
    for size in _GIGABYTES:
        sessions = size * _GB * REDIS_SHARE / bytes_of["Redis"]
        users = sessions * _DAY / LIFETIME
        rows.append([f"{size} GB", _rounded(sessions), _rounded(users)])
    headings = ["Memory", "Sessions", "Users who log in once a day"]
    return Table("What a Redis holds", headings, rows)


def _gigabytes(name: str, size: float) -> str:
    needed = size / _GB / (REDIS_SHARE if name == "Redis" else 1)
    return f"{needed:.2g}" if needed < 10 else f"{needed:,.0f}"


def _rate(per_second: float) -> str:
    return f"{per_second:.2g}" if per_second < 10 else f"{per_second:,.0f}"


def _rounded(number: float) -> str:
    """Return a number with two digits that count."""
    return f"{float(f'{number:.2g}'):,.0f}"
