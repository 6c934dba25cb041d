"""A development tenant: the part of Auth0 that a web login needs, on loopback only."""

from __future__ import annotations

from .accounts import Connection
from .model import Api, Client, Lifetimes, Person
from .organizations import Organization
from .server import TenantServer
from .tenant import Tenant

__all__ = [
    "Api",
    "Client",
    "Connection",
    "Lifetimes",
    "Organization",
    "Person",
    "Tenant",
    "TenantServer",
]
