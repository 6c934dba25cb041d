"""How a module of the plan is played, and what is to come of it."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.harness.logout_tokens import make_claims, post
from tests.harness.provider import Provider, present
from tests.harness.visitor import ADA, HOST, Visitor

from .conftest import Stage
from .twists import Twist, iss_named


class Play(t.Protocol):
    """Plays a module; the client has to go along, or not."""

    def __call__(self, stage: Stage, accepts: bool) -> None: ...


def login(*twists: Twist, path: str = "/login", **options: t.Any) -> Play:
    """Log in, first where all is asked for and then where the tenant is known.

    In between, with a provider that behaves, everybody gets in.
    """

    def play(stage: Stage, accepts: bool) -> None:
        visitor = stage.visitor(**options)
        for _ in range(2):
            teach(stage.provider, twists)
            attempt(visitor, path, accepts)
            log_in_as_ever(stage, visitor)

    return play


def fapi_login(*twists: Twist) -> Play:
    """Log in where the redirect names the issuer, as FAPI 2 asks of a provider."""

    def play(stage: Stage, accepts: bool) -> None:
        stage.provider.habits.append(iss_named)
        login(*twists)(stage, accepts)

    return play


def first_login(*twists: Twist, **options: t.Any) -> Play:
    """Log in where all is asked for: what is known is not asked for again."""

    def play(stage: Stage, accepts: bool) -> None:
        visitor = stage.visitor(**options)
        teach(stage.provider, twists)
        attempt(visitor, "/login", accepts)
        log_in_as_ever(stage, visitor)

    return play


def login_without_exchange(*twists: Twist, habits: t.Iterable[Twist] = ()) -> Play:
    """Log in; where that is refused, no code is exchanged."""

    def play(stage: Stage, accepts: bool) -> None:
        stage.provider.habits.extend(habits)
        visitor = stage.visitor()
        log_in_as_ever(stage, visitor)
        for path in ("/login", "/login?next=/profile"):
            teach(stage.provider, twists)
            stage.provider.asked.clear()
            attempt(visitor, path, accepts)
            assert stage.provider.asked["tokens"] == int(accepts)
            log_in_as_ever(stage, visitor)

    return play


def login_without_userinfo(*twists: Twist) -> Play:
    """Log in, and never ask at ``/userinfo``."""

    def play(stage: Stage, accepts: bool) -> None:
        login(*twists)(stage, accepts)
        assert stage.provider.asked["userinfo"] == 0

    return play


def login_after_a_rotation(
    *twists: Twist, keep_old: bool = False, habits: t.Iterable[Twist] = ()
) -> Play:
    """Log in with the old key, and then with a new one."""

    def play(stage: Stage, accepts: bool) -> None:
        stage.provider.habits.extend(habits)
        visitor = stage.visitor()
        log_in_as_ever(stage, visitor)
        stage.provider.tenant.rotate_keys(keep_old=keep_old)
        teach(stage.provider, twists)
        attempt(visitor, "/login", accepts)
        log_in_as_ever(stage, visitor)

    return play


def rotation_before_signing(stage: Stage, accepts: bool) -> None:
    """Rotate the keys while somebody is at the provider."""
    visitor = stage.visitor()
    log_in_as_ever(stage, visitor)
    way_back = visitor.authorize(visitor.get("/login"))
    stage.provider.tenant.rotate_keys(keep_old=False)
    check(visitor, visitor.get(way_back), accepts)


def ten_after_a_rotation(stage: Stage, accepts: bool) -> None:
    """Let ten people log in at once after the keys have changed."""
    visitor = stage.visitor()
    log_in_as_ever(stage, visitor)
    guests = [stage.guest_of(visitor) for _ in range(10)]
    ways_back = [guest.authorize(guest.get("/login")) for guest in guests]
    stage.provider.tenant.rotate_keys(keep_old=False)
    with ThreadPoolExecutor(len(guests)) as executor:
        answers = list(executor.map(lambda g, way: g.get(way), guests, ways_back))
    for guest, found in zip(guests, answers, strict=True):
        check(guest, found, accepts)


def refresh(*twists: Twist, rotates: bool = True, **options: t.Any) -> Play:
    """Refresh a token; a session whose refresh is refused stays as it was."""

    def play(stage: Stage, accepts: bool) -> None:
        # A refresh token that comes with an answer that is refused is not used.
        stage.provider.tenant.rotation = accepts and rotates
        visitor = stage.visitor(**options)
        visitor.log_in()
        user, before = visitor.user(), visitor.fetch("/id-token").text
        teach(stage.provider, twists)
        answer = visitor.fetch("/token")
        assert answer.status_code == (200 if accepts else 502), answer.text
        stage.provider.behave()
        if accepts:
            assert without_times(visitor.user()) == without_times(user)
        else:
            assert visitor.user() == user
            assert visitor.fetch("/id-token").text == before
        assert visitor.fetch("/token").status_code == 200

    return play


def without_times(user: dict[str, t.Any]) -> dict[str, t.Any]:
    """Leave out what is new in each ID token."""
    return {name: value for name, value in user.items() if name not in {"iat", "exp"}}


def logout(answer_with: str = "") -> Play:
    """Log out here and at the provider, and come back to a page of the app."""

    def play(stage: Stage, accepts: bool) -> None:
        visitor = stage.visitor()
        visitor.log_in()
        id_token = visitor.fetch("/id-token").text
        leaving = urlsplit(visitor.get("/logout").location)
        query = {name: values[0] for name, values in parse_qs(leaving.query).items()}
        assert leaving.path == "/oidc/logout"
        assert query["id_token_hint"] == id_token
        assert query["client_id"] == "the-client"
        back = visitor.http.get(leaving.geturl()).headers["Location"]
        assert back == query["post_logout_redirect_uri"] == f"{HOST}/"
        assert visitor.get(f"{back}{answer_with}").status_code == 200
        assert visitor.user() is None
        assert stage.provider.tenant.sessions() == []

    return play


def back_channel(
    forge: t.Callable[[Provider, dict[str, t.Any]], str] | None = None,
    header: dict[str, t.Any] | None = None,
    **claims: t.Any,
) -> Play:
    """Deliver a logout token for a session."""

    def play(stage: Stage, accepts: bool) -> None:
        visitor, other = stage.visitor(), None
        visitor.log_in()
        other = stage.guest_of(visitor)
        other.log_in("grace@example.com")
        user = visitor.user()
        names = {"sub": user["sub"], "sid": user["sid"], **claims}
        content = {**make_claims(stage.provider.tenant), **names}
        sign = forge or (
            lambda provider, own: provider.sign(
                present(own), **{"typ": "logout+jwt", **(header or {})}
            )
        )
        told = post(visitor, sign(stage.provider, content))
        assert told.status_code == (200 if accepts else 400), told.text
        assert told.headers["Cache-Control"] == "no-store"
        assert visitor.user() == (None if accepts else user)
        assert other.user()["email"] == "grace@example.com"

    return play


def teach(provider: Provider, twists: t.Iterable[Twist]) -> None:
    provider.behave()
    for twist in twists:
        twist(provider)


def attempt(visitor: Visitor, path: str, accepts: bool) -> None:
    """Log in, with all the logins that the app starts again by itself."""
    answer = visitor.get(path)
    for _ in range(4):
        if "/authorize?" not in (answer.location or ""):
            break
        answer = visitor.get(visitor.authorize(answer))
    check(visitor, answer, accepts)


def check(visitor: Visitor, answer: TestResponse, accepts: bool) -> None:
    """Check who is in, and what the person sees."""
    if accepts:
        assert answer.status_code == 302, answer.text
        assert visitor.user()["email"] == ADA
        return
    assert answer.status_code in {400, 401, 403, 502, 503}, answer.text
    assert "<h1" in answer.text
    assert visitor.user() is None


def log_in_as_ever(stage: Stage, visitor: Visitor) -> None:
    """Log in where nothing is wrong, and log out again."""
    stage.provider.behave()
    # Logins need not wait until the tenant is asked again.
    visitor.app.extensions["auth0"].client.transports.breakers.only.heard()
    visitor.get("/logout")
    answer = visitor.log_in()
    assert answer.status_code == 302, answer.text
    assert visitor.user()["email"] == ADA
    visitor.get("/logout")
    assert visitor.user() is None
