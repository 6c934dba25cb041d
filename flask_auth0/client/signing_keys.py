"""The signing keys of the tenant: which of them to take, and when to look for more."""

from __future__ import annotations

import asyncio
import time
import typing as t

from ..errors import TenantError

Keys = dict[str, t.Any]


def check_keys(document: t.Any) -> Keys:
    """Return a document that is a key set (RFC 7517, section 5).

    :raises TenantError: when it is anything else, so that it is not kept.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise TenantError(remedy="Its key set is not one.")
    return t.cast(Keys, document)


def find_key(jwks: Keys, kid: str | None) -> dict[str, t.Any] | None:
    """Return the key that can have signed a token, if there is just one.

    Several keys may have one ``kid``, if their types or uses differ (RFC 7517, section
    4.5). A token needs no ``kid`` if just one key can have signed it (OpenID Connect
    Core, section 10.1).
    """
    named = [key for key in jwks["keys"] if kid is None or key.get("kid") == kid]
    fitting = [key for key in named if _signs_tokens(key)]
    different = {(key["n"], key["e"]): key for key in fitting}
    return fitting[0] if len(different) == 1 else None


def _signs_tokens(key: dict[str, t.Any]) -> bool:
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
        and isinstance(operations, list)
        and "verify" in operations
        # Keys without a required member are ignored (RFC 7517, section 5).
        and isinstance(key.get("n"), str)
        and isinstance(key.get("e"), str)
    )


class Patience:
    """The pace at which new keys are looked for.

    :param interval: seconds from one look to the next.
    :param longest_wait: seconds that a request may wait for the next one.
    """

    #: Seconds from a look that has failed to the next one.
    AFTER_FAILURE = 2.0

    def __init__(self, interval: float, longest_wait: float = 0.0) -> None:
        self._interval, self._longest_wait = interval, longest_wait
        self._next_at = 0.0

    async def wait(self) -> bool:
        """Wait until the next look, unless that would take too long. Tell whether the
        time for it has come.
        """
        left = self._next_at - time.monotonic()
        if left > self._longest_wait:
            return False
        await asyncio.sleep(left)
        return True

    def begin(self) -> None:
        """Note that a look begins."""
        self._next_at = time.monotonic() + self._interval

    def fail(self) -> None:
        """Note that the look has failed."""
        wait = min(self._interval, self.AFTER_FAILURE)
        self._next_at = time.monotonic() + wait
