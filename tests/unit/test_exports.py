"""The public names."""

from __future__ import annotations

import types

import flask_auth0


def test_the_public_names() -> None:
    names = {
        name
        for name, value in vars(flask_auth0).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert names == {
        "AccountUnchanged",
        "Auth0",
        "Auth0Error",
        "AuthorizationFailed",
        "ChallengeFailed",
        "ConfigurationError",
        "InsufficientScope",
        "InvalidToken",
        "LoginFailed",
        "LoginLoop",
        "LoginRequired",
        "MfaRequired",
        "MyAccountRefused",
        "NotAllowed",
        "SessionStoreUnavailable",
        "SessionTooLarge",
        "TenantError",
        "TenantUnavailable",
        "TokenRequired",
        "accounts_changed",
        "WrongCode",
        "any_of",
        "bearer_required",
        "current_user",
        "kept_form",
        "login_failed",
        "login_required",
        "public",
        "session_revoked",
        "silent_login",
        "token_refreshed",
        "user_logged_in",
        "user_logged_out",
    }
    assert flask_auth0.__version__
