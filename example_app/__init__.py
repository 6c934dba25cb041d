"""The example app: a whole small application whose login is flask_auth0.

Start it with ``EXAMPLE_DEVELOPMENT_TENANT=true flask --app example_app run``, or with a
tenant of Auth0 in the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dotenv import find_dotenv, load_dotenv
from flask import Flask, render_template
from flask.helpers import get_load_dotenv
from werkzeug.exceptions import NotFound

from . import embedded_tenant, headers, presentation, settings
from .accounts import accounts
from .api import api
from .extensions import auth0
from .sessions import sessions
from .views import pages


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the app; *config* wins over the environment and ``.env``."""
    if get_load_dotenv():
        load_dotenv(find_dotenv(usecwd=True))
    app = Flask(__name__)
    app.config.from_mapping(settings.defaults())
    app.config.from_prefixed_env("EXAMPLE")
    app.config.from_mapping(config or {})
    auth0.init_app(app, **embedded_tenant.options_for(app))
    app.register_blueprint(pages)
    app.register_blueprint(accounts)
    app.register_blueprint(sessions)
    app.register_blueprint(api)
    app.register_error_handler(NotFound, not_found)
    presentation.init_app(app)
    headers.init_app(app)
    return app


def not_found(error: NotFound) -> tuple[str, int]:
    """Answer an unknown address with a page that looks like the others."""
    return render_template("not_found.html"), 404
