"""Guards of views for users who are logged in."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Mapping

from ..sessions.shapes import without_none
from . import login
from .authorization import NOTHING_MORE, Asked, Check, refusal_of_any, refusal_of_user
from .guarded import Refusal, View, guarded
from .needs import AnyOf, Names, Values, needed, needed_claims
from .refusals import Refuse
from .refused_forms import keeping_forms
from .step_up import asked_of_login, classes_of


class LoginRequiredDecorator(t.Protocol):
    """:func:`login_required`, as a type."""

    @t.overload
    def __call__(self, view: View) -> View: ...

    @t.overload
    def __call__(
        self,
        view: None = None,
        *,
        roles: Names | None = None,
        permissions: Names | None = None,
        scopes: Names | None = None,
        claims: Mapping[str, Values] | None = None,
        check: Check | None = None,
        organization: str | None = None,
        max_age: int | None = None,
        mfa: bool = False,
        acr_values: str | AnyOf | None = None,
        bearer: bool = False,
        refuse: Refuse | None = None,
        keep_form: bool = False,
        **parameters: str,
    ) -> Callable[[View], View]: ...


@t.overload
def login_required(view: View) -> View: ...


@t.overload
def login_required(
    view: None = None,
    *,
    roles: Names | None = None,
    permissions: Names | None = None,
    scopes: Names | None = None,
    claims: Mapping[str, Values] | None = None,
    check: Check | None = None,
    organization: str | None = None,
    max_age: int | None = None,
    mfa: bool = False,
    acr_values: str | AnyOf | None = None,
    bearer: bool = False,
    refuse: Refuse | None = None,
    keep_form: bool = False,
    **parameters: str,
) -> Callable[[View], View]: ...


def login_required(
    view: Callable[..., t.Any] | None = None,
    *,
    roles: Names | None = None,
    permissions: Names | None = None,
    scopes: Names | None = None,
    claims: Mapping[str, Values] | None = None,
    check: Check | None = None,
    organization: str | None = None,
    max_age: int | None = None,
    mfa: bool = False,
    acr_values: str | AnyOf | None = None,
    bearer: bool = False,
    refuse: Refuse | None = None,
    keep_form: bool = False,
    **parameters: str,
) -> t.Any:
    """Let only users who are logged in reach a view, sync or async.

    A browser is redirected to log in, and comes back. Anything else gets status 401
    and JSON with a ``login_url``. Who is logged in and lacks what the view asks for
    gets :exc:`NotAllowed`, status 403: no login is begun that cannot help. OPTIONS
    requests pass, as CORS needs it.

    .. code-block:: python

        @app.get("/profile")
        @login_required
        def profile(): ...

        @app.post("/transfer")
        @login_required(roles="treasurer", mfa=True)
        def transfer(): ...

    A name, or all names of a list, are needed; of those in :func:`any_of`, one is. On
    a blueprint, decorate an empty function for ``before_request``; on a class-based
    view, put it into ``decorators``.

    :param roles: of the claim that ``AUTH0_ROLES_CLAIM`` names.
    :param permissions: of the claim that ``AUTH0_PERMISSIONS_CLAIM`` names.
    :param scopes: granted with the access token of ``AUTH0_AUDIENCE``.
    :param claims: values by the names of their claims. A claim that is a list has to
        have the value in it.
    :param check: called with the user, sync or async; it returns whether they may pass.
    :param organization: the organization that the user must be logged in to: its id if
        it begins with ``org_``, else its name.
    :param max_age: seconds; a user who logged in longer ago has to log in again.
    :param mfa: whether the login must have taken more than one factor (``amr``).
    :param acr_values: classes of authentication with spaces between, or in
        :func:`any_of`; the login must have been of one of them (``acr``).
    :param bearer: whether programs may come with an access token instead, as with
        :func:`bearer_required`. Where a request has one, it alone counts, good or not.
    :param refuse: ``"redirect"`` or ``"401"``: how who has to log in is answered,
        whatever the request says and an ``unauthorized_handler`` would.
    :param keep_form: whether a form that a login came in between is kept for its user,
        to be filled in again: :func:`kept_form` returns it.
    :param parameters: of the authorization request, such as ``connection``: those that
        ``/login`` takes.
    :raises TypeError: when there is no such parameter, or a value is of the wrong type.
    :raises ValueError: when an argument is there and names nothing.

    .. versionchanged:: 0.2
        Roles, permissions, scopes, claims, ``check``, ``mfa``, ``refuse`` and
        ``keep_form``; ``acr_values`` is checked.
    """
    classes = classes_of(acr_values)
    _require_types(check, refuse, mfa=mfa)
    wanted = {
        "acr_values": asked_of_login(classes, mfa=mfa),
        "max_age": max_age,
        "organization": _not_blank(organization),
    }
    asked = Asked(
        needed(roles=roles, permissions=permissions, scopes=scopes),
        needed_claims(claims),
        check,
        mfa,
        classes,
        {**_passed_on(parameters), **without_none(wanted)},
        refuse,
    )
    # The guard of most views asks for nothing more, which one look tells.
    asked = NOTHING_MORE if asked == NOTHING_MORE else asked
    refusal: Refusal = functools.partial(
        refusal_of_any if bearer else refusal_of_user, asked
    )
    guard = functools.partial(
        guarded,
        refusal=keeping_forms(refusal) if keep_form else refusal,
        needs=asked.names,
        takes_tokens=bearer,
        keeps_forms=keep_form,
    )
    return guard if view is None else guard(view)


def _require_types(check: t.Any, refuse: t.Any, *, mfa: t.Any) -> None:
    if check is not None and not callable(check):
        raise TypeError("check must be a function that takes a user.")
    if not isinstance(mfa, bool):
        raise TypeError("mfa must be True or False.")
    if not isinstance(refuse, str | None):
        raise TypeError('refuse must be "redirect" or "401".')
    if refuse not in {None, *t.get_args(Refuse)}:
        raise ValueError('refuse must be "redirect" or "401".')


def _passed_on(parameters: Mapping[str, str]) -> Mapping[str, str]:
    unknown = [name for name in parameters if not login.is_passed_on(name)]
    if unknown:
        raise TypeError(f"login_required() cannot ask for {', '.join(unknown)}.")
    return parameters


def _not_blank(organization: str | None) -> str | None:
    if organization is not None and not organization.strip():
        raise ValueError("login_required() needs an organization that is not blank.")
    return organization and organization.strip()
