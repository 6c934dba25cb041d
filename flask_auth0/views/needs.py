"""The roles, permissions and scopes that a view asks for, and which of them lack."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Mapping

from ..config import Config, Problem
from ..errors import ConfigurationError


class AnyOf(t.NamedTuple):
    """Names of which one is enough."""

    names: tuple[str, ...]


#: A name or several, all of which are needed.
Names = str | AnyOf | Collection[str | AnyOf]


class Need(t.NamedTuple):
    """Something that a view asks for."""

    #: ``roles``, ``permissions`` or ``scopes``.
    kind: str
    #: The names of which one is enough.
    names: tuple[str, ...]


def any_of(*names: str) -> AnyOf:
    """Ask for one of several roles, permissions or scopes.

    .. code-block:: python

        @bearer_required(scopes=any_of("read:messages", "admin:messages"))
        def messages(): ...

    :raises ValueError: when there is no name, or a blank one.
    """
    return AnyOf(tuple(map(_not_blank, names or ("",))))


def needed(**kinds: Names | None) -> tuple[Need, ...]:
    """Return what a view asks for, by the arguments of its guard.

    :raises ValueError: when an argument names nothing, as anybody would satisfy it.
    """
    return tuple(
        Need(kind, each)
        for kind, names in kinds.items()
        if names is not None
        for each in _alternatives(kind, names)
    )


def missing(
    needs: Iterable[Need],
    claims: Mapping[str, t.Any],
    scopes: Collection[str],
    config: Config,
) -> list[Need]:
    """Return what a user, or a token, does not have.

    :param claims: those of the user or of the token.
    :param scopes: those that were granted with the access token.
    :raises ConfigurationError: when no key names the claim that has the roles.
    """
    needs = list(needs)
    held: dict[str, Collection[str]] = {
        "permissions": _names_in(claims.get(config.permissions_claim)),
        "scopes": scopes,
    }
    if any(each.kind == "roles" for each in needs):
        held["roles"] = _names_in(claims.get(_roles_claim(config)))
    return [n for n in needs if not any(name in held[n.kind] for name in n.names)]


def in_words(needs: Iterable[Need]) -> str:
    """Return a part of a sentence: ``the scope a or b, the role c``."""
    told = (f"the {each.kind.removesuffix('s')} {_or(each.names)}" for each in needs)
    return ", ".join(told)


def as_json(needs: Iterable[Need]) -> dict[str, list[t.Any]]:
    """Return names by their kinds, as a guard takes them."""
    told: dict[str, list[t.Any]] = {}
    for kind, names in needs:
        one = names[0] if len(names) == 1 else {"any_of": list(names)}
        told.setdefault(kind, []).append(one)
    return told


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _alternatives(kind: str, names: Names) -> list[tuple[str, ...]]:
    if isinstance(names, str | AnyOf):
        names = [names]
    if not names:
        raise ValueError(f"The guard names no {kind}: leave the argument out.")
    return [
        each.names if isinstance(each, AnyOf) else (_not_blank(each),) for each in names
    ]


def _not_blank(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"A guard asks for names, and {name!r} is none.")
    if not name.strip():
        raise ValueError("A guard asks for names that are not blank.")
    return name.strip()


def _names_in(claim: t.Any) -> frozenset[str]:
    """Return the names in a claim, which is a list of them, or one."""
    found = [claim] if isinstance(claim, str) else claim
    if not isinstance(found, list):
        return frozenset()
    return frozenset(each for each in found if isinstance(each, str))


def _roles_claim(config: Config) -> str:
    if config.roles_claim is None:
        raise ConfigurationError(
            Problem(
                "AUTH0_ROLES_CLAIM",
                "is missing, and a view asks for roles; set it to the name of the "
                "claim that has them, such as https://example.com/roles",
            )
        )
    return config.roles_claim
