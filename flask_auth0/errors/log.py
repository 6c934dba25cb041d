"""What the log says: one line for each thing that happens to a session."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import time
import typing as t
from collections.abc import Iterable, Mapping

from msgspec.structs import asdict, replace

from ..config.problems import Problem
from ..runtime import telemetry
from ..runtime.logger import logger_for
from ..runtime.request import CurrentRequest, Known, current_request
from ..runtime.tenant_answer import TenantAnswer
from .base import Auth0Error
from .configuration import ConfigurationError
from .logins import AuthorizationFailed
from .reasons import REASONS

Facts = Mapping[str, t.Any]


#: What has failed or was refused, in the words of the log.
_FAILED = {
    "login": "A login failed",
    "call": "A call for a user failed",
    "accounts": "The accounts of a user have not changed",
    "response": "A response was refused",
    "revocation": "A refresh token was not revoked",
    "backchannel_logout": "Back-channel logout",
    "guard": "A request was refused",
}
#: The longest text of the tenant's that the log has, and the shortest that looks like a
#: token, a code or a secret.
_LONGEST = 300
_LIKE_A_SECRET = re.compile(r"[A-Za-z0-9_\-]{24,}")
#: What a proxy or a client may send as the id of a request.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+=/@-]{1,128}")


def log_event(current: CurrentRequest, reason: str, **facts: t.Any) -> None:
    """Log what has gone well.

    :param reason: one of :data:`.REASONS`, whose meaning is the sentence.
    :param facts: more fields of the line, such as ``sub``; those that are ``None`` are
        left out.
    """
    told = REASONS[reason]
    _log(current, reason, told.level, told.meaning.rstrip("."), facts)


def log_failure(event: str, error: Auth0Error, *, reason: str | None = None) -> None:
    """Log a failure, once for each error.

    :param event: what has failed: ``login``, ``call``, ``accounts``, ``response``,
        ``revocation``, ``backchannel_logout`` or ``guard``.
    :param reason: one of :data:`.REASONS`, if the error does not say it.
    """
    if error.is_logged:
        return
    error.is_logged = True
    current, reason = current_request(), reason or error.reason
    if reason not in REASONS:
        # An error of an app's own may have an attribute of this name.
        reason = Auth0Error.reason
    answer = _answer(error.answer, current.tenant_answer)
    # The next failure of the request may be of another kind.
    current.tenant_answer = None
    facts = {"event": event, "error": error.error, **_told_by(answer)}
    if answer.error is not None and answer.error != error.error:
        facts["tenant_error"] = as_said(answer.error)
    sentence = f"{_FAILED[event]}: {error.error}. {in_one_line(_hint(error))}"
    _log(current, reason, REASONS[reason].level, sentence, facts)


def _answer(told: TenantAnswer | None, noted: TenantAnswer | None) -> TenantAnswer:
    """Return what the tenant said, from an error and from the request's last answer.

    The answer knows more. It is of another call, if the error tells of another code.
    """
    if told is None or noted is None:
        return told or noted or TenantAnswer()
    if told.error not in {None, noted.error}:
        return told
    known = {name: value for name, value in asdict(told).items() if value}
    return replace(noted, **known)


def _hint(error: Auth0Error) -> str:
    """Return what the log says of an error: all that the operator needs."""
    if isinstance(error, ConfigurationError):
        return str(error)
    if not isinstance(error, AuthorizationFailed):
        return error.remedy or error.description
    # The texts have the tenant's message, which is a field of its own here.
    said = error.answer.error_description if error.answer else None
    hint = (error.remedy or "").removesuffix(error.quoted(said or ""))
    return hint.strip() or error.title


def _told_by(answer: TenantAnswer) -> dict[str, t.Any]:
    said = answer.error_description
    return {
        "status": answer.status,
        "error_description": None if said is None else as_said(said),
        "endpoint": answer.endpoint,
    }


def as_said(text: str) -> str:
    """Return a text of the tenant's for the log and for answers, without secrets in it.

    Anybody may have changed it on its way.
    """
    return _LIKE_A_SECRET.sub("[...]", in_one_line(text))[:_LONGEST]


def _log(
    current: CurrentRequest, reason: str, level: int, sentence: str, facts: Facts
) -> None:
    telemetry.count(reason, facts.get("event"))
    logger = logger_for(current.app, level)
    if logger is not None:
        who = {**of_session(current), **_of_request(current)}
        whole = {"reason": reason, **who, **facts}
        fields = {k: _cleaned(v) for k, v in whole.items() if v is not None}
        shown = " ".join(f"{name}={_shown(value)}" for name, value in fields.items())
        # What collects lines, such as Sentry, groups them by this text.
        template = sentence.rstrip(".").replace("%", "%%")
        logger.log(level, f"{template} [%s]", shown, extra=fields)


def of_session(current: CurrentRequest) -> dict[str, str | None]:
    """Return whose session a request has, as far as that was read."""
    known = current.known or Known()
    claims: t.Any = current.token_claims or current.claims or {}
    if known.head is not None:
        claims = known.head["user"]
    return {"sub": claims.get("sub"), "session": _session_hash(known.session_id)}


def _session_hash(session_id: str | None) -> str | None:
    """Return a name of a session for the log, from which nobody finds its id."""
    if session_id is None:
        return None
    return hashlib.sha256(f"log {session_id}".encode()).hexdigest()[:12]


def _of_request(current: CurrentRequest) -> dict[str, str | None]:
    """Return where a request came from."""
    asked = current.request.headers.get("X-Request-ID", "")
    return {
        "address": current.request.remote_addr,
        "request_id": asked if _REQUEST_ID.fullmatch(asked) else None,
    }


def _cleaned(value: t.Any) -> t.Any:
    """Return the value of a field; a proxy or the tenant may have sent any text."""
    return in_one_line(value) if isinstance(value, str) else value


def _shown(value: object) -> str:
    """Return a value as a line has it, in quotes if it could be more than one."""
    text = str(value)
    return text if re.fullmatch(r"[^\s\"'=\[\]]+", text) else json.dumps(text)


class ProblemLog:
    """Tells the log what is wrong with an app that runs all the same.

    What requests find is not told again with each of them.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        #: When the log was told last, by the monotonic clock, under the code and the
        #: key of a problem.
        self._told: dict[tuple[str, str], float] = {}

    def tell(self, problem: Problem, pause: float = math.inf) -> None:
        """Log a problem, unless that was done in the last ``pause`` seconds."""
        before = self._told.get((problem.code, problem.key), -math.inf)
        if time.monotonic() - before >= pause:
            self.tell_all([problem])

    def tell_all(self, problems: Iterable[Problem]) -> None:
        """Log all of some problems."""
        for each in problems:
            self._told[each.code, each.key] = time.monotonic()
            level = logging.WARNING if each.is_warning else logging.ERROR
            self._logger.log(level, "%s", each.sentence, extra={"reason": each.code})


def in_one_line(text: str) -> str:
    """Return a text without line breaks, which could forge an entry of the log."""
    shown = " ".join(text.split())[:500]
    return "".join(each if each.isprintable() else "?" for each in shown)
