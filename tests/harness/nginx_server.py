"""A real nginx in front of an app, with whatever buffers it has by default."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from .processes import Service, stopped_at_the_end
from .redis_server import free_port

_AROUND_SITES = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""
_SITE = """
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;
            {directives}
        }}
    }}
"""


@contextlib.contextmanager
def serving_site(binary: str, site: str, port: int, folder: Path) -> Iterator[None]:
    """Run nginx with what a file in ``conf.d`` would have.

    :param port: where the site listens.
    """
    file = folder / "nginx.conf"
    file.write_text(_AROUND_SITES.format(folder=folder, site=site), "utf-8")
    service = Service("nginx", [binary, "-p", folder, "-c", file], folder)
    with stopped_at_the_end(service):
        service.wait_until_it_accepts(port)
        yield


@contextlib.contextmanager
def running_nginx(
    binary: str, upstream: str, folder: Path, directives: str = "", port: int = 0
) -> Iterator[str]:
    """Run nginx in front of an app and yield its URL.

    :param directives: of the way to the app, such as ``proxy_buffer_size 16k;``.
    :param port: where it listens, if that has to be known before.
    """
    port = port or free_port()
    site = _SITE.format(port=port, upstream=upstream, directives=directives)
    with serving_site(binary, site, port, folder):
        yield f"http://127.0.0.1:{port}"
