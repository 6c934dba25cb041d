"""Second factors: who has which, and what was begun with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from threading import RLock
from typing import Any

from authlib.oauth2 import OAuth2Error

from .inbox import Inbox, random_code
from .records import Authorization, Login

#: The channels over which the tenant sends a code.
CHANNELS = ("sms", "voice", "email")
#: What Auth0 calls them in ``mfa_requirements``.
_FACTORS = {"otp": "otp", "sms": "phone", "voice": "phone", "email": "email"}


class MFARequired(OAuth2Error):
    """The person has to prove a second factor; the error has what that takes."""

    error: str = "mfa_required"
    description = "Multifactor authentication required"
    status_code = 403

    def __init__(self, mfa_token: str, requirements: dict[str, Any]) -> None:
        super().__init__()
        self.mfa_token = mfa_token
        self.requirements = requirements

    def get_body(self) -> list[tuple[str, Any]]:
        body: list[tuple[str, Any]] = super().get_body()
        body.append(("mfa_token", self.mfa_token))
        body.append(("mfa_requirements", self.requirements))
        return body


@dataclass(frozen=True)
class Authenticator:
    """A second factor that somebody has: an app with a secret, or an address."""

    id: str
    #: ``otp``, ``sms``, ``voice`` or ``email``.
    kind: str
    active: bool
    secret: str = field(default="", repr=False)
    address: str = ""


@dataclass(frozen=True)
class MFAToken:
    """A login that waits for its second factor."""

    login: Login
    issued_at: float


@dataclass(frozen=True)
class Challenge:
    """A code that was sent, and what it is to confirm."""

    mfa_token: str
    authenticator: Authenticator
    code: str = field(repr=False)


class SecondFactors:
    """The second factors of all people; ``tenant.mfa``."""

    def __init__(self, lock: RLock, inbox: Inbox) -> None:
        #: This code is right for every authenticator app.
        self.code = "123456"
        #: For how many seconds a login waits for its second factor.
        self.lifetime = 600
        #: Who has to have a second factor, by ``sub``, whether enrolled or not.
        self.required: set[str] = set()
        #: A refresh for one of these audiences asks for a second factor.
        self.audiences: set[str] = set()
        self._lock = lock
        self._inbox = inbox
        self._authenticators: dict[str, list[Authenticator]] = {}
        self._recovery_codes: dict[str, str] = {}
        self._tokens: dict[str, MFAToken] = {}
        self._challenges: dict[str, Challenge] = {}

    # Enrolling

    def enroll(
        self, sub: str, kind: str = "otp", address: str = "", *, active: bool = True
    ) -> Authenticator:
        """Give somebody a second factor: ``otp``, ``sms``, ``voice`` or ``email``."""
        name = "totp" if kind == "otp" else kind
        authenticator = Authenticator(
            id=f"{name}|dev_{secrets.token_hex(8)}",
            kind=kind,
            active=active,
            secret=random_secret() if kind == "otp" else "",
            address=address,
        )
        with self._lock:
            self._authenticators.setdefault(sub, []).append(authenticator)
        return authenticator

    def authenticators(self, sub: str, *, active: bool = True) -> list[Authenticator]:
        """What somebody has; with ``active=False`` what waits for its first code."""
        with self._lock:
            everything = self._authenticators.get(sub, [])
            return [each for each in everything if each.active is active]

    def remove(self, sub: str, identifier: str) -> bool:
        with self._lock:
            before = self._authenticators.get(sub, [])
            after = [each for each in before if each.id != identifier]
            self._authenticators[sub] = after
            return len(after) < len(before)

    def new_recovery_code(self, sub: str) -> str:
        code = base64.b32encode(secrets.token_bytes(15)).decode()
        with self._lock:
            self._recovery_codes[sub] = code
        return code

    def has_recovery_code(self, sub: str) -> bool:
        with self._lock:
            return sub in self._recovery_codes

    # Asking for one

    def wanted(self, sub: str) -> bool:
        return sub in self.required or bool(self.authenticators(sub))

    def check(self, login: Login) -> None:
        """Raise ``MFARequired`` if the person has to prove more."""
        if "mfa" not in login.amr and self.wanted(login.person.sub):
            raise self.demand(login)

    def check_refresh(
        self, authorization: Authorization, scope: str, audience: str | None
    ) -> None:
        """Raise ``MFARequired`` if the audience takes no less."""
        if audience not in self.audiences or "mfa" in authorization.amr:
            return
        raise self.demand(
            Login(
                client=authorization.client,
                person=authorization.person,
                scope=scope,
                audience=audience,
                organization=authorization.organization,
                sid=authorization.sid,
            )
        )

    def demand(self, login: Login) -> MFARequired:
        token = f"Fe26.2*{secrets.token_urlsafe(48)}"
        with self._lock:
            self._tokens[token] = MFAToken(login, time.time())
        return MFARequired(token, self._requirements(login.person.sub))

    def _requirements(self, sub: str) -> dict[str, Any]:
        enrolled = self.authenticators(sub)
        factors = dict.fromkeys(_FACTORS[each.kind] for each in enrolled)
        if factors:
            return {"challenge": [{"type": factor} for factor in factors]}
        everything = dict.fromkeys(_FACTORS.values())
        return {"enroll": [{"type": factor} for factor in everything]}

    def login_of(self, token: str) -> Login:
        """The login that waits; raises ``OAuth2Error`` if it has waited too long."""
        with self._lock:
            waiting = self._tokens.get(token)
        if waiting is None:
            raise OAuth2Error(
                "Malformed mfa_token", error="invalid_grant", status_code=403
            )
        if time.time() >= waiting.issued_at + self.lifetime:
            raise OAuth2Error(
                "mfa_token is expired", error="expired_token", status_code=401
            )
        return waiting.login

    def challenge(self, token: str, authenticator: Authenticator) -> str:
        """Send a code, and return the ``oob_code`` that belongs to it."""
        code, oob_code = random_code(), secrets.token_urlsafe(24)
        with self._lock:
            self._challenges[oob_code] = Challenge(token, authenticator, code)
        self._inbox.send(authenticator.address, authenticator.kind, code=code)
        return oob_code

    # Proving one

    def accept_otp(self, sub: str, otp: str) -> bool:
        """Whether it is the code of one of the person's apps, enrolling included."""
        for authenticator in self._all(sub, "otp"):
            if same(otp, self.code) or otp in totps(authenticator.secret):
                self._activate(sub, authenticator)
                return True
        return False

    def accept_oob(self, sub: str, token: str, oob_code: str, code: str) -> bool:
        """Whether it is the code that was sent for a login."""
        with self._lock:
            challenge = self._challenges.get(oob_code)
            if challenge is None or challenge.mfa_token != token:
                return False
            if not same(code, challenge.code):
                return False
            del self._challenges[oob_code]
        self._activate(sub, challenge.authenticator)
        return True

    def accept_any(self, sub: str, token: str, code: str) -> bool:
        """Whether it is one of the codes that the page for a second factor takes."""
        with self._lock:
            sent = [k for k, c in self._challenges.items() if c.mfa_token == token]
        return (
            self.accept_otp(sub, code)
            # Whoever has no factor yet is let in by the fixed code as well.
            or same(code, self.code)
            or any(self.accept_oob(sub, token, each, code) for each in sent)
            or self.accept_recovery_code(sub, code)
        )

    def accept_recovery_code(self, sub: str, code: str) -> bool:
        with self._lock:
            if not same(code, self._recovery_codes.get(sub, "")):
                return False
            del self._recovery_codes[sub]
            return True

    def spend(self, token: str) -> None:
        with self._lock:
            self._tokens.pop(token, None)

    def _all(self, sub: str, kind: str) -> list[Authenticator]:
        with self._lock:
            everything = self._authenticators.get(sub, [])
            return [each for each in everything if each.kind == kind]

    def _activate(self, sub: str, authenticator: Authenticator) -> None:
        with self._lock:
            self._authenticators[sub] = [
                replace(each, active=True) if each.id == authenticator.id else each
                for each in self._authenticators.get(sub, [])
            ]


def same(given: str, expected: str) -> bool:
    return bool(expected) and compare_digest(given.encode(), expected.encode())


def random_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totps(secret: str) -> list[str]:
    """The codes of an authenticator app: of now, and of the half minutes beside it."""
    step = int(time.time()) // 30
    return [totp(secret, counter) for counter in (step - 1, step, step + 1)]


def totp(secret: str, counter: int) -> str:
    """RFC 6238, with six digits and SHA-1 as all apps have it."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
