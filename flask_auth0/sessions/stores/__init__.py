"""The back ends of sessions, each in a module named after its ``SESSION_TYPE``."""

from __future__ import annotations

from msgspec import Struct


class Kind(Struct, frozen=True):
    """A back end, as an app installs and configures it."""

    #: The extra of this distribution that installs its driver.
    extra: str | None
    #: The keys of the configuration that can be in the environment as well.
    keys: tuple[str, ...]


#: The back ends by ``SESSION_TYPE``. The module has a function ``make(setup)``.
KINDS = {
    "redis": Kind("redis", ("SESSION_REDIS",)),
    "sqlalchemy": Kind(
        "postgresql",
        (
            "SESSION_SQLALCHEMY",
            "SESSION_SQLALCHEMY_TABLE",
            "SESSION_SQLALCHEMY_SCHEMA",
        ),
    ),
    "sqlite": Kind(None, ("SESSION_SQLITE",)),
    "mongodb": Kind(
        "mongodb",
        ("SESSION_MONGODB", "SESSION_MONGODB_DB", "SESSION_MONGODB_COLLECT"),
    ),
    "dynamodb": Kind("dynamodb", ("SESSION_DYNAMODB", "SESSION_DYNAMODB_TABLE")),
    "memcached": Kind("memcached", ("SESSION_MEMCACHED",)),
    "cachelib": Kind(None, ("SESSION_CACHELIB",)),
    "memory": Kind(None, ()),
}
