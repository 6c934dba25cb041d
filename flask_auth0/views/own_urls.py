"""The URLs of the app, as browsers know them: its origin, and its routes.

If ``AUTH0_REDIRECT_URI`` is set, the origin is that of the callback, since a request
behind a proxy may not show it.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from urllib.parse import quote, unquote, urlsplit

from flask import current_app, request
from werkzeug.exceptions import BadHost, BadRequest, HTTPException, SecurityError
from werkzeug.routing import MapAdapter, RequestRedirect

from ..app_state import current_state
from ..config import Config
from ..config.urls import origin_of

#: A longer address is not remembered: it travels in a cookie and in a URL.
MAX_LENGTH = 2000
#: Characters that a path has unencoded (RFC 3986, section 3.3).
_OF_PATHS = "/:@!$&'()*+,;=~"
#: The variable in the host of our routes, for apps that match hosts.
HOST_VALUE = "auth0_host"
#: The form of hosts, with a port or without, that all browsers read alike.
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?")


def refusal_of_host() -> HTTPException | None:
    """Return Flask's error for a host that is not trusted or not valid, if it is.

    Flask itself raises the error only after the hooks before a request.
    """
    error = request.routing_exception
    return error if isinstance(error, SecurityError | BadHost) else None


def require_host() -> None:
    """Raise Flask's error for a host that is not trusted or not valid.

    :raises BadRequest: if Flask refuses the host.
    """
    error = refusal_of_host()
    if error is not None:
        raise error


def callback_url() -> str:
    """Return the URL that the tenant sends the browser back to.

    The app's ``url_defaults`` add nothing to it, since the tenant compares the whole
    URL.

    :raises BadRequest: when the URL depends on the host, and the request has none.
    """
    configured = current_state().config.redirect_uri
    if configured is not None:
        return configured
    _host()
    return _build("auth0.callback", force_external=True)


def home() -> str:
    """Return the origin of the callback."""
    return origin_of(callback_url())


def origin() -> str:
    """Return the origin of the page that the browser is at.

    Only an app that matches hosts or subdomains has several, and sees in the request
    which one it is.

    :raises BadRequest: when the URL depends on the host, and the request has none.
    """
    found = home()
    if not has_several_origins():
        return found
    scheme, _, _ = found.partition("://")
    return origin_of(f"{scheme}://{_host()}")


def has_several_origins() -> bool:
    """Tell whether a page of the app may have another origin than the callback."""
    return current_app.subdomain_matching or current_app.url_map.host_matching


def is_origin(claimed: str) -> bool:
    """Tell whether an origin is that of the page that the browser is at."""
    if refusal_of_host() is not None or not request.host:
        return False
    if current_state().config.redirect_uri is None:
        # The scheme of a WebSocket is ws or wss, that of its page http or https.
        scheme = request.scheme.replace("ws", "http")
        requested = origin_of(f"{scheme}://{request.host}")
        return claimed in {requested, origin()}
    return claimed == origin()


def root() -> str:
    """Return the path at which the app is mounted, without a slash at the end."""
    return quote(request.script_root, safe=_OF_PATHS)


def current_path() -> str:
    """Return the path of the current request, without its query."""
    return root() + quote(request.path, safe=_OF_PATHS)


def current_page() -> str:
    """Return the path of the current request and its query, unless that is too long."""
    path = current_path()
    query = request.query_string.decode("ascii", "replace")
    whole = f"{path}?{query}" if query else path
    return whole if len(whole) <= MAX_LENGTH else path


def current_urls() -> list[str]:
    """Return the URLs to which a program may have sent the current request.

    Where the callback's URL is configured, the host that a request names counts only if
    the app decides which ones it has: a server that was sent a request for itself could
    forward it here.

    :raises BadRequest: when the request names no host.
    """
    config = current_state().config
    requested = f"{request.scheme}://{_host()}"
    if config.redirect_uri is None:
        return [requested + current_path()]
    others = [requested] if current_app.config["TRUSTED_HOSTS"] else []
    return [place + current_path() for place in (origin(), *others)]


def url_of(route: str, **query: t.Any) -> str:
    """Return the URL of a route of ours: a path, unless it is at another host."""
    url = _build(route, query)
    if url.startswith("/"):
        return url
    _, _, rest = url.partition("://")
    return home() + rest[rest.index("/") :]


def is_own_route(path: str, config: Config) -> bool:
    """Tell whether a path leads to one of our routes, in whatever spelling.

    Werkzeug merges slashes, servers decode them first, and a slash at the end makes no
    difference.
    """
    asked, mounts = _plain(unquote(path)), {request.script_root, _mount(config)}
    return any(
        asked == _plain(mount + config.url_prefix + rule)
        for rule in config.paths.values()
        for mount in mounts
    )


def has_page(place: str, path: str) -> bool:
    """Tell whether another host of this app has a page with the same session.

    :param place: the origin of the other host.
    """
    _, _, host = place.partition("://")
    if not (_HOST.fullmatch(host) and _may_serve(host) and shares_cookies(place)):
        return False
    return _finds(host, path)


def shares_cookies(place: str) -> bool:
    """Tell whether another origin gets the session cookies of this one."""
    app = current_app
    domain = (app.session_interface.get_cookie_domain(app) or "").lstrip(".").lower()
    (scheme, name, port), other = _parts(origin()), _parts(place)
    return (
        bool(domain)
        and (scheme, port) == (other[0], other[2])
        and all(f".{each}".endswith(f".{domain}") for each in (name, other[1]))
    )


def add_host(endpoint: str, values: dict[str, t.Any]) -> None:
    """Add the host to URLs of our routes, for apps that match hosts."""
    if current_app.url_map.host_matching:
        configured = current_state().config.redirect_uri
        host = urlsplit(configured).netloc if configured else request.host
        values.setdefault(HOST_VALUE, host)


def _build(
    route: str,
    query: t.Mapping[str, t.Any] | None = None,
    *,
    force_external: bool = False,
) -> str:
    values = dict(query or {})
    add_host(route, values)
    # In the URLs of browsers, the root is percent-encoded.
    adapter = _adapter({**request.environ, "SCRIPT_NAME": root()})
    return _with_plain_host(adapter.build(route, values, force_external=force_external))


def _with_plain_host(url: str) -> str:
    """Return a URL with the brackets of an IPv6 address, which Werkzeug encodes."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{unquote(host)}{slash}{path}"


