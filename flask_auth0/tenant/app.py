"""The Flask app that serves a tenant."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, abort, request
from werkzeug.exceptions import HTTPException

from . import (
    admin,
    anonymous,
    authorize,
    ciba,
    connected_accounts,
    enterprise,
    inbox_pages,
    logout,
    metadata,
    mfa_api,
    my_account,
    passkey_api,
    passwordless,
    pushed_requests,
    token_exchange,
    tokens,
)
from .browser import configure_cookie, csrf_token
from .context import EXTENSION
from .json_forms import JSONFormRequest
from .loopback import is_loopback
from .pages import error_page, secure_headers
from .provider import Provider
from .tenant import Tenant

EMBEDDED_GRANTS = (
    mfa_api.OTPGrant,
    mfa_api.OOBGrant,
    mfa_api.RecoveryCodeGrant,
    passwordless.PasswordlessGrant,
    passkey_api.PasskeyGrant,
    token_exchange.TokenExchangeGrant,
    connected_accounts.ConnectionTokenGrant,
)


def create_app(tenant: Tenant, *, secure_cookie: bool = True) -> Flask:
    app = Flask(__name__.rpartition(".")[0], static_folder=None)
    app.request_class = JSONFormRequest
    # Whatever FLASK_DEBUG says about the app that is being developed.
    app.debug = False
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    configure_cookie(app, secure=secure_cookie)
    app.extensions[EXTENSION] = provider = Provider(tenant, app)
    for grant in EMBEDDED_GRANTS:
        provider.register_grant(grant)
    app.before_request(refuse_other_hosts)
    app.after_request(secure_headers)
    app.register_error_handler(HTTPException, error_page)
    app.add_template_global(csrf_token)
    for module in (metadata, authorize, pushed_requests, ciba, tokens, logout, admin):
        app.register_blueprint(module.blueprint)
    for module in (mfa_api, passwordless, passkey_api, anonymous, enterprise):
        app.register_blueprint(module.blueprint)
    for module in (my_account, connected_accounts, inbox_pages):
        app.register_blueprint(module.blueprint)
    return app


def refuse_other_hosts() -> None:
    """A name that somebody points at this machine must not open its pages."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        abort(400, "A development tenant answers on loopback addresses only.")
