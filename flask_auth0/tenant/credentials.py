"""The codes and tokens that the tenant has issued, and what was spent of them."""

from __future__ import annotations

from threading import RLock
from typing import TypeVar

from .model import Client
from .records import AuthorizationCode, Credential

CredentialT = TypeVar("CredentialT", bound=Credential)

#: More of a kind than any test needs; a tenant may run for weeks.
LIMIT = 10_000


class Credentials:
    """Codes and tokens by value; each check spends what it accepts, at once."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._codes: dict[str, AuthorizationCode] = {}
        self._access_tokens: dict[str, Credential] = {}
        self._refresh_tokens: dict[str, Credential] = {}
        self._revoked_families: set[str] = set()

    def save_code(self, code: AuthorizationCode) -> None:
        self._save(self._codes, code)

    def save_access_token(self, token: Credential) -> None:
        self._save(self._access_tokens, token)

    def save_refresh_token(self, token: Credential) -> None:
        self._save(self._refresh_tokens, token)

    def access_token(self, value: str) -> Credential | None:
        with self._lock:
            return self._access_tokens.get(value)

    def refresh_token(self, value: str) -> Credential | None:
        with self._lock:
            return self._refresh_tokens.get(value)

    def redeem_code(self, value: str, client: Client) -> AuthorizationCode | None:
        return self._redeem(self._codes, value, client, spend=True)

    def redeem_refresh_token(
        self, value: str, client: Client, *, rotation: bool
    ) -> Credential | None:
        return self._redeem(self._refresh_tokens, value, client, spend=rotation)

    def revoke_family(self, family: str) -> None:
        """End every token that came of one login."""
        with self._lock:
            self._revoked_families.add(family)
            for kind in (self._codes, self._access_tokens, self._refresh_tokens):
                for credential in kind.values():
                    if credential.authorization.family == family:
                        credential.used = True

    def expire(self, *, access_tokens: bool, refresh_tokens: bool) -> None:
        with self._lock:
            chosen: list[Credential] = []
            if access_tokens:
                chosen += self._access_tokens.values()
            if refresh_tokens:
                chosen += self._refresh_tokens.values()
            for credential in chosen:
                credential.lifetime = 0

    def _save(self, kind: dict[str, CredentialT], credential: CredentialT) -> None:
        with self._lock:
            # The family may have been revoked while this one was being made.
            if credential.authorization.family in self._revoked_families:
                credential.used = True
            kind[credential.value] = credential
            while len(kind) > LIMIT:
                del kind[next(iter(kind))]

    def _redeem(
        self, kind: dict[str, CredentialT], value: str, client: Client, *, spend: bool
    ) -> CredentialT | None:
        with self._lock:
            credential = kind.get(value)
            if credential is None or not credential.check_client(client):
                return None
            if credential.used:
                # Somebody else has it too, so neither may go on.
                self.revoke_family(credential.authorization.family)
                return None
            credential.used = spend
            return None if credential.is_expired() else credential
