"""The extension object that the app's modules share."""

from __future__ import annotations

from flask_auth0 import Auth0

auth0 = Auth0()