def _adapter(environ: t.Mapping[str, t.Any]) -> MapAdapter:
    """Return the URL adapter of the app for the host of a request.

    :raises BadRequest: when Flask does not trust that host.
    """
    asked = current_app.request_class(dict(environ), populate_request=False)
    return t.cast(MapAdapter, current_app.create_url_adapter(asked))


def _host() -> str:
    """Return the host of the request, if it has one that is valid."""
    host = request.host
    if not host:
        raise BadRequest("The request names no host.")
    return host


def _may_serve(host: str) -> bool:
    """Tell whether the app may serve a host, by ``SERVER_NAME``."""
    app = current_app
    if app.url_map.host_matching:
        return True
    # Werkzeug, like browsers, omits the default ports.
    server = str(app.config["SERVER_NAME"] or "").lower()
    server = re.sub(r":(80|443)$", "", server)
    return app.subdomain_matching and bool(server) and f".{host}".endswith(f".{server}")


def _parts(origin: str) -> tuple[str, str, str]:
    """Return the scheme, the name of the host and the port of an origin."""
    scheme, _, host = origin.partition("://")
    name, _, port = host.partition(":")
    return scheme, name, port


def _finds(host: str, path: str) -> bool:
    asked, mount = unquote(urlsplit(path).path), request.script_root
    if not asked.startswith(f"{mount}/"):
        return False
    try:
        adapter = _adapter({**request.environ, "HTTP_HOST": host})
        adapter.match(asked.removeprefix(mount), method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def _mount(config: Config) -> str:
    """Return the root of the app by the callback's URL, if that is configured."""
    path = unquote(urlsplit(config.redirect_uri or "").path)
    return path.removesuffix(config.url_prefix + config.callback_path)


def _plain(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
