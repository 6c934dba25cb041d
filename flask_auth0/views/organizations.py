"""Whether a user is logged in to an organization, by its id or by its name."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from auth0_server_python.error import OrganizationTokenValidationError
from auth0_server_python.utils.helpers import validate_org_claims


def is_member(claims: Mapping[str, t.Any], wanted: str) -> bool:
    """Tell what the callback would say of the same claims.

    What begins with ``org_`` is an id and nothing else, compared exactly. Whoever makes
    an organization chooses its name, and that can be another one's id.
    """
    try:
        validate_org_claims(dict(claims), wanted)
    except OrganizationTokenValidationError:
        return False
    return True


def are_different(one: str, other: str) -> bool:
    """Tell whether two texts can never name the same organization.

    One may be the id and the other the name of the same one.
    """
    kinds = [each.startswith("org_") for each in (one, other)]
    claims = {"org_id": one, "org_name": one}
    return kinds[0] == kinds[1] and not is_member(claims, other)
