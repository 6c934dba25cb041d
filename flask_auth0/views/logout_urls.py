"""The URLs that a logout may lead to: configured ones, and pages of this app."""

from __future__ import annotations

from urllib.parse import urljoin

from ..app_state import current_state
from ..config import Config
from ..config.urls import as_ascii
from ..runtime.logger import logger_of
from ..runtime.request import this_app
from . import own_urls
from .redirects import below_root, is_page, page_of


def for_query(wanted: str | None) -> str:
    """Return the configured URL that a query asks for, or else the default.

    A logout must not fail because of its query, so any other URL is ignored.
    """
    config = current_state().config
    url = _from_list(config, wanted)
    if wanted and url is None:
        # The value is not logged, since anybody can choose it.
        logger_of(this_app()).info(
            "The return_to of a logout is not in AUTH0_ALLOWED_LOGOUT_URLS, "
            "so the default took its place."
        )
    return url or _absolute(_default(config))


def for_view(wanted: str | None) -> str:
    """Return the URL that a view asks for, or the default if it asks for none.

    The view may have taken the URL from a query, so one of another site has to be
    listed.

    :raises ValueError: when it is neither listed nor a page of this app.
    """
    config = current_state().config
    if not wanted:
        return _absolute(_default(config))
    url = _from_list(config, wanted)
    if url is not None:
        return url
    page = page_of(wanted) or wanted
    if not is_page(page, config):
        raise ValueError(
            "return_to leads neither to a page of this app nor to one of "
            "AUTH0_ALLOWED_LOGOUT_URLS. If the app trusts the URL, add it there."
        )
    return own_urls.origin() + as_ascii(page)


def _default(config: Config) -> str:
    return config.post_logout_redirect or "/"


def _from_list(config: Config, wanted: str | None) -> str | None:
    """Return the configured URL for a wanted one, if there is one."""
    try:
        return _listed(config).get(as_ascii(wanted)) if wanted else None
    except ValueError:
        return None


def _listed(config: Config) -> dict[str, str]:
    """Return the configured URLs, by each of the ways to write them."""
    urls: dict[str, str] = {}
    for location in (_default(config), *config.allowed_logout_urls):
        url = _absolute(location)
        urls |= dict.fromkeys((location, url, page_of(url) or url), url)
    return urls


def _absolute(location: str) -> str:
    return urljoin(own_urls.home(), below_root(location))
