"""A check that two processes of an app have the same secrets."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping

from flask import Flask
from flask.cli import ScriptInfo
from flask.sessions import SecureCookieSessionInterface

from . import fingerprints
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .subject import Subject


def _secrets(subject: Subject) -> Iterator[Verdict]:
    """Load the app once more, as the next worker would."""
    app, info = subject.app, subject.info
    if app is None or info is None or info.create_app:
        return
    salt = secrets.token_bytes(32)
    other = _fingerprints_elsewhere(info, salt, subject.limit)
    if other is None:
        yield warning("The app did not load a second time, to compare its secrets.")
        return
    here = fingerprints.fingerprints_of(app, salt)
    yield _compared(app, [key for key in here if here[key] != other.get(key)])


def _compared(app: Flask, different: list[str]) -> Verdict:
    if not different:
        return ok("Two processes have the same secrets.")
    keys = " and ".join(different)
    advice = f"Set {keys} to one value, in the environment."
    is_signed = isinstance(app.session_interface, SecureCookieSessionInterface)
    if different == ["SECRET_KEY"] and not is_signed:
        told = "Each process makes another SECRET_KEY, which signs no session here."
        return warning(told, advice)
    told = f"Each process makes another {keys}: workers refuse each other's cookies."
    return wrong(told, advice)


def _fingerprints_elsewhere(
    info: ScriptInfo, salt: bytes, limit: float
) -> Mapping[str, str] | None:
    """Return the fingerprints that another process gets, if the app loads there."""
    command = [sys.executable, "-m", fingerprints.__name__]
    command += [info.app_import_path] if info.app_import_path else []
    # The other process finds modules where this one does.
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603
            command, input=salt, capture_output=True, timeout=limit, env=environ
        )
        found = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return found if isinstance(found, dict) else None


CHECKS = (Check("app.secrets", _secrets, ("app",)),)
