"""A plain HTTP client that behaves like a browser where the difference matters."""

from __future__ import annotations

import functools
import ssl
import urllib.request
from collections.abc import Mapping
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from urllib.parse import urljoin

import httpx

from .forms import Form, forms_of

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Upgrade-Insecure-Requests": "1",
}
FETCH = {
    "Accept": "*/*",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}
#: Of a cookie's name and value together; browsers drop a larger one without a word.
LARGEST_COOKIE = 4096


class BrowserCookiePolicy(DefaultCookiePolicy):
    """Drops the cookies that a browser would drop for their size."""

    def set_ok(self, cookie: Cookie, request: urllib.request.Request) -> bool:
        size = len(cookie.name) + len(cookie.value or "")
        return size <= LARGEST_COOKIE and super().set_ok(cookie, request)


@functools.cache
def trust(ca_file: str) -> ssl.SSLContext:
    """The TLS context that trusts the tenant; reading the file takes a while."""
    return ssl.create_default_context(cafile=ca_file)


class Browser:
    """One person's browser at one app, with cookies and open connections."""

    def __init__(
        self,
        app_url: str,
        ca_file: str,
        mounts: Mapping[str, httpx.BaseTransport] | None = None,
    ) -> None:
        self.app_url = app_url
        self.http = httpx.Client(
            cookies=CookieJar(BrowserCookiePolicy()),
            verify=trust(ca_file),
            follow_redirects=True,
            max_redirects=10,
            timeout=30,
            trust_env=False,
            mounts=mounts,
        )

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        """Go to a page of the app, or of anyone given a whole URL."""
        return self.http.get(urljoin(self.app_url, path), headers=NAVIGATION)

    def fetch(self, path: str, method: str = "GET") -> httpx.Response:
        """Ask for a path as a script on the app's pages would."""
        url = urljoin(self.app_url, path)
        return self.http.request(method, url, headers=FETCH, follow_redirects=False)

    def submit(self, page: httpx.Response, form: Form, **values: str) -> httpx.Response:
        """Send a form of the page, filled in with these values."""
        url = urljoin(str(page.url), form.action)
        origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
        headers = {**NAVIGATION, "Referer": str(page.url), "Origin": origin}
        data = {**form.fields, **values}
        if form.method == "get":
            return self.http.get(url, params=data, headers=headers)
        return self.http.post(url, data=data, headers=headers)

    def answer_login_page(self, page: httpx.Response, **values: str) -> httpx.Response:
        """Fill in the tenant's login page that a redirect led to."""
        forms = [form for form in forms_of(page.text) if "person" in form.names()]
        forms += [form for form in forms_of(page.text) if "email" in form.names()]
        assert forms, f"{page.status_code} {page.url} is not a login page: {page.text}"
        return self.submit(page, forms[0], **values)

    def login(self, person: str, next_path: str = "/profile") -> httpx.Response:
        """Log in as a seeded person or an e-mail address, on the way to a page."""
        page = self.get(next_path)
        field = "email" if "@" in person else "person"
        return self.answer_login_page(page, **{field: person})

    def logout(self) -> httpx.Response:
        """Log out of the app."""
        return self.get("/logout")

    def cookies(self) -> dict[str, str]:
        """The cookies that the app and the tenant have set."""
        return {c.name: c.value or "" for c in self.http.cookies.jar}
