"""Whatever a tenant answers: no error of ours, and no login without an ID token."""

from __future__ import annotations

import typing as t
from urllib.parse import urlencode

import pytest
from flask import Response
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.harness.logout_tokens import make_claims, post
from tests.harness.provider import Provider, read, signed
from tests.harness.visitor import MakeApp, MakeVisitor, query_of

from .answered import PAGES, Place, check_login, come_back
from .answers import ANSWERS, NESTED, NO_JSON, STRANGE, Answer, changed, json_of
from .cases import CASES as MANY
from .conftest import PATIENCE
from .mutations import CHANGES

# A login goes through more hands than most cases.
CASES = settings(MANY, max_examples=max(6, MANY.max_examples // 4))

# These tests have a full form.
pytestmark = pytest.mark.usefixtures("rounds")


@pytest.fixture(scope="session")
def tenant_server(provider_server: Provider) -> Provider:
    """The tenant of these tests misbehaves."""
    return provider_server


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


def is_same(user: t.Any, before: t.Any) -> bool:
    """Whether claims are of the same login, whatever else a refresh has told since."""
    fixed = ("sub", "iss", "aud", "sid")
    return user is not None and all(user[name] == before[name] for name in fixed)


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
    assert is_same(visitor.user(), user)
    place.behave(place.app)
    assert visitor.fetch("/session").status_code == 200
    # The session may have got a refresh token that is none.
    assert visitor.fetch("/new-token").status_code in {200, 401}
    assert is_same(visitor.user(), user)
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
    assert is_same(visitor.user(), user)
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
