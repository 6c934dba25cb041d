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
        validate_org_claims(claims, wanted)
    except OrganizationTokenValidationError:
        return False
    return True
