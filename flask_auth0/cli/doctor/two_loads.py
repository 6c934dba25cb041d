"""A check that two processes of an app have the same secrets."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping

from flask.cli import ScriptInfo
from flask.sessions import SecureCookieSessionInterface

from . import fingerprints
from .examination import Check
from .findings import Verdict, ok, warning, wrong
from .subject import Subject


def _secrets(subject: Subject) -> Iterator[Verdict]:
    """Load the app once more, as the next worker would."""
    if subject.app is None or subject.info is None or subject.info.create_app:
        return
    salt = secrets.token_bytes(32)
    other = _fingerprints_elsewhere(subject.info, salt, subject.limit)
    if other is None:
        yield warning("The app did not load a second time, to compare its secrets.")
        return
    here = fingerprints.fingerprints_of(subject.app, salt)
    different = [key for key in here if here[key] != other.get(key)]
    if not different:
        yield ok("Two processes have the same secrets.")
        return
    keys = " and ".join(different)
    told = f"Each process makes another {keys}"
    advice = f"Set {keys} to one value, in the environment."
    interface = subject.app.session_interface
    if different == ["SECRET_KEY"] and not isinstance(
        interface, SecureCookieSessionInterface
    ):
        yield warning(f"{told}, which signs no session here.", advice)
    else:
        yield wrong(f"{told}: workers refuse each other's cookies.", advice)


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
