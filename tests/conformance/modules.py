"""A module of the plan: what the provider does, and what comes of it."""

from __future__ import annotations

import typing as t

from .plays import Play


class Module(t.NamedTuple):
    """A line of the plan."""

    name: str
    #: The behaviour of the provider.
    what: str
    #: How it is played; nothing, where it is left out.
    play: Play | None
    #: The text of the log about a refusal; empty where the client goes along.
    log: str = ""
    #: Why it is left out.
    reason: str = ""

    @property
    def result(self) -> str:
        """The text of the documents on it."""
        if self.play is None:
            return f"Left out: {self.reason}"
        return f"Refused: {self.log}" if self.log else "Accepted"


def accepted(name: str, what: str, play: Play) -> Module:
    return Module(name, what, play)


def refused(name: str, what: str, log: str, play: Play) -> Module:
    return Module(name, what, play, log)


def left_out(name: str, what: str, reason: str) -> Module:
    return Module(name, what, None, reason=reason)


def played(modules: t.Iterable[Module]) -> list[Module]:
    """Return those that are not left out."""
    return [module for module in modules if module.play is not None]


OTHER = "https://other.example.com/"
FAPI = "fapi2-security-profile-final-client-test"
BACK = "oidcc-client-test-rp-backchannel-rpinitlogout"
NO_USERINFO = "the ID token has the claims, and /userinfo is not asked."
CODE_FLOW = "the code flow has no token at the authorization endpoint."
FIXED = "an application is registered with Auth0 once, and named in the settings."
UNSIGNED_REQUEST = "requests are not signed."
NO_JARM = "responses are not signed: the code is bound by state, PKCE and iss."
