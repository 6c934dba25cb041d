"""Requests of scripts on the app's own pages: who may send them, and with what."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Coroutine

from flask import after_this_request, request
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from ..app_state import current_state
from ..client.dispatch import changes_announced
from ..client.nesting import nests_deeply
from ..client.translation import translated, untranslated
from ..errors import Auth0Error, in_one_line
from .login_urls import offer_way_on
from .origins import may_be_from_own_script
from .own_urls import require_host

R = t.TypeVar("R")
B = t.TypeVar("B", bound="Members")

#: The most bytes of a request's content; a sealed token has about 1000.
_LARGEST = 16 * 1024
#: A text with something in it.
Text = t.Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class Members(BaseModel):
    """The members of a request's JSON; there may be no others."""

    model_config: t.ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )


def for_scripts(view: Callable[[], Response]) -> Callable[[], Response]:
    """Let only scripts of the app's own pages reach a view, and read its answer."""

    @functools.wraps(view)
    def answer() -> Response:
        require_host()
        after_this_request(_keep_to_this_origin)
        if not may_be_from_own_script(request):
            raise wrong_request("Only this app's own pages may send this.", 403)
        return view()

    return answer


def content_as(kind: type[B]) -> B:
    """Return the members of the request's JSON.

    :raises Auth0Error: with status 400, 413 or 415, and which member is wrong.
    """
    if request.mimetype != "application/json":
        # A form of another site can send anything else without asking first.
        raise wrong_request("The request must be application/json.", 415)
    content = _content()
    if nests_deeply(content):
        raise wrong_request("The request's JSON is nested too deeply.")
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        told = _in_words(error)
    # The error of pydantic has the values, and would be the context of this one.
    raise wrong_request(told)


def wrong_request(description: str, code: int = 400) -> Auth0Error:
    """Return the error for a request that no script of the app's should send."""
    return Auth0Error(description, code=code, error="invalid_request")


def result_of(call: Coroutine[t.Any, t.Any, R]) -> R:
    """Return what a call of the SDK returns; log its failure.

    :raises Auth0Error: in place of an error of the SDK.
    """
    try:
        return awaited(call)
    except Auth0Error as error:
        offer_way_on(error)
        raise


def awaited(call: Coroutine[t.Any, t.Any, R]) -> R:
    """Return what a call of the SDK returns, once the app is told of what it changed.

    :raises Auth0Error: in place of an error of the SDK.
    """
    with untranslated(), changes_announced(), translated():
        return current_state().wait(call)


def without_nones(model: BaseModel) -> dict[str, t.Any]:
    """Return the members of an answer of the tenant, without those that it lacks."""
    return model.model_dump(mode="json", exclude_none=True)


def _content() -> bytes:
    request.max_content_length = _LARGEST
    try:
        content = request.get_data()
    except RequestEntityTooLarge:
        content = None
    # The app may have read it before, under a limit of its own.
    if content is None or len(content) > _LARGEST:
        raise wrong_request(f"The request has more than {_LARGEST} bytes.", 413)
    return content


def _in_words(error: ValidationError) -> str:
    """Return which members are wrong, and why: the first five."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [": ".join([*map(str, each["loc"]), each["msg"]]) for each in found[:5]]
    return in_one_line("; ".join(told))


def _keep_to_this_origin(response: Response) -> Response:
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
