"""Serves the test app with Werkzeug's threaded server on an inherited socket."""

from __future__ import annotations

import sys

from werkzeug.serving import make_server

from tests.harness.app import create_app

if __name__ == "__main__":
    app = create_app()
    make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
