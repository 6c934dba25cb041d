"""URLs at which to log in, and the links of error pages: there, or to the start."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from flask import Request, request

from ..app_state import current_state
from ..errors import (
    Action,
    Auth0Error,
    AuthorizationFailed,
    LoginInVain,
    LoginRequired,
    SessionStoreUnavailable,
    SessionTooLarge,
    TenantUnavailable,
    log_failure,
)
from ..negotiation import is_navigation
from ..pages import Text
from ..runtime.request import current_request
from . import own_urls
from .redirects import for_callback, is_local_path, next_or_default, page_of

#: Errors of a tenant that has to interact with the user (OpenID Connect Core, section
#: 3.1.2.6).
MUST_ASK = frozenset(
    (
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
    )
)
#: Errors of a tenant that refuses the user who has logged in.
_REFUSED = frozenset(("access_denied", "unauthorized"))
#: Parameters that tie a login to one account, or to one kind of account.
_OF_ONE_ACCOUNT = frozenset(("connection", "invitation", "login_hint"))
AGAIN = Text("Try again")


def offer_another_login(
    error: Auth0Error, page: str, asked: Mapping[str, t.Any], *, is_refusal: bool
) -> None:
    """Add links to the error of a login, the most helpful one first.

    Single sign-on would answer the same request in the same way, so a login after a
    refusal is one with ``prompt``, or begins with a logout.

    :param asked: the parameters of the login.
    :param is_refusal: whether the app has refused the user.
    """
    if error.error in MUST_ASK:
        label = Text("Log in") if asked.get("prompt") == "none" else AGAIN
        ways = [_login(label, page, _allowing_interaction(asked))]
    elif isinstance(error, LoginInVain):
        ways = [*_another_account(page, asked), _logout()]
    elif is_refusal or _is_about_account(error):
        ways = [*_another_account(page, asked), *_again(page, asked, error)]
    else:
        ways = _again(page, _good_part(error, asked), error)
    _offer(error, ways)


def ways_to_another_account() -> list[Action]:
    """Return the links on the error of a page that is for other accounts.

    A program with an access token has no account to change.
    """
    page, ways = page_to_come_back_to(request), list[Action | None]()
    if current_request().token_claims is None:
        ways = _another_account(page, {})
    return [*filter(None, ways), start_page()]


def offer_organization(error: Auth0Error, organization: str) -> None:
    """Add links to the error of a page that is for the accounts of an organization."""
    asked = {"organization": organization}
    _offer(error, _another_account(page_to_come_back_to(request), asked))


def offer_proof(error: Auth0Error, asked: Mapping[str, t.Any]) -> None:
    """Add links to the error of a page whose login was not enough for it.

    :param asked: the parameters of that login.
    """
    page = page_to_come_back_to(request)
    again = _login(Text("Log in once more"), page, {**asked, "prompt": "login"})
    _offer(error, [again or _logout()])


def offer_logout(error: Auth0Error) -> None:
    """Add links to the error of a page that no login can open."""
    _offer(error, [_logout()])


def _offer(error: Auth0Error, ways: Sequence[Action | None]) -> None:
    error.actions = [*filter(None, ways), start_page()]
    error.login_url = _first_login(error.actions)


def _is_about_account(error: Auth0Error) -> bool:
    if isinstance(error, AuthorizationFailed):
        return error.error in _REFUSED
    return isinstance(error, SessionTooLarge)


def _good_part(error: Auth0Error, asked: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
    """Return the parameters to repeat, without any that the tenant may have refused."""
    is_wrong_question = isinstance(error, AuthorizationFailed) and error.code == 400
    return {} if is_wrong_question else asked


def _another_account(page: str, asked: Mapping[str, t.Any]) -> list[Action | None]:
    left = {k: v for k, v in asked.items() if k not in _OF_ONE_ACCOUNT}
    other = _login(Text("Use another account"), page, {**left, "prompt": "login"})
    # Without a login route, the tenant's session has to end for another account.
    return [other or _logout()]


def _allowing_interaction(asked: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return parameters with which the tenant may interact with the user."""
    always = current_state().config.authorization_params or {}
    if asked.get("prompt") == "none" and always.get("prompt") != "none":
        return {name: value for name, value in asked.items() if name != "prompt"}
    return {**asked, "prompt": "login"}


def _again(
    page: str, asked: Mapping[str, t.Any], error: Auth0Error
) -> list[Action | None]:
    if error.is_lasting:
        return []
    return [Action(AGAIN, login_url(page, asked) or page)]


def _login(label: str, page: str, asked: Mapping[str, t.Any]) -> Action | None:
    url = login_url(page, asked)
    return Action(label, url) if url else None


def _logout() -> Action | None:
    if "auth0.logout" not in current_state().routes:
        return None
    return Action(Text("Log out"), own_urls.url_of("auth0.logout"))


def _first_login(actions: Sequence[Action]) -> str | None:
    """Return the URL of the first login among actions, for scripts."""
    if "auth0.login" not in current_state().routes:
        return None
    start = own_urls.url_of("auth0.login") + "?"
    return next((each.url for each in actions if each.url.startswith(start)), None)


def offer_way_on(error: Auth0Error) -> None:
    """Log an error of a call that a view has made, and add links to it."""
    log_failure("call", error)
    if isinstance(error, LoginRequired) or _has_ways_on(error):
        return
    error.actions = [start_page()] if error.is_lasting else ways_to_try_again()


def _has_ways_on(error: Auth0Error) -> bool:
    """Tell whether an error has links already; an outage finds its own when asked."""
    if isinstance(error, SessionStoreUnavailable | TenantUnavailable):
        return "actions" in vars(error)
    return bool(error.actions)


def ways_to_try_again() -> list[Action]:
    """Return the links on the error of a page that may be well in a moment."""
    return [try_again(), start_page()]


def try_again() -> Action:
    """Return the link to the page that the user is on."""
    return Action(AGAIN, page_to_come_back_to(request))


def start_page() -> Action:
    """Return the link to the app's root."""
    return Action(Text("Go to the start page"), own_urls.root() + "/")


def login_url(page: str, parameters: Mapping[str, t.Any]) -> str | None:
    """Return the URL of a login, unless the app has turned that route off."""
    state = current_state()
    if "auth0.login" not in state.routes or own_urls.refusal_of_host() is not None:
        return None
    url = own_urls.url_of("auth0.login", next=page, **parameters)
    if url.startswith("/"):
        return url
    # The login may be on another host, for which the page needs its own host.
    page = for_callback(page, state.config)
    return own_urls.url_of("auth0.login", next=page, **parameters)


def login_url_here(parameters: Mapping[str, t.Any]) -> str | None:
    """Return the URL of a login that leads back to the current page.

    A program with an access token cannot log in.
    """
    if current_request().token_claims is not None:
        return None
    return login_url(page_to_come_back_to(request), parameters)


def page_to_come_back_to(request: Request) -> str:
    """Return the path of the page that the user is on.

    A script, such as htmx, requests a part of a page, and a form may post to a URL that
    is no page. For those, the ``Referer`` names the page.
    """
    if is_navigation(request) and request.method in {"GET", "HEAD"}:
        return own_urls.current_page()
    came_from = request.headers.get("HX-Current-URL") or request.referrer
    page = page_of(came_from)
    if page is not None and is_local_path(page):
        return page
    return next_or_default(None, current_state().config)
