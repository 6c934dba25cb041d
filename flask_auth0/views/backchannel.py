"""Back-channel logout: the tenant tells the app that a session has ended."""

from __future__ import annotations

import typing as t

from auth0_server_python.error import BackchannelLogoutError
from flask import jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response

from ..app_state import current_state
from ..client.nesting import nests_deeply
from ..client.translation import KNOWN, translate
from ..config import warning
from ..errors import Auth0Error, ConfigurationError, log_event, log_failure
from ..runtime.request import current_request
from ..signals import session_revoked

#: What the log is told when the tenant ends a session that no store knows.
DEAF = warning(
    "AUTH0_BACKCHANNEL_LOGOUT_PATH",
    "has got a logout token, but nobody can end sessions that are in cookies alone: "
    "set SESSION_TYPE or AUTH0_REVOCATION_STORE, or leave the back-channel logout URL "
    "of the application in the Auth0 dashboard empty",
    "deaf_backchannel_logout",
)
#: The most bytes of a request; a logout token has about 1000.
_LARGEST = 32 * 1024


def receive() -> Response:
    """Answer a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.8)."""
    request.max_content_length = _LARGEST
    state = current_state()
    try:
        claims = state.wait(state.client.end_by_logout_token(_token()))
    except BackchannelLogoutError as error:
        # The operator needs to know of a tenant or a setting that is wrong.
        _log(translate(error))
        return _refuse(error)
    except ConfigurationError:
        # Its answer tells the operator the reason, and nobody else.
        raise
    except NotImplementedError as error:
        state.problem_log.tell(DEAF)
        return _refuse(error)
    except Auth0Error as error:
        log_failure("backchannel_logout", error)
        return _refuse(error)
    except HTTPException as error:
        return _refuse(error)
    except KNOWN as error:
        translation = translate(error)
        log_failure("backchannel_logout", translation)
        return _refuse(translation)
    current, sub, event = current_request(), claims.get("sub"), "revocation"
    log_event(current, "backchannel_logout", event=event, sub=sub)
    session_revoked.send(current.app, sub=sub, sid=claims.get("sid"))
    return Response(status=200)


def _log(refusal: Auth0Error) -> None:
    log_failure("backchannel_logout", refusal, reason="backchannel_logout_refused")


def _token() -> str:
    """Return the request's only ``logout_token``, from a form or from JSON."""
    found: list[t.Any] = request.form.getlist("logout_token")
    if request.is_json:
        content = _json()
        found = [content.get("logout_token")] if isinstance(content, dict) else []
    if len(found) != 1 or not isinstance(found[0], str) or not found[0]:
        raise BadRequest("The request must have one 'logout_token'.")
    return found[0]


def _json() -> t.Any:
    if nests_deeply(request.get_data()):
        raise BadRequest("The request's JSON is nested too deeply.")
    return request.get_json()


def _refuse(error: Exception) -> Response:
    """Answer with JSON, and not with the app's error pages, as no user sees it."""
    status, code, headers = 400, "invalid_request", {}
    description = str(error)
    if isinstance(error, NotImplementedError):
        status, code = 501, "unsupported"
    elif isinstance(error, HTTPException):
        status = error.code or 400
        description = error.description or ""
    if isinstance(error, Auth0Error):
        code = error.error
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    response = jsonify(error=code, error_description=description)
    response.status_code = status
    response.headers.update(headers)
    return response
