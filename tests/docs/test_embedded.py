"""The pages about second factors that an app asks for itself, and about visitors."""

from __future__ import annotations

import pytest
from auth0_server_python.error import MfaRequiredError
from flask import Flask

from flask_auth0.tenant import Tenant, TenantServer

from .conftest import FETCH, HOST, MakeVisitor, ReadPage

PAYMENTS = "https://payments.example.com"


def test_a_second_factor(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    issuer: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH0_AUDIENCE", "https://api.example.com")
    monkeypatch.setenv("AUTH0_SCOPE", "openid profile email offline_access")
    page = read_page("tokens.rst").run()
    auth0 = page["auth0"]
    app: Flask = page["app"]

    @app.get("/asked")
    async def asked() -> str:
        with pytest.raises(MfaRequiredError) as caught:
            await auth0.client.get_access_token(audience=PAYMENTS)
        return str(caught.value.mfa_token)

    visitor = make_visitor(app)
    visitor.log_in()
    issuer.mfa.enroll("auth0|ada")
    issuer.mfa.audiences.add(PAYMENTS)
    form = {"mfa_token": visitor.fetch("/asked").text, "code": "000000"}

    def confirm() -> tuple[int, str]:
        answer = visitor.client.post(
            "/confirm", data=form, base_url=HOST, headers=FETCH
        )
        told = answer.get_json()
        return answer.status_code, told.get("error") or told["user"]

    assert confirm() == (400, "invalid_grant")
    form["code"] = issuer.mfa.code
    assert confirm() == (200, "Ada Lovelace")


def test_a_test_of_a_route_for_scripts(read_page: ReadPage) -> None:
    page = read_page("json_routes.rst").run()
    page["app"].testing = True
    page["test_a_factor_of_nobody"]()


def test_a_visitor_without_a_name(
    read_page: ReadPage, make_visitor: MakeVisitor, tenant: TenantServer
) -> None:
    page = read_page("anonymous.rst").run()
    visitor = make_visitor(page["app"])

    def cart() -> str:
        post = visitor.client.post
        told = post("/cart", data={"id": "7"}, base_url=HOST, headers=FETCH).get_json()
        return str(told["visitor"])

    assert cart() == cart()
    claims = tenant.tenant.keys.claims(visitor.fetch("/cart/token").text)
    assert claims is not None
    before = cart()
    assert claims["sub"] == before
    ticket = visitor.client.post("/cart/ticket", base_url=HOST).get_json()
    tenant.tenant.anonymous.log_in(ticket["anon_transfer_token"], "auth0|ada")
    assert tenant.tenant.anonymous.logged_in[before] == "auth0|ada"
    assert visitor.client.post("/cart/forget", base_url=HOST).status_code == 200
    ticket = visitor.client.post("/cart/ticket", base_url=HOST).get_json()
    assert ticket == {"anon_transfer_token": None}
    assert cart() != before
