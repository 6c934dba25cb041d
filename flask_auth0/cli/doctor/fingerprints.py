"""Fingerprints of an app's secrets, to compare two loads of it.

``python -m flask_auth0.cli.doctor.fingerprints APP`` loads the app in a process of its
own. It reads a salt, and writes the fingerprints; a secret cannot be found from one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from contextlib import redirect_stdout

from flask import Flask
from flask.cli import ScriptInfo

from ...app_state import state_of
from ...config import EXTENSION


def fingerprints_of(app: Flask, salt: bytes) -> dict[str, str]:
    """Return a fingerprint of each secret, by its key in the configuration."""
    secrets = {"SECRET_KEY": app.secret_key or ""}
    if EXTENSION in app.extensions:
        secrets["AUTH0_SECRET"] = ",".join(state_of(app).config.secret)
    return {key: _digest(secret, salt) for key, secret in secrets.items()}


def _digest(secret: str | bytes, salt: bytes) -> str:
    plain = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(salt, plain, hashlib.sha256).hexdigest()


def _main() -> None:
    salt = sys.stdin.buffer.read()
    with redirect_stdout(sys.stderr):
        app = ScriptInfo(app_import_path=next(iter(sys.argv[1:]), None)).load_app()
    print(json.dumps(fingerprints_of(app, salt)))


if __name__ == "__main__":
    _main()
