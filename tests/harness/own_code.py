"""Tells the package's own code from others', in whatever folder a clone of it is."""

from __future__ import annotations

from pathlib import Path

import flask_auth0

#: The folder of the package, with a slash at the end.
PACKAGE: str = str(Path(flask_auth0.__file__).parent) + "/"
