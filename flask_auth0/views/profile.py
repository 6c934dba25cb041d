"""The user, for scripts: who is logged in."""

from __future__ import annotations

from flask import Response, jsonify

from ..user import shown_user
from .guards import login_required
from .script_requests import for_scripts


@for_scripts
@login_required(refuse="401")
def profile() -> Response:
    """Return the claims of the user."""
    return jsonify(dict(shown_user()))
