"""Compares a user's organization with a wanted one, by its id or by its name."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from auth0_server_python.error import OrganizationTokenValidationError
from auth0_server_python.utils.helpers import validate_org_claims


def is_member(claims: Mapping[str, t.Any], wanted: str) -> bool:
    """Tell whether claims are of an organization, as the callback decides it.

    A text with ``org_`` in front is an id only, compared exactly: an organization's
    name is free, and could be the id of another one.
    """
    try:
        validate_org_claims(dict(claims), wanted)
    except OrganizationTokenValidationError:
        return False
    return True


def are_different(one: str, other: str) -> bool:
    """Tell whether two texts can never name the same organization.

    An id and a name may be of the same organization.
    """
    kinds = [each.startswith("org_") for each in (one, other)]
    claims = {"org_id": one, "org_name": one}
    return kinds[0] == kinds[1] and not is_member(claims, other)
