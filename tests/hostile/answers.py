"""Answers of a tenant, changed in whatever way."""

from __future__ import annotations

import json
import typing as t

from flask import Response
from hypothesis import strategies as st

from .mutations import CHANGES, JSON, reshaped

#: Texts that JSON can have, and Python's own types, databases or headers cannot.
ODD = ["\ud83d", "\x00", "x" * 9000, "1" * 5000, "Infinity", "../../x", "a\r\nb: c"]


STRANGE = st.one_of(JSON, st.sampled_from(ODD))


STATUSES = st.sampled_from([200, 200, 200, 204, 302, 400, 401, 403, 404, 429, 500, 503])


#: Members that an answer may have besides, and values that they may have.
MEMBERS = (
    *("error", "error_description", "mfa_token", "mfa_requirements", "userinfo"),
    *("token_type", "issued_token_type", "authorization_details", "session_expiry"),
    *("org_id", "org_name", "auth_time", "amr", "acr", "azp", "nbf", "_claim_names"),
    *("authorization_response_iss_parameter_supported", "mtls_endpoint_aliases"),
    *("key_ops", "x5c", "x5t", "crit", "b64", "jwk", "jku", "cty"),
)


SAID = st.sampled_from(["mfa_required", "invalid_grant", "N_A", True, ["b64"], [], {}])


MORE = st.dictionaries(st.sampled_from(MEMBERS), STRANGE | SAID, max_size=2)


class Answer(t.NamedTuple):
    """The way in which an answer is changed."""

    status: int
    #: Positions of changes, and the new values.
    changes: list[tuple[int, list[t.Any]]]
    #: The content that is sent in its place, if there is one.
    instead: list[t.Any]
    #: Members that are added.
    more: dict[str, t.Any] = {}  # noqa: RUF012

    def of(self, own: t.Any) -> Response:
        """Return what is sent."""
        content = self.instead[0] if self.instead else self.changed(own)
        body = content if isinstance(content, bytes) else json.dumps(content)
        return Response(body, self.status, content_type="application/json")

    def changed(self, own: t.Any) -> t.Any:
        """Return an answer in which something else is there."""
        if "keys" in own:
            return {
                "keys": reshaped(
                    [{**e, **self.more} for e in own["keys"]], self.changes
                )
            }
        return reshaped({**own, **self.more}, self.changes)


NOTHING: st.SearchStrategy[list[t.Any]] = st.just([])


EXTENDED = st.builds(Answer, st.just(200), NOTHING, NOTHING, MORE)


RESHAPED = st.builds(Answer, st.just(200), CHANGES, NOTHING, MORE)


REFUSED = st.builds(Answer, STATUSES, CHANGES, NOTHING, MORE)


WHOLE = st.lists(STRANGE | st.binary(), min_size=1, max_size=1)


REPLACED = st.builds(Answer, STATUSES, NOTHING, WHOLE, st.just({}))


ANSWERS = st.one_of(EXTENDED, RESHAPED, REFUSED, REPLACED)


NESTED = Answer(200, [], [b"[" * 100_000 + b"]" * 100_000])


NO_JSON = Answer(200, [], [b"\xff\x00<html>"])


def json_of(response: Response) -> t.Any:
    """Return what an answer says, or bytes that say nothing."""
    try:
        return json.loads(response.get_data())
    except (ValueError, RecursionError):
        return response.get_data()


def changed(value: t.Any, change: list[t.Any]) -> t.Any:
    """Return a value as it was, changed, or another one."""
    if not change:
        return value
    is_changes = isinstance(change[0], list) and all(
        isinstance(each, tuple) for each in change[0]
    )
    return reshaped(value, change[0]) if is_changes else change[0]
