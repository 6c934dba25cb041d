"""Response headers that keep foreign scripts, frames and referrers out."""

from __future__ import annotations

from flask import Flask, Response, request


def init_app(app: Flask) -> None:
    policy = content_security_policy(app)
    # The tenant sends on whoever connects an account, to any provider.
    of_accounts = content_security_policy(app, "https:")

    def set_headers(response: Response) -> Response:
        here = of_accounts if request.blueprint == "accounts" else policy
        response.headers.setdefault("Content-Security-Policy", here)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.after_request(set_headers)


def content_security_policy(app: Flask, *onward: str) -> str:
    """Allow this app's own files and people's pictures, and no inline script.

    Forms lead to this app, to the tenant, and *onward*.
    """
    # A browser holds the redirect to the tenant, too, to what a form may send to.
    domain = app.extensions["auth0"].config.domain
    tenant = app.config.get("TENANT_ORIGIN", f"https://{domain}")
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' https:",
            "connect-src 'self'",
            " ".join(["form-action 'self'", tenant, *onward]),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
