"""Whatever a tenant answers: no error of ours, and no login without an ID token."""

from __future__ import annotations

import json
import time
import typing as t
from urllib.parse import urlencode

import pytest
from flask import Flask, Response
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_auth0 import Auth0
from tests.conformance.conftest import provider as provider
from tests.conformance.conftest import tenant_server as tenant_server
from tests.conformance.provider import Change, Provider, read, signed
from tests.harness.logout_tokens import make_claims, post
from tests.harness.visitor import ADA, MakeApp, MakeVisitor, Visitor, query_of

from .cases import CASES as MANY
from .conftest import PATIENCE
from .mutations import CHANGES, JSON, reshaped

# A login goes through more hands than most cases.
CASES = settings(MANY, max_examples=max(12, MANY.max_examples // 4))

# They have a full form.
pytestmark = pytest.mark.usefixtures("rounds")

#: What JSON can say, and Python's own types, databases or headers cannot.
ODD = ["\ud83d", "\x00", "x" * 9000, "1" * 5000, "Infinity", "../../x", "a\r\nb: c"]
STRANGE = st.one_of(JSON, st.sampled_from(ODD))
STATUSES = st.sampled_from([200, 200, 200, 204, 302, 400, 401, 403, 404, 429, 500, 503])

#: What may be there beside what is always there, and what may be in it.
MEMBERS = (
    *("error", "error_description", "mfa_token", "mfa_requirements", "userinfo"),
    *("token_type", "issued_token_type", "authorization_details", "session_expiry"),
    *("org_id", "org_name", "auth_time", "amr", "acr", "azp", "nbf", "_claim_names"),
    *("authorization_response_iss_parameter_supported", "mtls_endpoint_aliases"),
    *("key_ops", "x5c", "x5t", "crit", "b64", "jwk", "jku", "cty"),
)
SAID = st.sampled_from(["mfa_required", "invalid_grant", "N_A", True, ["b64"], [], {}])
MORE = st.dictionaries(st.sampled_from(MEMBERS), STRANGE | SAID, max_size=2)

#: The statuses of pages that tell a person what is wrong.
PAGES = {400, 401, 403, 431, 502, 503}


class Answer(t.NamedTuple):
    """What becomes of an answer."""

    status: int
    #: Where it changes, and what into.
    changes: list[tuple[int, list[t.Any]]]
    #: What is sent in its place, if that is anything.
    instead: list[t.Any]
    #: What is there besides.
    more: dict[str, t.Any] = {}  # noqa: RUF012

    def of(self, own: t.Any) -> Response:
        """Return what is sent."""
        content = self.instead[0] if self.instead else self.changed(own)
        body = content if isinstance(content, bytes) else json.dumps(content)
        return Response(body, self.status, content_type="application/json")

    def changed(self, own: t.Any) -> t.Any:
        """Return an answer in which something else is there."""
        if "keys" in own:
            return {
                "keys": reshaped(
                    [{**e, **self.more} for e in own["keys"]], self.changes
                )
            }
        return reshaped({**own, **self.more}, self.changes)


NOTHING: st.SearchStrategy[list[t.Any]] = st.just([])
EXTENDED = st.builds(Answer, st.just(200), NOTHING, NOTHING, MORE)
RESHAPED = st.builds(Answer, st.just(200), CHANGES, NOTHING, MORE)
REFUSED = st.builds(Answer, STATUSES, CHANGES, NOTHING, MORE)
WHOLE = st.lists(STRANGE | st.binary(), min_size=1, max_size=1)
REPLACED = st.builds(Answer, STATUSES, NOTHING, WHOLE, st.just({}))
ANSWERS = st.one_of(EXTENDED, RESHAPED, REFUSED, REPLACED)
NESTED = Answer(200, [], [b"[" * 100_000 + b"]" * 100_000])
NO_JSON = Answer(200, [], [b"\xff\x00<html>"])


class Place:
    """An app, and what it does with whatever its tenant says."""

    def __init__(
        self,
        provider: Provider,
        make_app: t.Callable[[], Flask],
        make_visitor: MakeVisitor,
    ) -> None:
        self.provider, self._make_app = provider, make_app
        self._make_visitor = make_visitor
        self.app = self.new_app()

    def new_app(self) -> Flask:
        """Return an app that knows nothing of its tenant."""
        app = self._make_app()
        add_views(app)
        return app

    def visitor(self, app: Flask | None = None) -> Visitor:
        """Return somebody at an app."""
        return self._make_visitor(app or self.app)

    def user(self) -> Visitor:
        """Return somebody who has logged in, with a provider that behaves."""
        self.behave(self.app)
        visitor = self.visitor()
        visitor.log_in()
        return visitor

    def misbehave(self, kind: str, change: Change) -> None:
        self.provider.behave()
        self.provider.misbehave(kind, change)

    def behave(self, app: Flask) -> None:
        """Let nothing be wrong, and nobody wait until the tenant is asked again."""
        self.provider.behave()
        app.extensions["auth0"].client.breaker.heard()

    def all_is_well(self, app: Flask) -> None:
        """Check that the next one gets in."""
        self.behave(app)
        visitor = self.visitor(app)
        assert visitor.log_in().status_code == 302
        assert visitor.user()["email"] == ADA
        assert visitor.fetch("/token").status_code == 200


def add_views(app: Flask) -> None:
    auth0 = Auth0()

    @app.get("/token")
    def token() -> str:
        return auth0.get_access_token()

    @app.get("/new-token")
    def new_token() -> str:
        return auth0.get_access_token(force_refresh=True)

    @app.get("/token-of-a-connection")
    def connection() -> str:
        return auth0.get_access_token_for_connection("google-oauth2")

    @app.get("/session")
    def whole() -> t.Any:
        return json.loads(json.dumps(auth0.get_session()))


@pytest.fixture(params=["cookie", "redis"])
def place(
    request: pytest.FixtureRequest,
    provider: Provider,
    make_app: MakeApp,
    make_visitor: MakeVisitor,
) -> Place:
    config: dict[str, t.Any] = {}
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        config = {"SESSION_TYPE": "redis", "SESSION_REDIS": url}
    options = {
        "scope": "openid profile email offline_access",
        "revoke_refresh_token_on_logout": True,
        "sessions_per_user": 50,
        "timeout": PATIENCE,
        "session_store_timeout": PATIENCE,
    }
    provider.tenant.rotation = False
    return Place(provider, lambda: make_app(config, **options), make_visitor)


def come_back(place: Place, visitor: Visitor, way_back: str) -> bool:
    """Return whether somebody who comes back from the tenant is in."""
    answer = visitor.get(way_back)
    assert answer.status_code in PAGES | {302}, answer.text
    is_in = visitor.user() is not None
    assert is_in == (answer.status_code == 302)
    return is_in


def check_login(place: Place, visitor: Visitor, nonce: str, sent: list[t.Any]) -> None:
    """Check that somebody who is in was let in by an ID token, and can go on."""
    claims = sent[-1]
    assert claims["iss"] == place.provider.tenant.issuer
    assert claims["aud"] in ("the-client", ["the-client"]) or (
        claims["azp"] == "the-client" and "the-client" in claims["aud"]
    )
    assert claims["exp"] > time.time() - 60
    assert type(claims["exp"]) is not bool
    assert claims["iat"] < time.time() + 60
    assert claims["nonce"] == nonce
    assert visitor.user()["sub"] == claims["sub"] != ""
    place.behave(visitor.app)
    for path in ("/session", "/token", "/new-token", "/logout"):
        assert visitor.fetch(path).status_code in {200, 302, 401, 502}, path
    assert visitor.user() is None


@CASES
@given(kind=st.sampled_from(["discovery", "keys"]), answer=ANSWERS)
@example("discovery", NESTED)
@example("keys", NESTED)
@example("discovery", NO_JSON)
@example("keys", NO_JSON)
@example("keys", Answer(200, [], [{"keys": [{"kty": "RSA", "n": "\ud83d", "e": "x"}]}]))
def test_what_it_publishes(place: Place, kind: str, answer: Answer) -> None:
    app = place.new_app()
    place.misbehave(kind, answer.of)
    visitor = place.visitor(app)
    starting = visitor.get("/login")
    assert starting.status_code in PAGES | {302}
    if "127.0.0.1" in (starting.location or "") and "/authorize?" in starting.location:
        found = visitor.http.get(starting.location)
        if "/callback" in found.headers.get("Location", ""):
            come_back(place, visitor, found.headers["Location"])
    assert visitor.get("/logout").status_code == 302
    place.all_is_well(app)


@CASES
@given(answer=ANSWERS, is_known=st.booleans())
@example(NESTED, True)
@example(NESTED, False)
@example(NO_JSON, True)
@example(NO_JSON, False)
@example(Answer(302, [(9, [None])], []), True)
@example(Answer(404, [], []), False)
def test_token_responses(place: Place, answer: Answer, is_known: bool) -> None:
    app = place.app if is_known else place.new_app()
    visitor, sent = place.visitor(app), list[t.Any]()

    def change(own: t.Any) -> Response:
        response = answer.of(own)
        sent.append(read(own["id_token"])[1])
        return response

    place.misbehave("tokens", change)
    starting = visitor.get("/login")
    if come_back(place, visitor, visitor.authorize(starting)):
        check_login(place, visitor, query_of(starting.location)["nonce"], sent)
    place.all_is_well(app)


@CASES
@given(
    header=st.lists(CHANGES | STRANGE, max_size=1), claims=ANSWERS, known=st.booleans()
)
@example([], NESTED, True)
@example([], NO_JSON, True)
def test_id_tokens(
    place: Place, header: list[t.Any], claims: Answer, known: bool
) -> None:
    app = place.app if known else place.new_app()
    visitor, sent = place.visitor(app), list[t.Any]()

    def change(own: t.Any) -> t.Any:
        own_header, own_claims = read(own["id_token"])
        content = json_of(claims.of(own_claims))
        sent.append(content)
        key = place.provider.tenant.keys.published[0].private_key
        token = signed(changed(own_header, header), content, key, "RS256")
        return {**own, "id_token": token}

    place.misbehave("tokens", change)
    starting = visitor.get("/login")
    if come_back(place, visitor, visitor.authorize(starting)):
        check_login(place, visitor, query_of(starting.location)["nonce"], sent)
    place.all_is_well(app)


@CASES
@given(answer=ANSWERS)
@example(NESTED)
@example(NO_JSON)
@example(Answer(200, [], [], {"error": "x"}))
@example(Answer(403, [], [], {"error": "mfa_required", "mfa_token": 5}))
@example(Answer(403, [], [], {"error": "mfa_required", "mfa_requirements": ["x"]}))
def test_refreshes(place: Place, answer: Answer) -> None:
    visitor = place.user()
    user = visitor.user()
    place.misbehave("tokens", answer.of)
    assert visitor.fetch("/new-token").status_code in {200, 401, 502, 503}
    assert visitor.user() == user
    place.behave(place.app)
    assert visitor.fetch("/session").status_code == 200
    # It may have got a refresh token that is none.
    assert visitor.fetch("/new-token").status_code in {200, 401}
    assert visitor.user() == user
    assert visitor.get("/logout").status_code == 302


@CASES
@given(claims=ANSWERS)
@example(NESTED)
@example(NO_JSON)
def test_id_tokens_of_refreshes(place: Place, claims: Answer) -> None:
    visitor = place.user()
    user = visitor.user()

    def change(own: t.Any) -> t.Any:
        content = json_of(claims.of(read(own["id_token"])[1]))
        return {**own, "id_token": place.provider.sign(content)}

    place.misbehave("tokens", change)
    assert visitor.fetch("/new-token").status_code in {200, 502}
    assert visitor.user() == user
    place.behave(place.app)
    assert visitor.fetch("/new-token").status_code == 200


@CASES
@given(answer=ANSWERS)
@example(NESTED)
@example(NO_JSON)
def test_tokens_of_connections(place: Place, answer: Answer) -> None:
    visitor = place.user()
    user = visitor.user()
    own = {"access_token": "of-google", "expires_in": 3600, "scope": "email"}
    place.misbehave("tokens", lambda refused: answer.of(own))
    for _ in range(2):
        told = visitor.fetch("/token-of-a-connection")
        assert told.status_code in {200, 401, 502, 503}
        assert visitor.user() == user
    place.behave(place.app)
    assert visitor.fetch("/session").status_code == 200
    assert visitor.fetch("/new-token").status_code == 200


@CASES
@given(query=st.dictionaries(st.text(max_size=9), st.text(max_size=30)), answer=ANSWERS)
@example({"error": "x\r\ny"}, NO_JSON)
def test_redirects(place: Place, query: dict[str, str], answer: Answer) -> None:
    place.behave(place.app)
    visitor = place.visitor()
    own = query_of(visitor.authorize(visitor.get("/login")))
    found = json_of(answer.of(own))
    content = {**(found if isinstance(found, dict) else own), **query}
    written = urlencode(content, doseq=True, errors="surrogatepass")
    told = visitor.get(f"/callback?{written}")
    assert told.status_code in PAGES | {302}
    if visitor.user() is not None:
        assert {**own, **content} == content
        assert content["code"] == own["code"]
        assert content["state"] == own["state"]
    place.all_is_well(place.app)


@CASES
@given(header=st.lists(CHANGES | STRANGE, max_size=1), claims=ANSWERS)
@example([], NESTED)
@example([], NO_JSON)
def test_logout_tokens(place: Place, header: list[t.Any], claims: Answer) -> None:
    visitor = place.user()
    content = json_of(claims.of(make_claims(place.provider.tenant, sub="auth0|nobody")))
    keys = place.provider.tenant.keys
    own_header = {"alg": "RS256", "typ": "logout+jwt", "kid": keys.kid}
    key = keys.published[0].private_key
    told = post(visitor, signed(changed(own_header, header), content, key, "RS256"))
    assert told.status_code in {200, 400, 413, 501, 503}
    assert visitor.user() is not None


@CASES
@given(answer=ANSWERS)
def test_revocations(place: Place, answer: Answer) -> None:
    visitor = place.user()
    place.misbehave("revocation", answer.of)
    assert visitor.get("/logout").status_code == 302
    assert visitor.user() is None


def json_of(response: Response) -> t.Any:
    """Return what an answer says, or bytes that say nothing."""
    try:
        return json.loads(response.get_data())
    except (ValueError, RecursionError):
        return response.get_data()


def changed(value: t.Any, change: list[t.Any]) -> t.Any:
    """Return a value as it was, changed, or another one."""
    if not change:
        return value
    is_changes = isinstance(change[0], list) and all(
        isinstance(each, tuple) for each in change[0]
    )
    return reshaped(value, change[0]) if is_changes else change[0]
