"""The messages on a server that cannot be used."""

from __future__ import annotations

import pytest

from flask_auth0.sessions.stores.bad_settings import no_answer

PORTS = ["28000", "42501", "25006", "53100", "53200", "53300"]


class SqlError(Exception):
    """An error of a database, in a language that nobody here reads."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("etwas ging schief")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "told"),
    [
        ("28P01", "is refused by the server"),
        ("28000", "is refused by the server"),
        ("42501", "may not do all that sessions need"),
        ("25006", "can be read and not written"),
        ("53100", "has no room to write"),
        ("53200", "has no room to write"),
        ("3D000", "make it, or name another one"),
        ("57P03", "is not ready yet"),
        ("53300", "takes no more connections"),
    ],
)
def test_a_code_tells_in_any_language(sqlstate: str, told: str) -> None:
    assert told in no_answer("KEY", "localhost", SqlError(sqlstate)).remedy


@pytest.mark.parametrize("digits", PORTS)
def test_digits_that_are_no_code(digits: str) -> None:
    """A port, an id and a time may look like one."""
    error = TimeoutError(
        f"127.0.0.1:{digits}: timed out, id: 6b{digits}, 0.49{digits}1s"
    )
    assert "does not answer" in no_answer("KEY", "localhost", error).remedy
