"""The grant for token exchange (RFC 8693), session transfer tokens among it."""

from __future__ import annotations

from typing import Any

from .embedded import EmbeddedGrant, Refused, text
from .model import Person
from .own_apis import session_transfer
from .records import Login

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
SESSION_TRANSFER_TOKEN = "urn:auth0:params:oauth:token-type:session_transfer_token"  # noqa: S105


class TokenExchangeGrant(EmbeddedGrant):
    """Somebody whom a token of another system stands for."""

    GRANT_TYPE: Any = "urn:ietf:params:oauth:grant-type:token-exchange"

    def identify(self) -> Login:
        identify = self.tenant.exchange.identifier(text("subject_token_type"))
        if identify is None:
            raise Refused("invalid_request", "subject_token_type is not supported", 400)
        found = identify(text("subject_token"))
        person = self.tenant.find_person(found) if isinstance(found, str) else found
        if person is None:
            raise Refused("invalid_request", "Invalid subject_token", 400)
        return self.login_of(person, act=self._actor())

    def _actor(self) -> dict[str, Any] | None:
        """Who acts for the person: somebody with an ID token of this tenant."""
        token = self.request.form.get("actor_token")
        if token is None:
            return None
        actor = self._actor_of(token)
        if actor is None:
            raise Refused("invalid_request", "Invalid actor_token", 400)
        sub = actor.sub if isinstance(actor, Person) else actor
        return {"sub": sub, "client_id": self._client_id}

    def _actor_of(self, token: str) -> Person | str | None:
        token_type = text("actor_token_type")
        if token_type == ID_TOKEN:
            claims = self.tenant.keys.claims(token) or {}
            return claims.get("sub") if claims.get("aud") == self._client_id else None
        identify = self.tenant.exchange.identifier(token_type)
        return identify(token) if identify else None

    @property
    def _client_id(self) -> str:
        client: Any = self.request.client
        client_id: str = client.client_id
        return client_id

    def answer(self) -> dict[str, Any]:
        if self.login.audience == session_transfer(self.tenant):
            return self._session_transfer_token()
        token = super().answer()
        return {**token, "issued_token_type": ACCESS_TOKEN}

    def _session_transfer_token(self) -> dict[str, Any]:
        if self.login.act is None:
            raise Refused("invalid_request", "An actor is required", 400)
        return {
            "access_token": self.tenant.exchange.transfer(self.login),
            "issued_token_type": SESSION_TRANSFER_TOKEN,
            "token_type": "N_A",
            "expires_in": self.tenant.exchange.transfer_lifetime,
        }
