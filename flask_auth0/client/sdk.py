"""The first import of the SDK, without the warnings that it gives on the way."""

from __future__ import annotations

import warnings

# It makes its own warnings always visible, so it has to come before the filter.
import authlib.deprecate

with warnings.catch_warnings():
    # Authlib announces a move to httpx2, and the SDK still writes pydantic 1. An app
    # that treats warnings as errors could not be imported, and can do nothing about it.
    warnings.simplefilter("ignore", DeprecationWarning)
    import auth0_server_python.auth_server.server_client

__all__ = ["auth0_server_python", "authlib"]
