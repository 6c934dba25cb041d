"""The first import of the SDK: without its warnings, with a check of its release."""

from __future__ import annotations

import importlib.metadata
import warnings

# Authlib resets the filter of its own warnings, so it is imported before ours.
import authlib.deprecate

with warnings.catch_warnings():
    # Authlib announces a move to httpx2, and the SDK uses the API of pydantic 1. An app
    # that turns warnings into errors could not be imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from auth0_server_python.auth_server.server_client import ServerClient

__all__ = ["ServerClient", "authlib"]

NAME = "auth0-server-python"

#: The newest release that the tests have run with.
TESTED = "1.0.0b20"

#: The private members of the SDK's client that :mod:`.server_client` uses.
OVERRIDDEN = (
    "_anonymous_client",
    "_anonymous_store",
    "_clear_anonymous_session_after_login",
    "_apply_client_authentication",
    "_build_link_user_url",
    "_build_unlink_user_url",
    "_establish_session_from_mfa_verify_response",
    "_get_http_client",
    "_get_jwks_cached",
    "_get_oidc_metadata_cached",
    "_my_account_client",
    "_oauth",
    "_redirect_uri",
    "_verify_and_decode_jwt",
)

#: Those that its constructor sets.
_OF_INSTANCES = {
    "_anonymous_client",
    "_anonymous_store",
    "_my_account_client",
    "_oauth",
    "_redirect_uri",
}


def require_overridden() -> None:
    """Refuse a release of the SDK whose client lacks a member that is overridden.

    Such a client would verify tokens and open connections in its own way.

    :raises ImportError: telling which release works.
    """
    # Those that the constructor sets are among the names of its code.
    set_there = _OF_INSTANCES.intersection(ServerClient.__init__.__code__.co_names)
    known = {*dir(ServerClient), *set_there}
    missing = [name for name in OVERRIDDEN if name not in known]
    if missing:
        version = importlib.metadata.version(NAME)
        raise ImportError(
            f"flask_auth0 does not work with {NAME} {version}: "
            f"its ServerClient has no {' and no '.join(missing)}. "
            f"Install {NAME}=={TESTED}, or a newer flask_auth0.",
            name="auth0_server_python",
        )


require_overridden()
