"""The page on ending sessions: its forms are taken from this app's pages only."""

from __future__ import annotations

import pytest

from .conftest import HOST, ReadPage, client_of


@pytest.mark.usefixtures("tenant")
@pytest.mark.parametrize("path", ["/my-sessions/end", "/my-sessions/end-others"])
def test_forms_of_a_sibling_are_refused(
    read_page: ReadPage, monkeypatch: pytest.MonkeyPatch, tmp_path: object, path: str
) -> None:
    monkeypatch.setenv("SESSION_TYPE", "cachelib")
    monkeypatch.chdir(str(tmp_path))
    app = read_page("ending.rst").run().apps[0]
    client = client_of(app)
    foreign = [
        {"Sec-Fetch-Site": "same-site", "Origin": "http://evil.localhost"},
        {"Origin": f"{HOST}:8080"},
        {},
    ]
    for headers in foreign:
        answer = client.post(path, data={"id": "x"}, base_url=HOST, headers=headers)
        assert answer.status_code == 403
    answer = client.post(
        path, data={"id": "x"}, base_url=HOST, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.location == "/my-sessions"
