"""What stands in the place of the tenant for sessions of tests: nothing is sent."""

from __future__ import annotations

import typing as t

from ..client.client import Client
from ..runtime.request import current_request

#: Seconds for which a token lasts that a refresh has brought.
_LIFETIME = 86400
#: The method of the SDK that is asked for new tokens, and the one for a connection's.
_REFRESH, _CONNECT = "get_token_by_refresh_token", "get_token_for_connection"
_METHODS = (_REFRESH, _CONNECT)

Answer = str | Exception


def prepare(client: Client, refresh_token: str | None, answer: Answer | None) -> None:
    """Keep an app from asking a tenant on another machine, from now on.

    :param answer: what a refresh with this token brings: an access token or an error.
    """
    client.transports.breakers.is_offline = True
    if refresh_token is not None and answer is not None:
        _answers_of(client)[refresh_token] = answer


def _answers_of(client: Client) -> dict[str, Answer]:
    """Return the answers that a client gives itself, by the refresh token."""
    mine = vars(client)
    answers: dict[str, Answer] = mine.setdefault("_answers_of_tests", {})
    for name in _METHODS:
        if name not in mine:
            mine[name] = _answering(answers, getattr(client, name))
    return answers


def _answering(answers: dict[str, Answer], ask: t.Any) -> t.Any:
    async def exchange(options: dict[str, t.Any]) -> dict[str, t.Any]:
        answer = answers.get(options.get("refresh_token") or "")
        if answer is None:
            return t.cast("dict[str, t.Any]", await ask(options))
        if isinstance(answer, Exception):
            # Requests share the error, and each would append its frames to it.
            raise answer.with_traceback(None)
        current_request().has_new_tokens = True
        return _tokens(answer, options)

    return exchange


def _tokens(access_token: str, options: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "access_token": access_token,
        "expires_in": _LIFETIME,
        "scope": options.get("scope"),
        "refresh_token": options["refresh_token"],
    }
