"""Requests whose JSON can be read like a form: Auth0 takes both."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict


class JSONFormRequest(Request):
    """A request; the strings of its JSON are its form."""

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object that was sent, with a form: its fields."""
        if not self.is_json:
            return self.form.to_dict()
        body = self.get_json(silent=True)
        return body if isinstance(body, dict) else {}

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        if not self.is_json:
            return super().form
        texts = {k: v for k, v in self.members.items() if isinstance(v, str)}
        return ImmutableMultiDict(texts)


def members() -> dict[str, Any]:
    """What was sent with this request, lists and objects of JSON included."""
    return cast(JSONFormRequest, request).members
