"""The oldest versions that setup.cfg allows are those that the tests run with."""

from __future__ import annotations

import configparser
import re

import pytest
from packaging.requirements import Requirement

from tools.requirements import EXTRAS, ROOT, declared

REQUIREMENTS = {str(each) for each in map(Requirement, declared(*EXTRAS))}


@pytest.fixture(scope="module")
def pinned() -> dict[str, str]:
    """The versions of the tox environment with the oldest ones."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    return dict(re.findall(r"^(\S+)==(\S+)$", tox["testenv:tests-min"]["deps"], re.M))


@pytest.mark.parametrize("text", sorted(REQUIREMENTS))
def test_the_oldest_version_is_tested(text: str, pinned: dict[str, str]) -> None:
    requirement = Requirement(text)
    bounds = [str(each) for each in requirement.specifier]
    if not bounds:
        pytest.skip("Any version will do.")
    assert bounds == [f">={pinned[requirement.name]}"]
