"""The commands ``flask auth0 …``, for the developer and the operator."""

from __future__ import annotations

from flask.cli import AppGroup

from ..tenant.command import tenant
from . import init, sessions
from .doctor import command

auth0: AppGroup = AppGroup(
    "auth0", help="Auth0 in this app, and a tenant for development."
)
auth0.add_command(command.doctor)
auth0.add_command(init.init)
auth0.add_command(sessions.sessions)
auth0.add_command(tenant)
