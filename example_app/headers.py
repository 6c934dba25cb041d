"""Response headers that keep foreign scripts, frames and referrers out."""

from __future__ import annotations

from flask import Flask, Response


def init_app(app: Flask) -> None:
    policy = content_security_policy(app)

    def set_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.after_request(set_headers)


def content_security_policy(app: Flask) -> str:
    """Allow this app's own files and people's pictures, and no inline script."""
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
            f"form-action 'self' {tenant}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
