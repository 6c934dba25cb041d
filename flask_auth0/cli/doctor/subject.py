"""What the doctor knows of an app, whether or not it loads."""

from __future__ import annotations

import logging
import os
import sys
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cached_property
from secrets import token_hex

import httpx
from flask import Flask
from flask.cli import ScriptInfo

from ...app_state import state_of
from ...client.tls import make_context
from ...config import EXTENSION, Config, Problem, read_config
from ...config.urls import origin_of
from ...errors import ConfigurationError
from ...sessions.stores.base import BackEnd
from ...wiring import SetUp, watched
from ..addresses import DEVELOPMENT, base_of
from ..loading import FAILURES


@dataclass
class Subject:
    """An app, its settings and its tenant."""

    #: Seconds that a check may take.
    limit: float
    #: Tells Flask where the app is.
    info: ScriptInfo | None = None
    #: The app, if it loads.
    app: Flask | None = None
    #: Why it does not.
    error: BaseException | None = None
    #: The set-up of the app, also if it failed.
    set_up: SetUp | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    #: The settings, as far as they make sense.
    config: Config | None = None
    #: What is wrong with them.
    problems: tuple[Problem | str, ...] = ()
    #: The URL of the app's root, and whether it is a guess.
    base: str = DEVELOPMENT
    is_guess: bool = True
    #: The tenant's discovery document, once it was fetched.
    metadata: dict[str, t.Any] = field(default_factory=dict)
    #: The Date of its last answer, and when that came, in seconds since the epoch.
    date: tuple[str | None, float] = (None, 0)

    #: The back ends that answer, by the names of their checks.
    back_ends: dict[str, BackEnd] = field(default_factory=dict)
    #: Those that no app uses.
    own_back_ends: list[BackEnd] = field(default_factory=list)

    @property
    def app_config(self) -> Mapping[str, t.Any]:
        """The app's config, as far as it is known."""
        known = self.app or (self.set_up.app if self.set_up else None)
        return known.config if known else {}

    @property
    def settings(self) -> Config:
        """The settings, for checks that are not run without them."""
        if self.config is None:
            raise LookupError("no settings")
        return self.config

    @cached_property
    def http(self) -> httpx.Client:
        """The client for requests to the tenant."""
        context = make_context(self.settings)
        return httpx.Client(verify=context, timeout=self.limit)

    def close(self) -> None:
        """Close the connections that the checks have opened."""
        client = self.__dict__.pop("http", None)
        if client is not None:
            client.close()
        while self.own_back_ends:
            self.own_back_ends.pop().close()


def examined(
    info: ScriptInfo, limit: float, base: str | None, domain: str | None
) -> Subject:
    """Return what is known of an app, after an attempt to load it.

    :param base: the URL of its root.
    :param domain: the domain of the tenant, where the app has several.
    """
    subject = Subject(limit, info)
    _load(subject, info)
    _read(subject)
    if domain and subject.config:
        subject.config = replace(subject.config, domain=domain)
    known = base or base_of(subject.app_config)
    configured = subject.config.redirect_uri if subject.config else None
    subject.base = known or (origin_of(configured) if configured else DEVELOPMENT)
    subject.is_guess = known is None and configured is None
    return subject


def stand_in(subject: Subject) -> Flask:
    """Return an app with the same settings, in place of one that does not load."""
    app = Flask("flask_auth0.doctor")
    app.config.update(subject.app_config)
    return app


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep the warnings of a start out of the output, which are checks here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _load(subject: Subject, info: ScriptInfo) -> None:
    set_ups: list[SetUp] = []
    token = watched.set(set_ups)
    try:
        with redirect_stdout(sys.stderr), without_warnings():
            subject.app = info.load_app()
    except FAILURES as error:
        subject.error = error
    finally:
        watched.reset(token)
    own = [each for each in set_ups if each.app is subject.app]
    subject.set_up = next(iter([*own, *reversed(set_ups)]), None)


def _read(subject: Subject) -> None:
    """Read the settings as the app does, or from the environment alone."""
    if subject.app is not None and EXTENSION in subject.app.extensions:
        subject.config = state_of(subject.app).config
        return
    options = subject.set_up.options if subject.set_up else {}
    sources = options, subject.app_config, subject.environ
    subject.config, problems = read_config(*sources)
    told = subject.error
    known = told.problems if isinstance(told, ConfigurationError) else ()
    subject.problems = known or tuple(problems)
    subject.config = subject.config or _salvaged(problems, *sources)


#: What nothing can be found out without.
_NEEDED = {"AUTH0_DOMAIN", "AUTH0_CLIENT_ID"}


def _salvaged(
    problems: list[Problem],
    options: Mapping[str, t.Any],
    app_config: Mapping[str, t.Any],
    environ: Mapping[str, str],
) -> Config | None:
    """Return settings without those that are wrong, to look at the others."""
    keys = {key for each in problems for key in each.key.replace(",", " ").split()}
    if keys & _NEEDED:
        return None
    names = {key.removeprefix("AUTH0_").lower() for key in keys}
    kept: list[dict[str, t.Any]] = [
        {k: v for k, v in source.items() if k not in keys | names}
        for source in (options, app_config, environ)
    ]
    # Neither is told to anybody.
    stand_ins = {"secret": token_hex(32), "client_secret": token_hex(16)}
    for name in names & stand_ins.keys():
        kept[0][name] = stand_ins[name]
    return read_config(*kept)[0]
