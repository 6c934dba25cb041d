"""The page of a login on another device, in a browser as narrow as a phone."""

from __future__ import annotations

import json

import pytest

from flask_auth0.tenant import Tenant, TenantServer
from tests.harness.chromium import Chromium
from tests.tenant.flow import AUDIENCE, Flow
from tests.tenant.test_ciba import begun, poll


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_approving_on_a_phone(scheme: str, chromium: Chromium) -> None:
    details = [{"type": "payment", "to": "A name that is longer than a phone is wide"}]
    with (
        TenantServer(Tenant(), plain_front_channel=True) as server,
        Flow(server) as flow,
    ):
        auth_req_id = begun(
            flow,
            audience=f"{AUDIENCE}/{'long-' * 20}",
            authorization_details=json.dumps(details),
        )
        page = chromium.tab()
        page.set_viewport_size({"width": 360, "height": 740})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(f"{server.front_channel_url}/ciba")
        page.get_by_role("link", name="Answer for Ada Lovelace").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.get_by_role("button", name="Approve").click()
        assert page.get_by_role("heading").inner_text() == "The login is approved"
        assert poll(flow, auth_req_id).status_code == 200
        page.close()
