"""The snippets on the page about the SDK do what it says, against a tenant."""

from __future__ import annotations

import typing as t

import httpx
import pytest
from werkzeug.test import TestResponse

from flask_auth0.tenant import Organization, Tenant, TenantServer
from flask_auth0.tenant.accounts import ConnectedAccount
from flask_auth0.tenant.backchannel import logout_token
from tests.tenant.authenticator import Authenticator

from .conftest import FETCH, HOST, MakeVisitor, ReadPage, Visitor, choose, query_of

ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.fixture(params=["cookies", "redis"], autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sessions are, which the page leaves to the configuration."""
    if request.param == "redis":
        monkeypatch.setenv("SESSION_TYPE", "redis")
        monkeypatch.setenv("SESSION_REDIS", request.getfixturevalue("redis_url"))


class Somebody:
    """Somebody at the app of the page, whose requests are forms or JSON."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def ask(self, path: str, *, method: str = "POST", **given: t.Any) -> TestResponse:
        """Send a request, and return the answer whatever it is."""
        return self.visitor.client.open(
            path, base_url=HOST, headers=FETCH, method=method, **given
        )

    def told(self, path: str, **given: t.Any) -> t.Any:
        """What a request is answered with, if all is well."""
        answer = self.ask(path, **given)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def code(self, email: str) -> TestResponse:
        """Log in with the code that the tenant sends, as far as that goes."""
        self.told("/code", data={"email": email})
        code = self.visitor.server.tenant.inbox.messages(email)[-1].code
        return self.ask("/code/verify", data={"email": email, "code": code})


@pytest.fixture
def somebody(
    read_page: ReadPage, make_visitor: MakeVisitor, issuer: Tenant
) -> Somebody:
    return Somebody(make_visitor(read_page("sdk.rst").run()["app"]))


@pytest.fixture
def ada(somebody: Somebody) -> Somebody:
    """Somebody who is logged in."""
    somebody.visitor.log_in()
    return somebody


def test_a_code(somebody: Somebody) -> None:
    assert somebody.code(ADA).get_json() == {"user": "Ada Lovelace"}
    wrong = {"email": ADA, "code": "wrong"}
    somebody.told("/code", data={"email": ADA})
    answer = somebody.ask("/code/verify", data=wrong)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")


def wanted(somebody: Somebody, email: str) -> dict[str, str]:
    """The token of the second factor that a login wants."""
    answer = somebody.code(email)
    assert answer.status_code == 403
    return {"mfa_token": answer.get_json()["mfa_token"]}


def test_a_second_factor(somebody: Somebody, issuer: Tenant) -> None:
    issuer.mfa.enroll("auth0|ada", "sms", "+14155550100")
    token = wanted(somebody, ADA)
    assert "audience" in somebody.told("/factors/wanted-for", data=token)
    (factor,) = somebody.told("/factors", data=token)
    assert factor["type"] == "oob"
    sent = somebody.told("/factors/send", data={**token, "id": factor["id"]})
    code = issuer.inbox.messages("+14155550100")[-1].code
    form = {**token, **sent, "code": "wrong"}
    assert somebody.ask("/factors/verify", data=form).status_code == 400
    form["code"] = str(code)
    assert somebody.told("/factors/verify", data=form) == {"user": "Ada Lovelace"}


def test_a_first_factor(somebody: Somebody, issuer: Tenant) -> None:
    issuer.mfa.required.add("auth0|grace")
    token = wanted(somebody, GRACE)
    begun = somebody.told("/factors/new", data=token)
    assert begun["qr_code"].startswith("otpauth://")
    assert begun["recovery_codes"]
    form = {**token, "code": issuer.mfa.code}
    assert somebody.told("/factors/verify", data=form) == {"user": "Grace Hopper"}


def made(authenticator: Authenticator, options: t.Any) -> dict[str, t.Any]:
    """A new passkey as browsers tell of it, with parts that are no texts."""
    answer = authenticator.create(options)
    more = {"publicKeyAlgorithm": -7, "transports": ["internal"]}
    return {**answer, "response": {**answer["response"], **more}}


def test_a_passkey(somebody: Somebody) -> None:
    authenticator = Authenticator()
    # Nobody signs up twice, and the tenant outlasts a test.
    email = f"eve-{authenticator.id.hex()}@example.com"
    profile = {"email": email, "name": "Eve"}
    begun = somebody.told("/passkey/new", data=profile)
    assert begun["options"]["pubKeyCredParams"]
    given = {**begun, "answer": made(authenticator, begun["options"])}
    assert somebody.told("/passkey/verify", json=given) == {"user": "Eve"}
    somebody.visitor.get("/logout")
    begun = somebody.told("/passkey")
    assert begun["options"]["rpId"] == "localhost"
    given = {**begun, "answer": authenticator.get(begun["options"])}
    assert somebody.told("/passkey/verify", json=given) == {"user": "Eve"}
    stolen = {**begun, "answer": Authenticator().get(begun["options"])}
    assert somebody.ask("/passkey/verify", json=stolen).status_code == 400


def test_an_approval(
    ada: Somebody, issuer: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "backchannel_login_interval", 0)
    form = {"manager": "auth0|grace"}
    begun = ada.told("/approval", data=form)
    assert begun["ask_again_after"] == 0
    assert ada.ask(f"/approval/{begun['id']}").status_code != 200
    (login,) = issuer.backchannel_logins.pending()
    issuer.backchannel_logins.approve(login.id)
    assert ada.told(f"/approval/{begun['id']}") == {"approved": True}
    monkeypatch.setattr(issuer, "answer_backchannel_logins", "approve")
    assert ada.told("/approve", data=form) == {"approved": True}
    assert ada.ask("/me/factors", method="GET").status_code == 200


def test_tokens_of_other_systems(ada: Somebody, issuer: Tenant) -> None:
    known = {"of-grace": "auth0|grace"}.get
    issuer.exchange.register("urn:example:legacy-token", known)
    form = {"token": "of-grace"}
    assert ada.told("/exchange", data=form)["expires_in"] > 0
    url = ada.ask("/support", data=form).location
    assert url.startswith("https://shop.example.com/login?")
    assert query_of(url)["session_transfer_token"]
    assert ada.ask("/exchange", data={"token": "x"}).status_code == 400


def test_a_company(somebody: Somebody, issuer: Tenant) -> None:
    acme = Organization("org_acme", "acme", domains=("acme.example",))
    issuer.organizations.add(acme)
    try:
        for email, hint in [("eve@acme.example", "eve@acme.example"), (ADA, None)]:
            url = somebody.ask("/company", data={"email": email}).location
            assert query_of(url).get("login_hint") == hint
            told = somebody.told(f"/company/{email.partition('@')[2]}", method="GET")
            assert told == {"known": hint is not None}
        assert somebody.ask("/company", data={"email": "x"}).status_code == 400
    finally:
        issuer.organizations._all.clear()


def test_views_for_the_way_back(
    somebody: Somebody, issuer: Tenant, http: httpx.Client, tenant: TenantServer
) -> None:
    paths = ("joined", "github/linked", "github/unlinked")
    issuer.client.callbacks.extend(f"{HOST}/{path}" for path in paths)
    visitor = somebody.visitor
    back = visitor.authorize(visitor.get("/join"), ADA)
    assert somebody.told(back, method="GET") == {"user": "Ada Lovelace"}
    for change, left in [("link", {"github": "ada@github.example"}), ("unlink", {})]:
        begun = somebody.ask(f"/github/{change}")
        back = choose(http, tenant, begun.location, account="ada@github.example")
        assert somebody.told(back, method="GET") == {f"{change}ed": "github"}
        assert issuer.accounts.linked("auth0|ada") == left
        # What is completed is over.
        assert somebody.ask(back, method="GET").status_code == 400


def test_a_view_for_logout_tokens(
    read_page: ReadPage,
    make_visitor: MakeVisitor,
    issuer: Tenant,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH0_REVOCATION_STORE", redis_url)
    ada = Somebody(make_visitor(read_page("sdk.rst").run()["app"]))
    ada.visitor.log_in()
    (session,) = issuer.sessions()
    token = logout_token(issuer, issuer.client, session)
    for given, status in [("x", 400), (token, 204)]:
        assert ada.ask("/me/factors", method="GET").status_code == 200
        answer = ada.ask("/hooks/logout", data={"logout_token": given})
        assert answer.status_code == status
    assert ada.ask("/me/factors", method="GET").status_code == 401


def test_refresh_tokens_of_ones_own(
    read_page: ReadPage, make_visitor: MakeVisitor, issuer: Tenant
) -> None:
    page = read_page("sdk.rst").run()
    app, auth0 = page["app"], page["auth0"]
    app.add_url_rule("/session", "session", auth0.get_session)
    ada, grace = Somebody(make_visitor(app)), Somebody(make_visitor(app))
    ada.visitor.log_in()
    grace.visitor.log_in(person=GRACE)
    account = ConnectedAccount("google-oauth2", "grace@gmail.example", ())
    issuer.accounts.connect("auth0|grace", account)
    before = ada.told("/session", method="GET")
    form = {"refresh_token": grace.told("/session", method="GET")["refresh_token"]}
    assert ada.told("/imported/calendar", data=form)["expires_in"] > 0
    assert "openid" in ada.told("/imported", data=form)["scope"]
    assert ada.told("/session", method="GET") == before
    answer = ada.ask("/imported", data={"refresh_token": "unknown"})
    assert answer.status_code == 401


def test_ways_to_log_in(ada: Somebody) -> None:
    authenticator = Authenticator()
    assert ada.told("/me/factors", method="GET") == ["passkey"]
    begun = ada.told("/me/methods")
    given = {**begun, "answer": made(authenticator, begun["options"])}
    done = ada.told(f"/me/methods/{begun['id']}/verify", json=given)
    listed = ada.told("/me/methods", method="GET")
    assert [each["id"] for each in listed] == [done["id"]]
    path = f"/me/methods/{done['id']}"
    assert ada.told(path, data={"name": "Phone"}) == {"name": "Phone"}
    assert ada.told(path, method="GET") == {"name": "Phone"}
    assert ada.told(path, method="DELETE") == {"deleted": done["id"]}
    assert ada.ask(path, method="GET").status_code == 404


def test_connections(ada: Somebody) -> None:
    assert "github" in ada.told("/me/connections", method="GET")


def test_accounts_by_that_client(
    ada: Somebody, issuer: Tenant, http: httpx.Client, tenant: TenantServer
) -> None:
    issuer.client.callbacks.append(f"{HOST}/me/accounts/verify")
    begun = ada.ask("/me/accounts", data={"connection": "github"})
    back = choose(http, tenant, begun.location, account="ada@github.example")
    forged = back.replace("state=", "state=x")
    assert ada.ask(forged, method="GET").status_code == 400
    begun = ada.ask("/me/accounts", data={"connection": "github"})
    back = choose(http, tenant, begun.location, account="ada@github.example")
    done = ada.told(back, method="GET")
    assert ada.ask(back, method="GET").status_code == 400
    listed = ada.told("/me/accounts", method="GET")
    assert listed["connected"] == {done["id"]: "github"}
    assert "google-oauth2" in listed["offered"]
    path = f"/me/accounts/{done['id']}"
    assert ada.told(path, method="DELETE") == {"deleted": done["id"]}
    assert issuer.accounts.connected("auth0|ada") == []
