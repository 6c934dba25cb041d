"""Make a release, up to the upload.

``python tools/release.py 1.2.0`` tries it in a clone: it sets the version, dates the
changes, builds the archive and the wheel, checks both, and uses the wheel from an empty
environment. With ``--tag`` the commit and the tag come back from the clone, and the
files lie in ``dist``. To publish them is a command of its own, which is printed and not
run.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULE = Path("flask_auth0", "__init__.py")
CHANGES = Path("CHANGES.rst")
UNRELEASED = "Not released yet."
#: What uses a wheel. A test's secret is nobody's, so that a new one will do.
APP = """\
import secrets
from flask import Flask
from flask_auth0 import Auth0, login_required

app = Flask(__name__)
settings = {"client_id": "an-id", "client_secret": "a-secret"}
Auth0(app, domain="a.example.com", secret=secrets.token_hex(32), **settings)
app.get("/profile")(login_required(lambda: "Hello"))
assert app.test_client().get("/profile").status_code == 401
"""
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


def run(*command: str, folder: Path = ROOT) -> str:
    """Run a program, and return what it prints."""
    print("+", *command, flush=True)
    done = subprocess.run(  # noqa: S603  # all of it is written here
        command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE
    )
    return done.stdout.strip()


def replaced(text: str, old: str, new: str) -> str:
    """Replace what is there once."""
    if text.count(old) != 1:
        raise SystemExit(f"there is not one {old!r} to be replaced by {new!r}")
    return text.replace(old, new)


def with_version(source: str, version: str) -> str:
    """Return the source of the package's first module with another version."""
    (line,) = re.findall(r'^__version__ = ".*"$', source, re.MULTILINE)
    return replaced(source, line, f'__version__ = "{version}"')


def with_date(changes: str, version: str, today: datetime.date) -> str:
    """Return the changes, in which a version has a day now."""
    heading = f"{version}\n{'-' * len(version)}\n\n"
    return replaced(
        changes, f"{heading}{UNRELEASED}\n", f"{heading}Released {today.isoformat()}.\n"
    )


def commit(clone: Path, version: str) -> None:
    """Write the version down, commit and tag it."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    module, changes = clone / MODULE, clone / CHANGES
    module.write_text(with_version(module.read_text("utf-8"), version), "utf-8")
    changes.write_text(with_date(changes.read_text("utf-8"), version, today), "utf-8")
    for key in ("user.name", "user.email"):
        run("git", "config", key, run("git", "config", key), folder=clone)
    message = f"Release {version}"
    run("git", "commit", "--quiet", "--all", f"--message={message}", folder=clone)
    run("git", "tag", f"--message={message}", version, folder=clone)


def build(clone: Path) -> list[Path]:
    """Build the archive, and the wheel from it; check what is in them."""
    run("check-manifest", folder=clone)
    run(sys.executable, "-m", "build", folder=clone)
    files = sorted((clone / "dist").iterdir())
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, files))
    archive = next(file for file in files if file.name.endswith(".tar.gz"))
    with tarfile.open(archive) as tar:
        if not any("/tests/test_" in n or "/tests/unit/" in n for n in tar.getnames()):
            raise SystemExit("the archive has no tests in it")
    return files


def try_out(clone: Path, wheel: Path) -> None:
    """Use the wheel with nothing but what it asks for."""
    environment = clone / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(str(python), "-m", "pip", "install", "--quiet", str(wheel), folder=clone.parent)
    run(str(python), "-c", APP, folder=clone.parent)
    run(str(python), "-m", "flask", "auth0", "--help", folder=clone.parent)


def main() -> None:
    """Read the command line, and make the release."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="such as 1.2.0, or 1.2.0rc1")
    parser.add_argument(
        "--tag", action="store_true", help="keep the commit and the tag"
    )
    options = parser.parse_args()
    if not VERSION.fullmatch(options.version):
        parser.error(f"{options.version} is no version")
    if run("git", "status", "--porcelain"):
        parser.error("there are changes that are not committed")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        run("git", "clone", "--quiet", str(ROOT), str(clone))
        commit(clone, options.version)
        files = build(clone)
        try_out(clone, next(file for file in files if file.suffix == ".whl"))
        if not options.tag:
            print(f"{options.version} can be released: {[f.name for f in files]}")
            return
        run("git", "pull", "--quiet", "--ff-only", "--tags", str(clone))
        shutil.copytree(clone / "dist", ROOT / "dist", dirs_exist_ok=True)
    published = " ".join(f"dist/{file.name}" for file in files)
    print(f"Now: git push --follow-tags && twine upload {published}")


if __name__ == "__main__":
    main()
