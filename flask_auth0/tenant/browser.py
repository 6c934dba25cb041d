"""What the tenant keeps in a browser: its session's cookie and form tokens."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from hmac import compare_digest

from flask import Flask, request, session

from .model import Person
from .records import Session
from .tenant import Tenant

#: Cookies ignore ports, so the name is one that no app has, and ends in the port.
COOKIE_NAME = "flask_auth0_development_tenant"


def configure_cookie(app: Flask, *, secure: bool) -> None:
    app.secret_key = secrets.token_bytes(32)
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE_NAME,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
    )


def name_cookie(app: Flask, port: int) -> None:
    """Two tenants at once have a session each in one browser."""
    app.config["SESSION_COOKIE_NAME"] = f"{COOKIE_NAME}_{port}"


def current_session(tenant: Tenant) -> Session | None:
    return tenant.session_registry.get(session.get("sid"))


def sign_in(tenant: Tenant, person: Person, acr: Collection[str] = ()) -> Session:
    """The session of somebody who has just proven who they are, and how strongly."""
    current = current_session(tenant)
    if current and current.person.sub == person.sub:
        again = tenant.session_registry.authenticate_again(current.sid, acr)
        if again:
            return again
    if current:
        tenant.end_session_soon(current.sid)
    started = tenant.session_registry.start(person, acr)
    session["sid"] = started.sid
    return started


def sign_out(tenant: Tenant) -> None:
    sid = session.pop("sid", None)
    if sid:
        tenant.end_session_soon(sid)


def csrf_token() -> str:
    """The same for all forms of a browser, so that two tabs work."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    token: str = session["csrf"]
    return token


def form_is_ours() -> bool:
    expected, given = session.get("csrf", ""), request.form.get("csrf_token", "")
    return bool(expected) and compare_digest(expected.encode(), given.encode())
