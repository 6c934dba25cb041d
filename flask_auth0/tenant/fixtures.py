"""Pytest fixtures: a tenant for a test, a module or all tests, and an app served to
browsers beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from .live_server import serving
from .server import TenantServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def running_tenant(**options: Any) -> Iterator[TenantServer]:
    """Run a tenant whose certificates this process trusts meanwhile.

    .. versionadded:: 0.2

    :param options: of :class:`.TenantServer`.
    """
    with TenantServer(**options) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", server.ca_file)
        yield server


@pytest.fixture(scope="session")
def auth0_tenant_options() -> dict[str, Any]:
    """The options of :class:`.TenantServer` for the tenants below; a project's own
    fixture of this name may return some, such as ``{"plain_front_channel": True}``.

    .. versionadded:: 0.2
    """
    return {}


@pytest.fixture
def auth0_tenant(auth0_tenant_options: dict[str, Any]) -> Iterator[TenantServer]:
    """A running tenant whose certificates this process trusts, new for each test."""
    with running_tenant(**auth0_tenant_options) as server:
        yield server


@pytest.fixture(scope="module")
def auth0_module_tenant(
    auth0_tenant_options: dict[str, Any],
) -> Iterator[TenantServer]:
    """The same for all tests of a module.

    .. versionadded:: 0.2
    """
    with running_tenant(**auth0_tenant_options) as server:
        yield server


@pytest.fixture(scope="session")
def auth0_session_tenant(
    auth0_tenant_options: dict[str, Any],
) -> Iterator[TenantServer]:
    """The same for all tests.

    .. versionadded:: 0.2
    """
    with running_tenant(**auth0_tenant_options) as server:
        yield server


@pytest.fixture
def auth0_live_server(
    auth0_tenant: TenantServer,
) -> Iterator[Callable[[WSGIApplication], str]]:
    """A function that serves an app to a browser for the rest of the test, lets it log
    people in at ``auth0_tenant``, and returns the URL of its root.

    .. versionadded:: 0.2
    """
    with ExitStack() as stack:

        def serve(app: WSGIApplication) -> str:
            url = stack.enter_context(serving(app))
            auth0_tenant.allow(url)
            return url

        yield serve
