"""``/inbox``: what the tenant has sent to people, for who develops."""

from __future__ import annotations

from flask import Blueprint, render_template

from .context import get_tenant

blueprint: Blueprint = Blueprint("inbox", __name__)


@blueprint.get("/inbox")
@blueprint.get("/inbox/<path:address>")
def messages(address: str | None = None) -> str:
    inbox = get_tenant().inbox
    return render_template(
        "flask_auth0_tenant/inbox.html",
        address=address,
        addresses=sorted({each.to for each in inbox.messages()}, key=str.lower),
        messages=inbox.messages(address)[::-1][:50],
    )
