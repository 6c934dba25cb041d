"""The changes that a release makes in the sources, without making one."""

from __future__ import annotations

import datetime

import pytest

from tools import release

DAY = datetime.date(2030, 1, 2)


def test_the_version() -> None:
    source = (release.ROOT / release.MODULE).read_text("utf-8")
    changed = release.with_version(source, "2.3.4rc1")
    lines = zip(source.splitlines(), changed.splitlines(), strict=True)
    assert [new for old, new in lines if new != old] == ['__version__ = "2.3.4rc1"']


def test_the_changes_of_a_version_get_its_day() -> None:
    changes = "Changes\n=======\n\n0.2.0\n-----\n\nNot released yet.\n\n- All.\n"
    dated = release.with_date(changes, "0.2.0", DAY)
    assert dated == changes.replace("Not released yet.", "Released 2030-01-02.")


def test_the_changes_of_another_version_are_not_released() -> None:
    changes = "Changes\n=======\n\n0.2.0\n-----\n\nNot released yet.\n\n- All.\n"
    with pytest.raises(SystemExit, match=r"1\.0"):
        release.with_date(changes, "1.0", DAY)


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-1", "1.2.3.dev0", ""])
def test_what_is_no_version(version: str) -> None:
    assert not release.VERSION.fullmatch(version)
