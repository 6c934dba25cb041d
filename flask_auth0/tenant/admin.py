"""``/admin``: the tenant's switches, for a person."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .browser import form_is_ours
from .context import get_tenant
from .records import Delivery

blueprint: Blueprint = Blueprint("admin", __name__)

#: The failures that can be chosen: label, status and body of each.
FAILURES: dict[str, tuple[str, int | None, bytes]] = {
    "error": ("500, server error", 500, b'{"error": "server_error"}'),
    "unavailable": ("503, temporarily unavailable", 503, b"Service unavailable"),
    "rubbish": ("200, but not JSON", 200, b"<p>This is not JSON.</p>"),
    "invalid_grant": ("403, invalid_grant", 403, b'{"error": "invalid_grant"}'),
    "slow": ("Late, then as usual", None, b""),
}


@blueprint.before_request
def check_form() -> None:
    if request.method == "POST" and not form_is_ours():
        abort(400, "That page was out of date. Go back, reload it and try again.")


@blueprint.get("/")
def home() -> Response:
    return redirect(url_for(".overview"))


@blueprint.get("/admin")
def overview() -> str:
    tenant = get_tenant()
    return render_template(
        "flask_auth0_tenant/admin.html",
        tenant=tenant,
        lifetimes=asdict(tenant.lifetimes),
        failures=FAILURES,
    )


@blueprint.post("/admin/sessions/<sid>/end")
def end_session(sid: str) -> Response:
    deliveries = get_tenant().end_session(sid)
    outcomes = "; ".join(map(_describe, deliveries)) or "no app had to be told"
    return _done(f"The session has ended: {outcomes}.")


def _describe(delivery: Delivery) -> str:
    answer = delivery.error or f"status {delivery.status}"
    return f"{delivery.client_id} was told ({answer})"


@blueprint.post("/admin/keys")
def rotate_keys() -> Response:
    keep_old = "keep_old" in request.form
    get_tenant().rotate_keys(keep_old=keep_old)
    fate = "stay published" if keep_old else "are no longer published"
    return _done(f"A new key signs from now on; the old ones {fate}.")


@blueprint.post("/admin/tokens/expire")
def expire_tokens() -> Response:
    kinds = {"access_tokens", "refresh_tokens"} & request.form.keys()
    get_tenant().expire_tokens(
        access_tokens="access_tokens" in kinds,
        refresh_tokens="refresh_tokens" in kinds,
    )
    return _done("What was chosen of the issued tokens has expired here.")


@blueprint.post("/admin/tokens/fail")
def fail_token_requests() -> Response:
    label, status, body = FAILURES.get(request.form.get("kind", ""), FAILURES["error"])
    get_tenant().fail_next_token_request(
        status=status,
        body=body,
        content_type="text/html" if body[:1] == b"<" else "application/json",
        delay=min(max(request.form.get("delay", 0.0, type=float), 0.0), 120.0),
        count=max(request.form.get("count", 1, type=int), 1),
    )
    return _done(f"The next token requests get: {label}.")


@blueprint.post("/admin/lifetimes")
def set_lifetimes() -> Response:
    lifetimes = get_tenant().lifetimes
    for name in asdict(lifetimes):
        seconds = request.form.get(name, type=int)
        if seconds is None or seconds < 0:
            abort(400, "A lifetime is a whole number of seconds, 0 or more.")
        setattr(lifetimes, name, seconds)
    return _done("The new lifetimes hold for what is issued next.")


@blueprint.post("/admin/rotation")
def set_rotation() -> Response:
    tenant = get_tenant()
    tenant.rotation = "rotation" in request.form
    state = "on" if tenant.rotation else "off"
    return _done(f"Refresh token rotation is {state}.")


def _done(message: str) -> Response:
    flash(message)
    return redirect(url_for(".overview"), 303)
