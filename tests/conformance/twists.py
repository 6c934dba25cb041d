"""The ways in which a provider can be made to answer wrongly, or differently."""

from __future__ import annotations

import hashlib
import hmac
import json
import typing as t
from collections.abc import Callable

from flask import Response, request
from joserfc.jwk import ECKey, RSAKey

from tests.harness.provider import Provider, encoded, present, read, signed

#: Teaches a provider one thing.
Twist = Callable[[Provider], None]
#: Makes an ID token of what the header and the claims of a good one are.
Forge = Callable[[Provider, dict[str, t.Any], dict[str, t.Any]], t.Any]

#: Keys that the provider does not publish.
OTHER_RSA = RSAKey.generate_key(2048)
OTHER_EC = ECKey.generate_key("P-256")


def id_token(forge: Forge) -> Twist:
    """Send another ID token."""

    def twist(provider: Provider) -> None:
        def change(tokens: t.Any) -> t.Any:
            if "id_token" not in tokens:
                return tokens
            forged = forge(provider, *read(tokens["id_token"]))
            return {**tokens, "id_token": forged}

        provider.misbehave("tokens", change)

    return twist


def claims(**changes: t.Any) -> Twist:
    """Sign an ID token with other claims."""
    return id_token(lambda provider, _, own: provider.sign(present(own | changes)))


def header(**changes: t.Any) -> Twist:
    """Sign an ID token with another header."""
    return id_token(lambda provider, _, own: provider.sign(own, **changes))


def payload(content: t.Any) -> Twist:
    """Sign something else than claims."""
    return id_token(lambda provider, *_: provider.sign(content))


def signed_with(algorithm: str, key: t.Any, **changes: t.Any) -> Twist:
    """Sign an ID token in another way."""

    def forge(
        provider: Provider, own_header: dict[str, t.Any], own: dict[str, t.Any]
    ) -> str:
        headers = present({**own_header, "alg": algorithm, **changes})
        return signed(headers, own, key, algorithm)

    return id_token(forge)


def signed_with_its_public_key(provider: Provider) -> None:
    """Sign with HS256, and the published key in the place of a secret."""
    public = provider.tenant.keys.published[0].as_pem(private=False)

    def forge(_: Provider, own_header: t.Any, own: t.Any) -> str:
        return signed_with_secret({**own_header, "alg": "HS256"}, own, public)

    id_token(forge)(provider)


def signed_with_secret(header: t.Any, own: t.Any, secret: bytes) -> str:
    """Return a token with a signature of HS256, whatever the secret looks like."""
    message = signed(header, own, None, "none").rstrip(".").encode()
    signature = hmac.digest(secret, message, hashlib.sha256)
    return f"{message.decode()}.{encoded(signature).decode()}"


def damaged_signature(provider: Provider) -> None:
    """Change one bit of the signature."""

    def forge(_: Provider, own_header: t.Any, own: t.Any) -> str:
        message, dot, signature = provider.sign(own).rpartition(".")
        first = "A" if signature[0] != "A" else "B"
        return f"{message}{dot}{first}{signature[1:]}"

    id_token(forge)(provider)


def tokens(**changes: t.Any) -> Twist:
    """Send a token response with other members."""
    return lambda provider: provider.misbehave(
        "tokens", lambda own: present({**own, **changes})
    )


def answer(kind: str, content: t.Any, status: int = 200) -> Twist:
    """Send something else altogether, with any status."""

    body = content if isinstance(content, bytes) else json.dumps(content)

    def change(own: t.Any) -> Response:
        return Response(body, status, content_type="application/json")

    return lambda provider: provider.misbehave(kind, change)


def status(kind: str, code: int) -> Twist:
    """Send what is always sent, with another status."""

    def change(own: t.Any) -> Response:
        return Response(json.dumps(own), code, content_type="application/json")

    return lambda provider: provider.misbehave(kind, change)


def discovery(**changes: t.Any) -> Twist:
    """Publish a discovery document with other members."""
    return lambda provider: provider.misbehave(
        "discovery", lambda own: present({**own, **changes})
    )


def redirect(**changes: t.Any) -> Twist:
    """Come back from the login with other parameters; a function changes its own."""

    def change(query: dict[str, str]) -> dict[str, t.Any]:
        changed = {
            name: value(query.get(name)) if callable(value) else value
            for name, value in changes.items()
        }
        return present({**query, **changed})

    return lambda provider: provider.misbehave("redirect", change)


def keys(change: Callable[[list[dict[str, t.Any]]], t.Any]) -> Twist:
    """Publish other keys."""
    return lambda provider: provider.misbehave(
        "keys", lambda own: {**own, "keys": change(own["keys"])}
    )


def with_keys(*others: dict[str, t.Any]) -> Twist:
    """Publish more keys, before the provider's own."""
    return keys(lambda own: [*others, *own])


def with_the_kid(*others: dict[str, t.Any]) -> Twist:
    """Publish more keys, of the same ``kid`` as the provider's own."""
    return keys(lambda own: [*({**e, "kid": own[0]["kid"]} for e in others), *own])


def key_with(**changes: t.Any) -> Twist:
    """Publish the provider's own key with other members."""
    return keys(lambda own: [present({**own[0], **changes})])


def public(key: t.Any, **parameters: t.Any) -> dict[str, t.Any]:
    """Return a key as it is published."""
    return {**key.as_dict(private=False), **parameters}


def basic_only(provider: Provider) -> None:
    """Refuse clients that do not send their secret in the header."""

    def change(own: t.Any) -> t.Any:
        if request.authorization and request.authorization.type == "basic":
            return own
        return {"error": "invalid_client"}

    provider.misbehave("tokens", change)


def iss_named(provider: Provider) -> None:
    """Promise to name the issuer in each redirect, and do so (RFC 9207)."""
    discovery(authorization_response_iss_parameter_supported=True)(provider)
    redirect(iss=provider.tenant.issuer)(provider)
