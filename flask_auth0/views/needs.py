"""The roles, permissions, scopes and claims that a view asks for, and which lack."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from ..config import Config, Problem
from ..errors import ConfigurationError
from ..pages import Text

#: How a need is named, by its kind.
_IN_WORDS = {
    "roles": Text("the role {names}"),
    "permissions": Text("the permission {names}"),
    "scopes": Text("the scope {names}"),
}
_CLAIM_IN_WORDS = Text("the right value of the claim {name}")


class AnyOf(Struct, frozen=True):
    """Names of which one is enough."""

    names: tuple[str, ...]


#: A name or several, all of which are needed.
Names = str | AnyOf | Collection[str | AnyOf]
#: The value of a claim, or several, all of which are needed.
Value = str | int | float | bool
Values = Value | AnyOf | Collection[Value | AnyOf]


class Need(Struct, frozen=True):
    """Something that a view asks for."""

    #: ``roles``, ``permissions`` or ``scopes``.
    kind: str
    #: The names of which one is enough.
    names: tuple[str, ...]


class ClaimNeed(Struct, frozen=True):
    """A claim that a view asks for."""

    name: str
    #: The values of which one is enough.
    values: tuple[Value, ...]


def any_of(*names: str) -> AnyOf:
    """Ask for one of several roles, permissions or scopes, or values of a claim.

    .. code-block:: python

        @login_required(roles=any_of("admin", "editor"))
        def edit(): ...

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


def needed_claims(claims: Mapping[str, Values] | None) -> tuple[ClaimNeed, ...]:
    """Return the claims that a view asks for, by the argument of its guard.

    :raises ValueError: when it names no claim, or no value of one.
    """
    if claims is not None and not claims:
        raise ValueError("The guard names no claims: leave the argument out.")
    return tuple(
        ClaimNeed(_not_blank(name), each)
        for name, values in (claims or {}).items()
        for each in _alternative_values(name, values)
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
        held["roles"] = _names_in(claims.get(roles_claim(config)))
    return [n for n in needs if not any(name in held[n.kind] for name in n.names)]


def missing_claims(
    needs: Iterable[ClaimNeed], claims: Mapping[str, t.Any]
) -> list[str]:
    """Return the names of claims that do not have a value that a view asks for.

    A claim that is a list has each value in it.
    """
    lacks = [
        each.name
        for each in needs
        if not any(_has(claims.get(each.name), value) for value in each.values)
    ]
    return list(dict.fromkeys(lacks))


def in_words(needs: Iterable[Need], claims: Iterable[str] = ()) -> Text:
    """Return a part of a sentence: ``the scope a or b, the role c``."""
    told = [Text(_IN_WORDS[each.kind], names=_or(each.names)) for each in needs]
    told += [Text(_CLAIM_IN_WORDS, name=each) for each in claims]
    first, *others = told
    for each in others:
        first = Text("{first}, {then}", first=first, then=each)
    return first


def as_json(needs: Iterable[Need]) -> dict[str, list[t.Any]]:
    """Return names by their kinds, as a guard takes them."""
    told: dict[str, list[t.Any]] = {}
    for each in needs:
        names = each.names
        one = names[0] if len(names) == 1 else {"any_of": list(names)}
        told.setdefault(each.kind, []).append(one)
    return told


def _or(names: tuple[str, ...]) -> str:
    first, *others = names
    for each in others:
        first = Text("{one} or {other}", one=first, other=each)
    return first


def _alternatives(kind: str, names: Names) -> list[tuple[str, ...]]:
    if isinstance(names, str | AnyOf):
        names = [names]
    if not names:
        raise ValueError(f"The guard names no {kind}: leave the argument out.")
    return [
        each.names if isinstance(each, AnyOf) else (_not_blank(each),) for each in names
    ]


def _alternative_values(name: str, values: Values) -> list[tuple[Value, ...]]:
    if isinstance(values, str | int | float | AnyOf):
        values = [values]
    if isinstance(values, bytes | Mapping):
        raise TypeError(f"A guard compares the claim {name} with text or numbers.")
    if not isinstance(values, Collection) or not values:
        raise ValueError(f"The guard names no value of the claim {name}.")
    return [
        each.names if isinstance(each, AnyOf) else (_value(name, each),)
        for each in values
    ]


def _value(name: str, value: t.Any) -> Value:
    if not isinstance(value, str | int | float):
        raise TypeError(f"A guard compares the claim {name} with text or numbers.")
    return value


def _has(claim: t.Any, value: Value) -> bool:
    found = claim if isinstance(claim, list) else [claim]
    return any(_is(each, value) for each in found)


def _is(found: t.Any, value: Value) -> bool:
    """Tell whether a value is another one; in Python, ``True == 1``."""
    is_same: bool = found == value
    return is_same and isinstance(found, bool) == isinstance(value, bool)


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


def roles_claim(config: Config) -> str:
    """Return the name of the claim that has the roles.

    :raises ConfigurationError: when no key says which one it is.
    """
    if config.roles_claim is None:
        raise ConfigurationError(
            Problem(
                "AUTH0_ROLES_CLAIM",
                "is missing, and a view asks for roles; set it to the name of the "
                "claim that has them, such as https://example.com/roles",
            )
        )
    return config.roles_claim
