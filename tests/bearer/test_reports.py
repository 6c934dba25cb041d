"""What an error report shows of a request with an access token."""

from __future__ import annotations

import typing as t

import pytest
from flask import Flask

from flask_auth0 import Auth0Error
from flask_auth0.tenant import Tenant
from flask_auth0.tenant.keys import SigningKeys
from tests.harness.access_tokens import Prover, make_token
from tests.harness.own_code import PACKAGE
from tests.harness.visitor import HOST

from .conftest import get


def shown(error: BaseException) -> t.Iterator[str]:
    """The variables of all frames, and the fields of those, as reporters show them."""
    seen: BaseException | None = error
    while seen is not None:
        traceback = seen.__traceback__
        while traceback is not None:
            # The view's own request has the header, which reporters filter by name.
            if traceback.tb_frame.f_code.co_filename.startswith(PACKAGE):
                for value in traceback.tb_frame.f_locals.values():
                    yield repr(value)
                    if isinstance(value, list | tuple):
                        yield from map(repr, value)
            traceback = traceback.tb_next
        seen = seen.__cause__ or seen.__context__


@pytest.mark.parametrize("path", ["/api/me", "/both", "/api/async"])
def test_no_token_and_no_proof(
    app: Flask, issuer: Tenant, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    raised: list[Auth0Error] = []

    @app.errorhandler(Auth0Error)
    def note(error: Auth0Error) -> t.Any:
        raised.append(error)
        return error.get_response()

    prover = Prover()
    token = make_token(issuer, exp=1)
    bound = prover.token(issuer)
    proof = prover.proof(bound, f"{HOST}/other")
    get(app, path, {"Authorization": f"Bearer {token}"})
    get(app, path, {"Authorization": f"DPoP {bound}", "DPoP": proof})
    app.extensions["auth0"].client.discovery._told.clear()
    monkeypatch.setattr(SigningKeys, "as_jwks", lambda self: ("down", 500))
    get(app, path, {"Authorization": f"Bearer {token}"})
    assert [each.code for each in raised] == [401, 401, 503]
    told = "".join(text for error in raised for text in shown(error))
    assert len(told) > 100
    for secret in (token, bound, proof):
        assert secret not in told
        assert secret.split(".")[1][:60] not in told
