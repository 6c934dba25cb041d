"""Few combinations show as much as all of them."""

from __future__ import annotations

import itertools

import pytest

from tests.fixtures.combinations import Case, few

STORES, VIEWS = ("cookies", "redis", "own"), ("sync", "async")
AROUND = [
    frozenset({("store", store), ("view", view)})
    for store, view in itertools.product(STORES, VIEWS)
]


@pytest.mark.parametrize(("subjects", "tried"), [(1, 3), (2, 3), (7, 7)])
def test_each_case_and_each_value_is_tried(subjects: int, tried: int) -> None:
    cases: list[Case] = list(itertools.product(range(subjects), AROUND))
    chosen = [cases[place] for place in few(cases)]
    assert len(chosen) == tried
    assert {subject for subject, _ in chosen} == set(range(subjects))
    assert frozenset().union(*(around for _, around in chosen)) == frozenset().union(
        *AROUND
    )


def test_many_cases_are_tried_in_all_places() -> None:
    cases: list[Case] = list(itertools.product(range(18), AROUND))
    assert {cases[place][1] for place in few(cases)} == set(AROUND)


def test_a_test_without_parameters_is_tried() -> None:
    assert few([("", frozenset())]) == {0}
