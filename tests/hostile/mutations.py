"""Changes of valid texts, by attackers and by accident."""

from __future__ import annotations

import copy
import typing as t

from hypothesis import strategies as st

#: Texts that a header can carry; others do not reach an app.
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=";"), max_size=60
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, 10**40, -(10**400), 1e308]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20))
JSON: st.SearchStrategy[t.Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=10), inner, max_size=4),
    ),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, value: str) -> str:
    """A text with something cut out, put in, or repeated."""
    # Sealed texts differ in length, and what is drawn must not depend on that.
    start = draw(st.integers(0, 4000)) % (len(value) + 1)
    length = draw(st.sampled_from([0, 1, 2, 5, 40, 4000]))
    put_in = draw(
        st.one_of(TEXTS, st.sampled_from(["", "A", ".", "..", "=", "x" * 9000]))
    )
    return value[:start] + put_in + value[start + length :]


@st.composite
def damaged_bytes(draw: st.DrawFn, value: bytes) -> bytes:
    """Bytes with something cut out, put in, or flipped."""
    start = draw(st.integers(0, 4000)) % (len(value) + 1)
    length = draw(st.sampled_from([0, 1, 2, 5, 40, 4000]))
    return value[:start] + draw(st.binary(max_size=9)) + value[start + length :]


def places(value: t.Any) -> list[tuple[t.Any, ...]]:
    """The paths to all that is in a JSON value, itself included."""
    inner: t.Iterable[tuple[t.Any, t.Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [(), *((key, *path) for key, each in inner for path in places(each))]


#: Positions of changes, and the new values; without a value, the member goes missing.
CHANGES = st.lists(
    st.tuples(st.integers(0, 99), st.lists(JSON, max_size=1)), min_size=1, max_size=3
)


def reshaped(value: t.Any, changes: list[tuple[int, list[t.Any]]]) -> t.Any:
    """A JSON value in which something is missing or has become something else."""
    root = [copy.deepcopy(value)]
    for number, instead in changes:
        found = places(root[0])
        *way, last = (0, *found[number % len(found)])
        parent: t.Any = root
        for key in way:
            parent = parent[key]
        if instead or parent is root:
            parent[last] = copy.deepcopy(instead[0]) if instead else None
        else:
            del parent[last]
    return root[0]
