"""The tenant: everything it knows and every switch a test can turn."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any
from urllib.parse import urlencode

from .accounts import Accounts
from .anonymous_sessions import AnonymousSessions
from .authorization_requests import PushedRequests
from .backchannel import LogoutNotifier
from .backchannel_logins import Answer, BackchannelLogins
from .credentials import Credentials
from .exchange import Exchange
from .inbox import Inbox
from .keys import SigningKeys
from .mfa import SecondFactors
from .model import Api, Client, Lifetimes, Person, seeded_people
from .organizations import Organization, Organizations
from .passkeys import Passkeys
from .passwordless_codes import Codes
from .proofs import Proofs
from .records import Delivery, Failure, Session, TokenRequest
from .sessions import SessionRegistry

JSON = "application/json"


class Tenant:
    """A development tenant; give it to a ``TenantServer`` to be reachable."""

    def __init__(
        self,
        clients: Iterable[Client] | None = None,
        people: Iterable[Person] | None = None,
        apis: Iterable[Api] = (),
    ) -> None:
        self.clients: list[Client] = [Client()] if clients is None else list(clients)
        self.people: list[Person] = seeded_people() if people is None else list(people)
        #: The audiences that there are; with none registered, any is good.
        self.apis: list[Api] = list(apis)
        #: Where the tenant is; its server sets both.
        self.url = "https://127.0.0.1"
        self.front_channel_url = self.url
        #: Where clients show certificates, if any does.
        self.mtls_url: str | None = None

        #: For how long what is issued next is good.
        self.lifetimes: Lifetimes = Lifetimes()
        #: Merged into the next ID tokens.
        self.extra_claims: dict[str, Any] = {}
        #: So many random bytes make the next access tokens longer.
        self.access_token_padding = 0
        #: The name of the claim with a person's roles, in ID and access tokens.
        self.roles_claim: str | None = None
        #: The name of the claim with a person's permissions in ID tokens.
        self.permissions_claim: str | None = None
        #: Merged into what ``/userinfo`` says, and nowhere else.
        self.userinfo_claims: dict[str, Any] = {}
        #: The scopes that are granted for any audience, where no API is registered.
        self.api_scopes: set[str] = {"read:messages", "write:messages"}
        #: Whether each refresh replaces the refresh token, which is then spent.
        self.rotation = True
        #: How many seconds a client waits between questions for a login that it began.
        self.backchannel_login_interval = 5
        #: What everybody answers at once to such a login; ``None`` waits for the page.
        self.answer_backchannel_logins: Answer | None = None
        #: Whether answers of ``/authorize`` have the issuer in ``iss`` (RFC 9207).
        self.authorization_response_iss = False
        #: Whether a login with ``acr_values`` ends in an ``acr`` claim.
        self.honor_acr_values = True
        #: The error that ``prompt=none`` gets, even if somebody is logged in.
        self.silent_login_error: str | None = None
        #: Whether discovery publishes the ``end_session_endpoint``.
        self.publish_end_session_endpoint = True
        #: What became of each request to ``/oauth/token``.
        self.token_requests: list[TokenRequest] = []
        #: What became of each logout token.
        self.deliveries: list[Delivery] = []

        self._lock = RLock()
        #: Held while it is said who logs in next.
        self._logins = Lock()
        #: What was sent to people: codes and links.
        self.inbox: Inbox = Inbox(self._lock)
        #: Who has which second factor.
        self.mfa: SecondFactors = SecondFactors(self._lock, self.inbox)
        #: Codes and links that stand for a password.
        self.passwordless: Codes = Codes(self._lock)
        #: Who has which passkey.
        self.passkeys: Passkeys = Passkeys(self._lock)
        #: Who belongs to which organization.
        self.organizations: Organizations = Organizations(self._lock)
        #: Accounts of people at other providers.
        self.accounts: Accounts = Accounts(self._lock)
        #: Who the tokens of other systems stand for.
        self.exchange: Exchange = Exchange(self._lock)
        #: Sessions of visitors who have not logged in.
        self.anonymous: AnonymousSessions = AnonymousSessions(self._lock)
        self.dpop_proofs: Proofs = Proofs(self._lock)
        #: If set, each DPoP proof has to have this nonce.
        self.dpop_nonce: str | None = None

        self.keys: SigningKeys = SigningKeys()
        self.session_registry: SessionRegistry = SessionRegistry(self._lock)
        self.credentials: Credentials = Credentials(self._lock)
        self.pushed_requests: PushedRequests = PushedRequests(self._lock)
        #: The logins that wait for a person's answer: see them, approve or deny them.
        self.backchannel_logins: BackchannelLogins = BackchannelLogins(self._lock)
        self._notifier = LogoutNotifier(self._record_delivery)
        self._failures: list[Failure] = []
        self._refresh_failures: list[Failure] = []
        self._next_login: Person | None = None

    @property
    def client(self) -> Client:
        """The first client, often the only one."""
        return self.clients[0]

    @property
    def issuer(self) -> str:
        return f"{self.url}/"

    # Looking things up

    def find_client(self, client_id: str | None) -> Client | None:
        matches = (c for c in self.clients if c.client_id == client_id)
        return next(matches, None)

    def find_person(self, sub_or_email: str) -> Person | None:
        """One of the people, or whoever has that e-mail address."""
        wanted = sub_or_email.strip()
        for person in self.people:
            if wanted == person.sub or wanted.lower() == person.email.lower():
                return person
        return Person.from_email(wanted) if _is_email(wanted) else None

    def add_person(self, person: Person) -> None:
        """Let somebody who has just signed up be one of the people."""
        with self._lock:
            if all(each.sub != person.sub for each in self.people):
                self.people.append(person)

    # Switches

    @property
    def next_login(self) -> str | None:
        """Who logs in without being asked: a ``sub`` or an e-mail address."""
        return self._next_login.sub if self._next_login else None

    @next_login.setter
    def next_login(self, sub_or_email: str | None) -> None:
        person = None if sub_or_email is None else self.find_person(sub_or_email)
        if person is None and sub_or_email is not None:
            raise ValueError(f"Nobody in this tenant is {sub_or_email!r}.")
        self._next_login = person

    @contextmanager
    def logging_in(self, sub_or_email: str) -> Iterator[None]:
        """Let somebody log in without being asked, for a block; one at a time."""
        with self._logins:
            before = self._next_login
            self.next_login = sub_or_email
            try:
                yield
            finally:
                self._next_login = before

    @property
    def next_person(self) -> Person | None:
        return self._next_login

    def invite(
        self, email: str, organization: Organization, client: Client | None = None
    ) -> str:
        """Invite somebody to an organization, and return the link that says so.

        It leads to the ``login_url`` of the client, the first one by default.
        """
        login_url = (client or self.client).login_url
        if login_url is None:
            raise ValueError("An invitation needs the login_url of its client.")
        invitation = self.organizations.invite(email, organization)
        link = f"{login_url}?{urlencode(invitation.parameters())}"
        self.inbox.send(email, "email", link=link)
        return link

    def sessions(self) -> list[Session]:
        return self.session_registry.all()

    def end_session(self, sid: str) -> list[Delivery]:
        """End a session, tell its clients, and wait for what they answer."""
        return [future.result() for future in self.end_session_soon(sid)]

    def end_session_soon(self, sid: str) -> list[Future[Delivery]]:
        """End a session at once, and tell its clients in the background."""
        session = self.session_registry.end(sid)
        return self._notifier.notify(self, session) if session else []

    def rotate_keys(self, *, keep_old: bool = True) -> str:
        """Sign with a new key from now on, and return its ``kid``."""
        with self._lock:
            return self.keys.rotate(keep_old=keep_old)

    def expire_tokens(
        self, *, access_tokens: bool = True, refresh_tokens: bool = True
    ) -> None:
        """Let what was issued so far be out of date here, from now on."""
        self.credentials.expire(
            access_tokens=access_tokens, refresh_tokens=refresh_tokens
        )

    def fail_next_token_request(
        self,
        status: int | None = 500,
        body: bytes = b'{"error": "server_error"}',
        content_type: str = JSON,
        delay: float = 0.0,
        count: int = 1,
    ) -> None:
        """Answer so many token requests like this; without a status, only late."""
        with self._lock:
            self._failures.append(Failure(status, body, content_type, delay, count))

    def limit_next_token_request(self, retry_after: int = 1, count: int = 1) -> None:
        """Answer so many token requests with 429, and the seconds to wait."""
        body = {
            "error": "too_many_requests",
            "error_description": "Global limit has been reached",
        }
        headers = {"Retry-After": str(retry_after)}
        with self._lock:
            self._failures.append(Failure(429, _json(body), JSON, 0.0, count, headers))

    def require_mfa_at_next_refresh(
        self, mfa_requirements: Mapping[str, Any] | None = None, count: int = 1
    ) -> str:
        """Answer so many refreshes with ``mfa_required``, and return the ``mfa_token``.

        Without ``mfa_requirements`` there is a one-time password to be asked for.
        """
        mfa_token = secrets.token_urlsafe(32)
        body = {
            "error": "mfa_required",
            "error_description": "Multifactor authentication required",
            "mfa_token": mfa_token,
            "mfa_requirements": mfa_requirements or {"challenge": [{"type": "otp"}]},
        }
        with self._lock:
            self._refresh_failures.append(Failure(403, _json(body), JSON, 0.0, count))
        return mfa_token

    def take_failure(self) -> Failure | None:
        """How the token request that is being answered is to fail."""
        return self._take(self._failures)

    def take_refresh_failure(self) -> Failure | None:
        """How the refresh that is being answered is to fail."""
        return self._take(self._refresh_failures)

    def _take(self, failures: list[Failure]) -> Failure | None:
        with self._lock:
            if not failures:
                return None
            failure = failures[0]
            failure.count -= 1
            if failure.count <= 0:
                failures.pop(0)
            return failure

    def record_token_request(self, grant_type: str, outcome: str) -> None:
        with self._lock:
            self.token_requests.append(TokenRequest(grant_type, outcome))

    def _record_delivery(self, delivery: Delivery) -> None:
        with self._lock:
            self.deliveries.append(delivery)


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _is_email(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and text.isprintable() and " " not in text
