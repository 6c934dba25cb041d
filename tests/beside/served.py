"""Serves an app with servers and adapters of others, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import typing as t
from collections.abc import Callable, Iterator, Mapping

import httpx
import waitress
from a2wsgi import WSGIMiddleware
from apig_wsgi import make_lambda_handler
from asgiref.wsgi import WsgiToAsgi
from flask import Flask
from hypercorn.asyncio import serve
from hypercorn.config import Config
from mangum import Mangum
from serverless_wsgi import handle_request

from tests.harness.app_server import Address

#: The address of what is no server.
GATEWAY = "https://shop.example.com"


@contextlib.contextmanager
def by_waitress(app: Flask, address: Address) -> Iterator[None]:
    # What it uses by itself takes no descriptor beyond 1024, of which tests may have
    # more.
    options: t.Any = {"threads": 4, "asyncore_use_poll": True}
    server = waitress.create_server(app, sockets=[address.socket], **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.trigger.pull_trigger(server.close)
        thread.join()


@contextlib.contextmanager
def by_hypercorn(app: t.Any, address: Address) -> Iterator[None]:
    """Serve a WSGI app, or an ASGI one: Hypercorn sees which it is."""
    # It closes what it is given.
    descriptor = os.dup(address.socket.fileno())
    config = Config.from_mapping(bind=[f"fd://{descriptor}"], errorlog="-")
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    serving = serve(app, config, shutdown_trigger=over.wait)
    thread = threading.Thread(target=loop.run_until_complete, args=[serving])
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def by_a2wsgi(app: Flask, address: Address) -> contextlib.AbstractContextManager[None]:
    return by_hypercorn(_as_asgi(app), address)


def by_asgiref(app: Flask, address: Address) -> contextlib.AbstractContextManager[None]:
    return by_hypercorn(WsgiToAsgi(app.wsgi_app), address)


def _as_asgi(app: t.Any) -> t.Any:
    # Its types of WSGI are others than those of the standard library.
    return WSGIMiddleware(app.wsgi_app)


Handle = Callable[[dict[str, t.Any]], dict[str, t.Any]]


class Gateway(httpx.BaseTransport):
    """Amazon's API Gateway, as far as an app sees it: events, and their answers."""

    def __init__(self, make_event: Callable[..., t.Any], handle: Handle) -> None:
        self._make_event, self._handle = make_event, handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._handle(self._make_event(request))
        headers: list[tuple[str, str]] = [*answer.get("headers", {}).items()]
        for name, values in answer.get("multiValueHeaders", {}).items():
            headers += [(name, value) for value in values]
        headers += [("Set-Cookie", each) for each in answer.get("cookies", [])]
        assert not answer.get("isBase64Encoded"), "All answers here are text."
        body = answer.get("body") or ""
        return httpx.Response(answer["statusCode"], headers=headers, text=body)


def rest_event(request: httpx.Request) -> dict[str, t.Any]:
    """An event of a REST API, whose version is 1.0."""
    query = request.url.params
    return {
        "version": "1.0",
        "path": request.url.path,
        "httpMethod": request.method,
        "headers": _headers(request),
        "multiValueHeaders": {k: [v] for k, v in _headers(request).items()},
        "queryStringParameters": dict(query),
        "multiValueQueryStringParameters": {k: query.get_list(k) for k in query},
        "requestContext": {"stage": "$default", "identity": {"sourceIp": "127.0.0.1"}},
        "body": None,
        "isBase64Encoded": False,
    }


def http_event(request: httpx.Request) -> dict[str, t.Any]:
    """An event of an HTTP API, whose version is 2.0."""
    headers = _headers(request)
    cookies = headers.pop("cookie", "")
    http = {
        "method": request.method,
        "path": request.url.path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.url.path,
        "rawQueryString": request.url.query.decode(),
        "cookies": cookies.split("; ") if cookies else [],
        "headers": headers,
        "requestContext": {"stage": "$default", "http": http},
        "body": "",
        "isBase64Encoded": False,
    }


def _headers(request: httpx.Request) -> dict[str, str]:
    return {**request.headers, "x-forwarded-proto": "https", "x-forwarded-port": "443"}


def _apig(app: Flask) -> Handle:
    handle = make_lambda_handler(app.wsgi_app)
    return lambda event: handle(event, None)


def _serverless(app: Flask) -> Handle:
    return lambda event: t.cast(dict[str, t.Any], handle_request(app, event, None))


def _mangum(app: Flask) -> Handle:
    inner = _as_asgi(app)

    def answer(event: dict[str, t.Any]) -> dict[str, t.Any]:
        # Mangum takes the event loop of the thread, and would leave its own one open.
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return Mangum(inner, lifespan="off")(event, t.cast(t.Any, None))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    return answer


#: What serves an app on a socket.
SERVERS: Mapping[str, Callable[[t.Any, Address], t.Any]] = {
    "waitress": by_waitress,
    "hypercorn": by_hypercorn,
    "a2wsgi": by_a2wsgi,
    "asgiref": by_asgiref,
}
#: What lets an app answer events.
ADAPTERS: Mapping[str, tuple[Callable[..., t.Any], Callable[[Flask], Handle]]] = {
    "apig-wsgi": (rest_event, _apig),
    "apig-wsgi-http": (http_event, _apig),
    "serverless-wsgi": (rest_event, _serverless),
    "serverless-wsgi-http": (http_event, _serverless),
    "mangum": (http_event, _mangum),
}
