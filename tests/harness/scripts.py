"""Scripts that run in an interpreter of their own, in which no thread runs yet."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from .processes import ROOT


def run_script(script: str, **env: str) -> str:
    """Run a script to its end, and return what it has written to its error output."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr
