"""What a user gets: the archive and the wheel that are built from this folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.harness.processes import ROOT

BUILD = """
import sys
from setuptools import build_meta
print(getattr(build_meta, "build_" + sys.argv[1])(sys.argv[2]))
"""
NOT_SHIPPED = (".git", ".tox", ".venv", "__pycache__", "build", "*.egg-info")


def build(kind: str, source: Path, output: Path) -> Path:
    """Build an sdist or a wheel with the back end that pip would use."""
    command = [sys.executable, "-c", BUILD, kind, str(output)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    # The back end leaves notes beside the sources, so it works on a copy.
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    archive = build("sdist", copy, folder)
    with tarfile.open(archive) as tar:
        # Older versions of Python know no filter, newer ones want one.
        known = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(folder, **known)  # type: ignore[arg-type]  # noqa: S202
    return folder / archive.name.removesuffix(".tar.gz")


def files(folder: Path) -> set[str]:
    """The files below a folder that belong to the project."""
    found = (p for p in folder.rglob("*") if p.is_file())
    kept = (p for p in found if p.parent.name != "__pycache__")
    return {str(p.relative_to(folder)) for p in kept}


SHIPPED = ["flask_auth0", "tests", "benchmarks", "example_app", "docs", "tools"]


@pytest.mark.parametrize("folder", SHIPPED)
def test_archive_is_complete(sdist: Path, folder: str) -> None:
    assert files(sdist / folder) == files(ROOT / folder)


def test_wheel_carries_the_package_and_nothing_else(
    sdist: Path, tmp_path: Path
) -> None:
    wheel = build("wheel", sdist, tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name for name in names if ".dist-info/" not in name}
    assert shipped == {f"flask_auth0/{name}" for name in files(ROOT / "flask_auth0")}
    assert "flask_auth0/py.typed" in shipped
    assert any(name.endswith("LICENSE") for name in names)
