"""The page about forms that a login comes in between."""

from __future__ import annotations

import re

from .conftest import HOST, NAVIGATION, MakeVisitor, ReadPage


def test_a_form_of_flask_wtf_comes_back(
    read_page: ReadPage, make_visitor: MakeVisitor
) -> None:
    visitor = make_visitor(read_page("forms.rst").run().apps[0])
    visitor.log_in()
    page = visitor.get("/notes/new").text
    for name in ("session", "session_a0_head0", "session_a0_body0"):
        visitor.client.delete_cookie(name, domain="localhost")

    def send(page: str, **fields: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found
        page_url = f"{HOST}/notes/new"
        headers = {**NAVIGATION, "Origin": HOST, "Referer": page_url}
        data = {"csrf_token": found[1], **fields}
        answer = visitor.client.post(
            "/notes/new", base_url=HOST, headers=headers, data=data
        )
        return answer.location or answer.text

    login = send(page, title="<Title>", text="Text")
    assert login == "/login?next=/notes/new"
    assert visitor.log_in(login).location == "/notes/new"
    page = visitor.get("/notes/new").text
    assert "send it again" in page
    assert 'value="&lt;Title&gt;"' in page
    assert send(page, title="Title", text="Text") == "Saved Title."
    assert "send it again" not in visitor.get("/notes/new").text
