"""The statements of the page on the architecture are true."""

from __future__ import annotations

import re

from tests.client.test_private_members import ELSEWHERE, OVERRIDDEN

from .pages import path_of

TEXT = path_of("architecture.rst").read_text(encoding="utf-8")


def test_private_members_of_others() -> None:
    relied_on = [(of, name) for of in OVERRIDDEN for name in OVERRIDDEN[of]]
    relied_on += [(f"{cls.__module__}.{cls.__name__}", name) for cls, name in ELSEWHERE]
    section = TEXT.partition("What is relied on of others")[2].partition("What bites")[
        0
    ]
    told = []
    for part in re.split(r"\n(?=``)", section):
        heading = re.match(r"``(\w+)`` of (\w+)\n", part)
        if heading:
            # After the colon is why.
            names = re.findall(r"^    - ([^:]+):", part, re.M)
            told += [
                (*heading.groups(), name)
                for name in re.findall(r"\w+", " ".join(names))
            ]
    wanted = {
        (o.rpartition(".")[2], o.partition(".")[0], name) for o, name in relied_on
    }
    assert sorted(told) == sorted(wanted)
