"""The Flask app that serves a tenant."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, abort, request
from werkzeug.exceptions import HTTPException

from . import admin, authorize, ciba, logout, metadata, pushed_requests, tokens
from .browser import configure_cookie, csrf_token
from .context import EXTENSION
from .loopback import is_loopback
from .pages import error_page, secure_headers
from .provider import Provider
from .tenant import Tenant


def create_app(tenant: Tenant, *, secure_cookie: bool = True) -> Flask:
    app = Flask(__name__.rpartition(".")[0], static_folder=None)
    # Whatever FLASK_DEBUG says about the app that is being developed.
    app.debug = False
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    configure_cookie(app, secure=secure_cookie)
    app.extensions[EXTENSION] = Provider(tenant, app)
    app.before_request(refuse_other_hosts)
    app.after_request(secure_headers)
    app.register_error_handler(HTTPException, error_page)
    app.add_template_global(csrf_token)
    for module in (metadata, authorize, pushed_requests, ciba, tokens, logout, admin):
        app.register_blueprint(module.blueprint)
    return app


def refuse_other_hosts() -> None:
    """A name that somebody points at this machine must not open its pages."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        abort(400, "A development tenant answers on loopback addresses only.")
