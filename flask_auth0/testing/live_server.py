"""Serves an app to a real browser for the length of a block."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask import Flask

from .beginning import refuse_production


def live_server(app: Flask, port: int = 0) -> AbstractContextManager[str]:
    """Serve an app on loopback for a block, which is given the URL of its root.

    .. code-block:: python

        with live_server(app) as url:
            page.goto(f"{url}/profile")

    .. versionadded:: 0.2

    :param port: a free one, if not given.
    :raises ConfigurationError: where the app is neither in testing nor in debug mode.
    """
    refuse_production(app)
    # Most tests need no server, and the tenant's is slow to import.
    from ..tenant.live_server import serving

    return serving(app, port)
