"""Where people are logged in: a page that lists their sessions and ends them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_auth0 import ConfigurationError, current_user, login_required

from .extensions import auth0

sessions = Blueprint("sessions", __name__, url_prefix="/sessions")
sessions.before_request(auth0.refuse_foreign_forms)


@sessions.get("")
@login_required
def overview() -> str:
    try:
        found = auth0.sessions.of(current_user["sub"])
    except ConfigurationError:  # Nobody can list sessions that are in cookies.
        found = None
    return render_template("sessions.html", sessions=found)


@sessions.post("/end")
@login_required
def end() -> ResponseReturnValue:
    auth0.sessions.revoke(request.form["id"], sub=current_user["sub"])
    return redirect(url_for("sessions.overview" if current_user else "pages.home"))


@sessions.post("/end-others")
@login_required
def end_others() -> ResponseReturnValue:
    auth0.sessions.revoke_all(current_user["sub"], except_current=True)
    return redirect(url_for("sessions.overview"))
