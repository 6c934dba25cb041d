"""An app with no routes, for the command line that runs the development tenant."""

from __future__ import annotations

from flask import Flask

from flask_auth0.cli import auth0

app = Flask(__name__)
app.cli.add_command(auth0)
