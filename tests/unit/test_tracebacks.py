"""What a traceback keeps of an error that leaves the extension."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback

import pytest

from flask_auth0.runtime import loop
from flask_auth0.runtime.tracebacks import without_secrets
from flask_auth0.sessions.hidden_tokens import Hidden, with_hidden_tokens


class SdkLikeError(Exception):
    """An error with a cause of its own, as the SDK's have one."""

    cause: Exception | None = None


def fail_in_a_library() -> None:
    json.loads("{")


def names(error: BaseException | None) -> list[str]:
    assert error is not None
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_the_frames_of_the_app_are_kept() -> None:
    with pytest.raises(ValueError, match="property name") as caught:
        fail_in_a_library()
    assert len(names(caught.value)) > 2
    kept = ["test_the_frames_of_the_app_are_kept", "fail_in_a_library"]
    assert names(without_secrets(caught.value)) == kept


def test_causes_are_looked_at_wherever_they_are() -> None:
    cause = SdkLikeError("a cause")
    with pytest.raises(ValueError, match="property name") as caught:
        fail_in_a_library()
    cause.cause = caught.value
    circle = ValueError("outer")
    circle.__context__, cause.__context__ = cause, circle
    without_secrets(circle)
    assert names(cause.cause)[1:] == ["fail_in_a_library"]


def test_what_nobody_waits_for_is_logged_without_frames(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def leave_it() -> None:
        task = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", 1))
        await asyncio.wait([task])

    with caplog.at_level(logging.ERROR, "asyncio"):
        loop.run(leave_it(), 5)
        loop.run(asyncio.sleep(0), 5)
    (record,) = [each for each in caplog.records if "never retrieved" in each.message]
    assert record.exc_info is not None
    assert names(record.exc_info[1]) == []


def test_tokens_of_a_session_do_not_show() -> None:
    session = {
        "user": {"sub": "ada", "id_token": "of the app"},
        "refresh_token": "secret-1",
        "id_token": None,
        "token_sets": [{"access_token": "secret-2", "scope": "openid"}],
    }
    hidden = with_hidden_tokens(session)
    assert hidden == session
    assert "secret" not in repr(hidden)
    assert hidden["user"] is session["user"]
    assert json.loads(json.dumps(hidden)) == session
    assert isinstance(hidden["token_sets"][0]["access_token"], Hidden)
