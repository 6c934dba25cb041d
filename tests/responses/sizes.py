"""How large the head of a response is."""

from __future__ import annotations

import json
import secrets
import typing as t

from werkzeug.test import TestResponse

if t.TYPE_CHECKING:
    pass


LIMIT = 4096


def head_of(answer: TestResponse) -> int:
    """How many bytes the head has, with what gunicorn adds to it."""
    lines = [f"HTTP/1.1 {answer.status}", *(f"{k}: {v}" for k, v in answer.headers)]
    lines += ["Server: gunicorn", "Date: Sat, 28 Nov 2026 21:51:54 GMT"]
    lines += ["Connection: keep-alive", "", ""]
    return len("\r\n".join(lines))


def check(answer: TestResponse) -> TestResponse:
    assert head_of(answer) <= LIMIT
    return answer


def claims(size: int) -> dict[str, str]:
    """Return claims of this size, as they are in life: names, addresses, ids."""
    found: dict[str, str] = {}
    while (left := size - len(json.dumps(found))) > 0:
        name = f"https://app.example.com/claim_{len(found)}"
        found[name] = f"Department {secrets.token_hex(8)}"[: max(left, 1)]
    return found
