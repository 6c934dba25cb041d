"""The command group ``flask auth0``."""

from __future__ import annotations

from flask.cli import AppGroup

from .sessions.command import sessions
from .tenant.command import tenant

auth0 = AppGroup("auth0", help="Auth0 in this app, and a tenant for development.")
auth0.add_command(sessions)
auth0.add_command(tenant)
