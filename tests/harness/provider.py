"""A provider that misbehaves on demand: the development tenant, taught to."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from flask import Flask, Response, request

from flask_auth0.tenant import TenantServer

#: Returns an answer in another form.
Change = Callable[[t.Any], t.Any]

#: In the place of a value: there is none.
GONE: t.Any = object()

#: The kind of document at each of the tenant's addresses.
KINDS = {
    "/.well-known/openid-configuration": "discovery",
    "/.well-known/jwks.json": "keys",
    "/oauth/token": "tokens",
    "/authorize": "redirect",
    "/userinfo": "userinfo",
    "/oauth/revoke": "revocation",
}


class Provider(TenantServer):
    """A tenant whose answers can be changed before they are sent."""

    def start(self) -> Provider:
        """Serve the tenant."""
        super().start()
        app: t.Any = self._servers[0].app
        assert isinstance(app, Flask)
        app.after_request(self._changed)
        self.reset()
        return self

    def reset(self) -> None:
        """Be as the development tenant is."""
        #: Twists of every answer, whether it is good or bad.
        self.habits: list[Callable[[Provider], None]] = []
        #: How often each kind of answer was asked for.
        self.asked: Counter[str] = Counter()
        #: Secrets that no log may have.
        self.secrets: set[str] = {"the-client-secret"}
        self.tenant.rotation = True
        if len(self.tenant.keys.published) > 1:
            self.tenant.rotate_keys(keep_old=False)
        self.behave()

    def behave(self) -> None:
        """Do nothing wrong from here on."""
        self.changes: dict[str, list[Change]] = {}
        for habit in self.habits:
            habit(self)

    def misbehave(self, kind: str, change: Change) -> None:
        """Change all answers of a kind; whoever changes one after others goes on."""
        self.changes.setdefault(kind, []).append(change)

    def sign(self, claims: t.Any, **header: t.Any) -> str:
        """Sign a token with the tenant's key, whatever is in it."""
        key = self.tenant.keys.published[0]
        headers = {"alg": "RS256", "typ": "JWT", "kid": key.kid, **header}
        return signed(present(headers), claims, key.private_key, "RS256")

    def _changed(self, response: Response) -> Response:
        kind = KINDS.get(request.path, "")
        self.asked[kind] += 1
        self._note(response)
        for change in self.changes.get(kind, ()):
            response = _with_content(response, change)
        self._note(response)
        return response

    def _note(self, response: Response) -> None:
        """Take note of the secrets in an answer."""
        query = dict(parse_qsl(urlsplit(response.location or "").query))
        content = response.get_data() if request.path == "/oauth/token" else b""
        texts = re.findall(rb'_token": ?"([^"]{10,})"', content)
        self.secrets.update([*map(bytes.decode, texts), query.get("code", "no code")])


def _with_content(response: Response, change: Change) -> Response:
    if response.status_code in {302, 303}:
        parts = urlsplit(response.location or "")
        if "code" not in dict(parse_qsl(parts.query)):
            return response
        query = change(dict(parse_qsl(parts.query)))
        response.location = parts._replace(query=urlencode(query, doseq=True)).geturl()
        return response
    content = change(response.get_json(silent=True))
    if isinstance(content, Response):
        return content
    response.set_data(content if isinstance(content, bytes) else json.dumps(content))
    return response


def present(values: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what there is."""
    return {name: value for name, value in values.items() if value is not GONE}


def signed(header: t.Any, claims: t.Any, key: t.Any, algorithm: str) -> str:
    """Return a token of whatever is JSON, or of bytes.

    The libraries' own functions refuse to make what they would refuse to read.
    """
    message = b".".join(map(_segment, (header, claims)))
    signature = jwt.get_algorithm_by_name(algorithm).sign(message, key)
    return b".".join((message, encoded(signature))).decode()


def read(token: str) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """Return the header and the claims of a token."""
    options: t.Any = {"verify_signature": False}
    return jwt.get_unverified_header(token), jwt.decode(token, options=options)


def _segment(value: t.Any) -> bytes:
    return encoded(value if isinstance(value, bytes) else json.dumps(value).encode())


def encoded(value: bytes) -> bytes:
    """Return bytes as a part of a token."""
    return base64.urlsafe_b64encode(value).rstrip(b"=")
