"""Values of ``WWW-Authenticate``, which tell a client what its access token lacks."""

from __future__ import annotations

import re

BEARER, DPOP = "Bearer", "DPoP"
#: The algorithms with which a client may sign its proofs (RFC 9449, section 5.1).
PROOF_ALGORITHMS = ("ES256", "ES384", "EdDSA", "PS256")

#: Characters that neither an ``error_description`` nor a ``scope`` may have (RFC 6750,
#: section 3).
_FORBIDDEN = r"[^ !#-\[\]-~]"


def challenges(scheme: str, **parameters: str) -> list[str]:
    """Return a challenge for each scheme, with what is wrong at the one that was used.

    :param scheme: of the token that the request has; ``Bearer`` if it has none.
    :param parameters: such as ``error`` and ``scope``; none if there was no token.
    """
    told: dict[str, dict[str, str]] = {scheme: parameters, BEARER: {}, DPOP: {}}
    told[scheme] = parameters
    told[DPOP] = {**told[DPOP], "algs": " ".join(PROOF_ALGORITHMS)}
    return [_challenge(each, values) for each, values in told.items()]


def _challenge(scheme: str, parameters: dict[str, str]) -> str:
    told = [f'{name}="{_quoted(value)}"' for name, value in parameters.items()]
    return f"{scheme} {', '.join(told)}".rstrip()


def _quoted(value: str) -> str:
    return re.sub(_FORBIDDEN, "?", value)
