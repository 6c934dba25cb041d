"""Chromium through Playwright, noticing every error that a developer would see."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Iterator

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    sync_playwright,
)

#: The first has no windows, and takes a third of the time of the others.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium() -> str | None:
    """The path of a Chromium of the system."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """A browser with an empty profile; each page of it is a tab."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        self._watch(context)

    def _watch(self, context: BrowserContext) -> None:
        context.set_default_timeout(15_000)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location})")

    def tab(self) -> Page:
        """Open a new, empty tab."""
        return self.context.new_page()

    def tab_elsewhere(self, user_agent: str) -> Page:
        """Open a tab in another browser, which shares no cookie with this one."""
        assert self.context.browser is not None
        context = self.context.browser.new_context(
            user_agent=user_agent, ignore_https_errors=True
        )
        self._watch(context)
        return context.new_page()

    def add_authenticator(self, page: Page) -> tuple[CDPSession, str]:
        """Give a tab an authenticator, whose owner has proven who they are.

        Return what speaks with the browser, and the name of the authenticator there.
        """
        session = self.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return session, made["authenticatorId"]

    def forgive(self, pattern: str) -> None:
        """Take errors that match as part of what the test is about."""
        self.errors = [text for text in self.errors if not re.search(pattern, text)]


class Program:
    """Chromium, headless, for all tests of a run, as its start takes seconds.

    Playwright has an event loop in this thread, in a greenlet that waits between its
    calls. Python takes it for the running one, and lets nothing else use one.
    """

    def __init__(self, browser: Browser, loop: asyncio.AbstractEventLoop) -> None:
        self.browser, self._loop = browser, loop

    @contextlib.contextmanager
    def awake(self) -> Iterator[Browser]:
        """Let the loop count as running, while a test has the browser."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self.browser
        finally:
            asyncio._set_running_loop(None)


@contextlib.contextmanager
def running_program(executable: str) -> Iterator[Program]:
    """Run Chromium until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        program = Program(browser, asyncio.get_running_loop())
        asyncio._set_running_loop(None)
        yield program
        with program.awake():
            browser.close()
            playwright.stop()


@contextlib.contextmanager
def fresh_profile(browser: Browser) -> Iterator[Chromium]:
    """Let a test have a browser that nobody has used, until the block ends."""
    # The tenant's certificate is made on the spot, by an authority of its own.
    try:
        yield Chromium(browser.new_context(ignore_https_errors=True))
    finally:
        for context in browser.contexts:
            context.close()
