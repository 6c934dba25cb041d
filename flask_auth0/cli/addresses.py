"""The addresses of an app that its tenant has to know."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from secrets import token_hex
from urllib.parse import urljoin, urlsplit

import click

from ..config import Config, key_of, read_config
from ..config.urls import origin_of

#: Where ``flask run`` serves an app.
DEVELOPMENT = "http://127.0.0.1:5000"


class Addresses(t.NamedTuple):
    """The URLs for the settings of the application in the Auth0 dashboard."""

    callback: str
    #: The pages after a logout, the default one first.
    logout: tuple[str, ...]
    #: Where the tenant tells of sessions that have ended there, if it may.
    backchannel: str | None


def checked_url(
    context: click.Context, option: click.Parameter, url: str | None
) -> str | None:
    """Return the value of an option that is the address of the app.

    :raises click.BadParameter: when it is none.
    """
    try:
        return origin_of(url) + urlsplit(url).path if url else None
    except ValueError as error:
        told = f"{url} is no address such as https://app.example.com."
        raise click.BadParameter(told) from error


def base_of(app_config: Mapping[str, t.Any]) -> str | None:
    """Return the URL of an app's root, if its config says so."""
    host = app_config.get("SERVER_NAME")
    if not host:
        return None
    root = str(app_config.get("APPLICATION_ROOT") or "/").rstrip("/")
    return f"{app_config.get('PREFERRED_URL_SCHEME') or 'http'}://{host}{root}"


def addresses_of(config: Config, base: str) -> Addresses:
    """Return the addresses of an app.

    :param base: the URL of its root, which ``AUTH0_REDIRECT_URI`` overrides.
    """
    route = config.url_prefix + config.callback_path
    callback = config.redirect_uri or base.rstrip("/") + route
    root = urlsplit(callback).path.removesuffix(route)
    home = origin_of(callback)
    pages = (config.post_logout_redirect or "/", *config.allowed_logout_urls)
    told = config.backchannel_logout_path
    return Addresses(
        callback,
        tuple(dict.fromkeys(_absolute(home, root, page) for page in pages)),
        f"{home}{root}{config.url_prefix}{told}" if told else None,
    )


def addresses_in(values: Mapping[str, str], url: str) -> Addresses | None:
    """Return the addresses of an app, if the keys that change them make sense."""
    # No address depends on what the file still lacks.
    stand_ins: dict[str, t.Any] = {
        "domain": "tenant.example",
        "client_id": "id",
        "client_secret": "hidden",
        "secret": token_hex(32),
    }
    kept = {k: v for k, v in values.items() if k.endswith(("_PATH", "_PREFIX"))}
    for name in ("redirect_uri", "post_logout_redirect", "allowed_logout_urls"):
        if key_of(name) in values:
            kept[key_of(name)] = values[key_of(name)]
    if not _keeps_what_can_end(values):
        kept[key_of("backchannel_logout_path")] = ""
    config, _ = read_config(stand_ins, {}, kept)
    return addresses_of(config, url) if config else None


def _keeps_what_can_end(values: Mapping[str, str]) -> bool:
    """Tell whether an app keeps something that a logout token can end."""
    return any(values.get(key) for key in ("SESSION_TYPE", key_of("revocation_store")))


def _absolute(home: str, root: str, page: str) -> str:
    return urljoin(home, root + page if page.startswith("/") else page)
