"""Organizations: who belongs to which, and who is invited."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock

from authlib.oauth2 import OAuth2Error

from .model import Person


def random_organization_id() -> str:
    return f"org_{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Organization:
    """A business customer of the app, whose members log in within it."""

    id: str = field(default_factory=random_organization_id)
    name: str = "acme"
    display_name: str = ""
    #: E-mail domains whose people log in with its own identity provider.
    domains: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.display_name or self.name


@dataclass(frozen=True)
class Invitation:
    """Somebody's invitation to an organization, good once."""

    ticket: str
    organization: Organization
    email: str
    expires_at: float

    def parameters(self) -> dict[str, str]:
        """What the link to the app's login page has in its query."""
        return {
            "invitation": self.ticket,
            "organization": self.organization.id,
            "organization_name": self.organization.name,
        }


class Organizations:
    """The organizations of a tenant; ``tenant.organizations``.

    As long as there are none, every organization exists and everybody is in it.
    """

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._all: list[Organization] = []
        self._members: set[tuple[str, str]] = set()
        self._invitations: dict[str, Invitation] = {}

    def __iter__(self) -> Iterator[Organization]:
        with self._lock:
            return iter(list(self._all))

    def add(self, organization: Organization, *members: str) -> Organization:
        """Register an organization with its members, each by ``sub``."""
        with self._lock:
            self._all.append(organization)
            self._members |= {(organization.id, sub) for sub in members}
        return organization

    def find(self, id_or_name: str) -> Organization | None:
        """By its id, or by its name, which may be in capitals."""
        by_id = id_or_name.startswith("org_")
        for each in self:
            if id_or_name == each.id if by_id else id_or_name.lower() == each.name:
                return each
        return None

    def of_email(self, email: str) -> Organization | None:
        """The organization whose identity provider knows that address."""
        domain = email.rpartition("@")[2].lower()
        return next((each for each in self if domain in each.domains), None)

    def of(self, person: Person) -> list[Organization]:
        return [each for each in self if self.is_member(person, each)]

    def is_member(self, person: Person, organization: Organization) -> bool:
        with self._lock:
            if (organization.id, person.sub) in self._members:
                return True
        if {organization.id, organization.name} & set(person.organizations):
            return True
        return self.of_email(person.email) == organization

    def join(self, person: Person, organization: Organization) -> None:
        with self._lock:
            self._members.add((organization.id, person.sub))

    def id_for(self, person: Person, wanted: str | None) -> str | None:
        """The organization that somebody logs in to; raises if they may not."""
        if wanted is None:
            return None
        if not self._all and not person.organizations:
            return wanted
        found = self.find(wanted)
        if not self._all and wanted in person.organizations:
            return wanted
        if found is None:
            raise OAuth2Error(
                "parameter organization is invalid", error="invalid_request"
            )
        if not self.is_member(person, found):
            raise OAuth2Error(
                f"user {person.sub} is not part of the {found.id} organization",
                error="access_denied",
                status_code=403,
            )
        return found.id

    # Invitations

    def invite(
        self, email: str, organization: Organization, lifetime: int = 604_800
    ) -> Invitation:
        """Invite somebody, for so many seconds."""
        expires_at = time.time() + lifetime
        ticket = secrets.token_urlsafe(24)
        invitation = Invitation(ticket, organization, email, expires_at)
        with self._lock:
            self._invitations[ticket] = invitation
        return invitation

    def invitation(self, ticket: str) -> Invitation | None:
        """The invitation, if it was not used and is not too old."""
        with self._lock:
            found = self._invitations.get(ticket)
        return found if found and time.time() < found.expires_at else None

    def invited(self, ticket: str, person: Person) -> Organization:
        """Where somebody is invited to; raises ``OAuth2Error`` if they are not."""
        invitation = self.invitation(ticket)
        if invitation is None:
            raise OAuth2Error(
                "invitation not found or already used", error="invalid_request"
            )
        if person.email.lower() != invitation.email.lower():
            self._use(ticket)
            raise OAuth2Error(
                "the specified account is not allowed to accept the current invitation",
                error="access_denied",
            )
        return invitation.organization

    def accept(self, ticket: str, person: Person) -> None:
        """Let somebody join where they are invited to."""
        self.join(person, self.invited(ticket, person))
        self._use(ticket)

    def _use(self, ticket: str) -> None:
        with self._lock:
            self._invitations.pop(ticket, None)
