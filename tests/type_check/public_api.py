"""An app that uses the whole public API, for mypy and for pyright; nothing runs it.

What a view, a hook or a receiver gets is asserted where a type checker could lose it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx
from blinker import NamedSignal
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from typing_extensions import assert_type
from werkzeug.wrappers import Response

import flask_auth0
from flask_auth0 import (
    Auth0,
    Auth0Error,
    AuthorizationFailed,
    ConfigurationError,
    InsufficientScope,
    InvalidToken,
    LoginFailed,
    LoginLoop,
    LoginRequired,
    MfaRequired,
    NotAllowed,
    SessionStoreUnavailable,
    SessionTooLarge,
    TenantError,
    TenantUnavailable,
    TokenRequired,
    any_of,
    bearer_required,
    current_user,
    login_failed,
    login_required,
    public,
    session_revoked,
    silent_login,
    token_refreshed,
    user_logged_in,
    user_logged_out,
)
from flask_auth0.tenant import TenantServer
from flask_auth0.tenant import fixtures as fixtures
from flask_auth0.testing import (
    CONFIG,
    live_server,
    log_in,
    log_out,
    logged_in,
    logged_in_client,
    session_cookies,
)
from flask_auth0.user import User
from flask_auth0.views import backchannel_logout_view as backchannel_logout_view

app = Flask(__name__)
auth0 = Auth0(app, domain="tenant.example.com", client_id="id", allow_weak_secret=True)
lazily = Auth0(client_secret="secret")
lazily.init_app(app, secret=["new", "old"])

assert_type(flask_auth0.__version__, str)


# The decorator leaves the type of a view as it is.


@login_required
def bare(name: str) -> str:
    return name


@login_required()
def called(name: str) -> str:
    return name


@login_required(max_age=300, organization="org_1", connection="google-oauth2")
def with_arguments(number: int) -> ResponseReturnValue:
    return {"number": number}


@silent_login
def public_page(name: str) -> str:
    return name


assert_type(public_page("Ada"), str)


@login_required
async def asynchronous(name: str) -> str:
    return name


@login_required(max_age=300)
async def asynchronous_with_arguments() -> Response:
    return Response()


@auth0.login_required
def of_the_extension() -> str:
    return ""


@auth0.login_required(organization="acme")
async def asynchronous_of_the_extension() -> str:
    return ""


@bearer_required
def for_programs(name: str) -> str:
    return name


@auth0.bearer_required(scopes="read", permissions=any_of("a", "b"), roles=["c"])
async def for_few_programs(number: int) -> str:
    return ""


@login_required(bearer=True, organization="acme")
def for_both(number: int) -> ResponseReturnValue:
    return {"number": number}


def is_owner(user: Mapping[str, Any]) -> bool:
    return bool(user["sub"] == "auth0|ada")


async def is_owner_async(user: User) -> bool:
    return is_owner(user)


@login_required(
    roles=["staff", any_of("author", "editor")],
    permissions={"pay"},
    scopes="read:messages",
    claims={"plan": "pro", "level": [3, True], "teams": any_of("sales", "support")},
    check=is_owner,
    mfa=True,
    acr_values="urn:gold urn:silver",
    refuse="401",
)
def with_needs(number: int) -> str:
    return str(number)


@auth0.login_required(check=is_owner_async, acr_values=any_of("a", "b"))
async def asynchronous_with_needs(number: int) -> str:
    return str(number)


@login_required(check=lambda user: user.get("role") == "admin", refuse="redirect")
def with_a_lambda() -> str:
    return ""


@public
@app.get("/about")
def about() -> str:
    return "about"


@public
async def asynchronous_about(name: str) -> str:
    return name


@public
class Open(MethodView):
    def get(self) -> str:
        return "open"


opened: Blueprint = public(Blueprint("opened", __name__))
kind: type[Open] = Open
assert_type(with_needs(1), str)
assert_type(with_a_lambda(), str)
assert_type(about(), str)
fourth: Callable[[int], Awaitable[str]] = asynchronous_with_needs
fifth: Callable[[str], Awaitable[str]] = asynchronous_about


expected: Callable[[str], str] = bare
assert_type(for_programs("x"), str)
assert_type(for_both(1), ResponseReturnValue)
few: Callable[[int], Awaitable[str]] = for_few_programs
assert_type(bare("x"), str)
assert_type(called("x"), str)
assert_type(with_arguments(1), ResponseReturnValue)
assert_type(of_the_extension(), str)
waiting: Callable[[str], Awaitable[str]] = asynchronous
another: Callable[[], Awaitable[Response]] = asynchronous_with_arguments
third: Callable[[], Awaitable[str]] = asynchronous_of_the_extension


@app.get("/profile")
@login_required
def profile() -> ResponseReturnValue:
    assert_type(current_user.is_authenticated, bool)
    assert_type(current_user.sub, str | None)
    claims: Mapping[str, Any] = current_user
    name: str = current_user["name"]
    email: str | None = current_user.get("email")
    return {"name": name, "email": email, "all": dict(claims)}


@app.get("/tokens")
@auth0.login_required
async def tokens() -> ResponseReturnValue:
    assert_type(await auth0.client.get_access_token(), str)
    assert_type(await auth0.client.get_user(), dict[str, Any] | None)
    assert_type(await auth0.client.get_session(), dict[str, Any] | None)
    await auth0.client.update_session({"color": "blue"}, size=1)
    return ""


@app.get("/calls")
def calls() -> ResponseReturnValue:
    assert_type(auth0.get_user(), dict[str, Any] | None)
    assert_type(auth0.get_session(), dict[str, Any] | None)
    assert_type(auth0.get_access_token("https://api", force_refresh=True), str)
    session = auth0.sessions.get(auth0.sessions.current_id or "")
    assert_type(session.user.sub, str | None)
    assert_type(session.get_access_token("https://api", force_refresh=True), str)
    httpx.Client(auth=session.http_auth("https://api"))
    httpx.Client(auth=auth0.http_auth("https://api", scope="read:messages"))
    httpx.AsyncClient(auth=auth0.http_auth())
    assert_type(auth0.get_access_token_for_connection("google-oauth2"), str)
    assert_type(auth0.run(auth0.client.get_access_token(), timeout=1), str)
    assert_type(auth0.config.domain, str)
    auth0.update_session({"color": "blue"})
    auth0.refuse_foreign_forms()
    return auth0.login("/next", prompt="login")


@app.get("/leave")
def leave() -> Response:
    for each in auth0.sessions.of("auth0|ada"):
        assert_type(auth0.sessions.revoke(each.id, sub="auth0|ada"), bool)
    return auth0.logout("/", federated=True)


# Hooks stay what they are.


@auth0.before_session_saved
def shorten(session: dict[str, Any]) -> None:
    del session["user"]["picture"]


@auth0.before_session_saved
async def enrich(session: dict[str, Any]) -> None:
    session["user"]["color"] = "blue"


@auth0.after_login
def welcome(session: Mapping[str, Any], asked: Mapping[str, Any]) -> Response | None:
    return None


@auth0.after_login
async def greet(session: Mapping[str, Any], asked: Mapping[str, Any]) -> None: ...


@auth0.unauthorized_handler
def refuse() -> ResponseReturnValue:
    return "Please log in.", 401


assert_type(shorten({}), None)
assert_type(welcome({}, {}), Response | None)
assert_type(refuse(), ResponseReturnValue)


# Signals and errors.

signals: list[NamedSignal] = [
    user_logged_in,
    user_logged_out,
    login_failed,
    token_refreshed,
    session_revoked,
]


@user_logged_in.connect_via(app)
def note(sender: Flask, user: Mapping[str, Any], **_: Any) -> None: ...


@app.errorhandler(LoginFailed)
def explain(error: LoginFailed) -> ResponseReturnValue:
    assert_type(error.error, str)
    assert_type(error.title, str)
    assert_type(error.description, str)
    assert_type(error.retry_after, int | None)
    assert_type(error.login_url, str | None)
    challenges: Sequence[str] = error.challenges
    assert isinstance(challenges, Sequence)
    for action in error.actions:
        assert_type((action.label, action.url), tuple[str, str])
    return error.title, error.code or 500


errors: list[type[Auth0Error]] = [
    AuthorizationFailed,
    ConfigurationError,
    InsufficientScope,
    InvalidToken,
    LoginLoop,
    LoginRequired,
    MfaRequired,
    NotAllowed,
    SessionStoreUnavailable,
    SessionTooLarge,
    TenantError,
    TenantUnavailable,
    TokenRequired,
]


# Testing.


def test_profile(auth0_tenant: TenantServer) -> None:
    client = logged_in_client(app, access_token="a", name="Ada")
    assert_type(client, FlaskClient)
    assert_type(auth0_tenant.domain, str)
    assert_type(auth0_tenant.log_in(client, "ada@example.com").status_code, int)


def test_users(client: FlaskClient) -> None:
    app.config.from_mapping(CONFIG)
    log_in(client, hooks=True, refresh=MfaRequired(), org_id="org_1")
    log_out(client)
    with logged_in(app, name="Ada") as user, live_server(app) as url:
        assert_type(user, User)
        assert_type(session_cookies(app, url=url)[0]["name"], str)
