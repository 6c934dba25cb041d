"""The contract of records and labels, wherever they are kept."""

from __future__ import annotations

import functools
import threading
import typing as t

import pytest
from flask import Flask

from flask_auth0.sessions.server.setup import set_up_sessions
from flask_auth0.sessions.server.storage import RecordCompartment, back_end_of
from flask_auth0.sessions.storage_contract import Entry
from flask_auth0.sessions.stores.base import (
    NO_OTHERS,
    BackEnd,
    Begun,
    Labelling,
    Others,
)
from tests.harness.processes import until

PARTS = {"head": "h", "body": "b"}


def opened(settings: dict[str, t.Any]) -> BackEnd:
    """Return the back end that some settings name."""
    app = Flask(__name__)
    app.config.update(settings)
    # A machine that is busy is no back end that is down.
    assert set_up_sessions(app, limit=60) == []
    found = back_end_of(app.session_interface)
    assert found is not None
    return found


def pruned(store: BackEnd) -> int:
    """Remove all that has expired; return how much it was."""
    removed, part = 0, store.prune()
    while part is not None:
        removed += part.removed
        part = None if part.rest is None else store.prune(part.rest)
    return removed


class IndexContract:
    """The contract of records and labels, wherever they are kept."""

    #: How often a race is run.
    RACES = 25

    @pytest.fixture
    def settings(self) -> dict[str, t.Any]:
        """The configuration that puts sessions there."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, settings: dict[str, t.Any]) -> BackEnd:
        return opened(settings)

    @pytest.fixture
    def records(self, store: BackEnd) -> RecordCompartment:
        return RecordCompartment(store, 600)

    def test_records_are_found_by_each_of_their_labels(
        self, records: RecordCompartment
    ) -> None:
        assert records.create(Entry("one", ("ada", "first")), PARTS, 60)
        assert records.create(Entry("two", ("ada", "second")), PARTS, 60)
        assert records.create(Entry("three", ("grace", "third")), PARTS, 60)
        assert sorted(records.labelled("ada")) == ["one", "two"]
        assert records.labelled("second") == ["two"]
        assert records.labelled("nobody") == []

    def test_ending_some_leaves_the_others(self, records: RecordCompartment) -> None:
        one, two = Entry("one", ("ada", "first")), Entry("two", ("ada", "second"))
        for entry in (one, two):
            records.create(entry, PARTS, 60)
        records.delete(one)
        assert not records.read("one", "head")
        assert not records.read("one", "body")
        assert records.read("two", "head") == ("h",)
        assert records.labelled("ada") == ["two"]
        assert records.labelled("first") == []
        records.delete_all([one, two])
        assert records.labelled("ada") == []

    def test_one_that_replaces_another(self, records: RecordCompartment) -> None:
        before, after = Entry("one", ("ada", "sid")), Entry("two", ("ada", "sid"))
        records.create(before, PARTS, 60)
        records.create(after, PARTS, 60, replaces=before)
        assert not records.read("one", "head")
        assert records.labelled("ada") == records.labelled("sid") == ["two"]

    def test_a_label_ends_with_its_record(self, store: BackEnd) -> None:
        store.label(Labelling("one", ["ada"], -1, 60))
        store.label(Labelling("two", ["ada"], 60, 60))
        assert store.labelled("ada") == ["two"]

    def test_what_has_expired_is_not_there(self, store: BackEnd) -> None:
        store.keep("value", b"1", 1)
        store.keep("other", b"2", 60)
        store.label(Labelling("one", ["ada"], 1, 60))
        until(lambda: store.fetch("value") is None, "the value has expired")
        until(lambda: store.labelled("ada") == [], "the label has expired")
        assert not store.replace("value", b"3", 60)
        assert store.fetch("value") is None
        assert store.fetch_together("value", "other")["value"] is None
        assert store.fetch("other") == b"2"

    def test_values_are_read_together(self, store: BackEnd) -> None:
        store.keep("value", b"1", 60)
        store.keep("other", b"2", 60)
        found = store.fetch_together("value", "none", "other")
        assert found["value"] == b"1"
        assert found.items() <= {"value": b"1", "none": None, "other": b"2"}.items()
        assert store.fetch_together("none", "value")["none"] is None

    def test_pruning_removes_what_has_expired_and_nothing_else(
        self, store: BackEnd
    ) -> None:
        if store.prune() is None:
            assert store.ttl
            return
        # So many that a write, which may remove some as well, leaves others.
        expired = {f"expired{n}": b"1" for n in range(40)}
        store.begin(expired, Labelling("one", [], -1, 60))
        store.keep("other", b"2", 60)
        assert 0 < pruned(store) <= len(expired)
        assert pruned(store) == 0
        assert store.fetch("other") == b"2"

    def test_those_that_expire_first_come_first(self, store: BackEnd) -> None:
        for name, age in [("one", 180), ("two", 60), ("three", 120)]:
            store.label(Labelling(name, ["ada"], age, 600))
        assert store.labelled("ada") == ["two", "three", "one"]

    def test_one_that_begins_finds_others(self, store: BackEnd) -> None:
        for name, age in [("old", 60), ("older", 30), ("gone", -1)]:
            store.label(Labelling(name, ["ada"], age, 600))
        store.label(Labelling("note", ["first"], 60, 600))
        store.label(Labelling("another", ["second"], 60, 600))
        new = Labelling("new", ["ada", "sid"], 120, 600)
        wanted = Others(("first", "nobody", "second"), "ada", 2)
        begun = store.begin_among({"key": b"1"}, new, wanted)
        assert begun == Begun(["note", "another"], ["older"])
        assert store.fetch("key") == b"1"
        assert store.labelled("ada") == ["older", "old", "new"]
        assert store.labelled("sid") == ["new"]
        # So it is where there are fewer than may be, or where nobody is looked for.
        newer = Labelling("newer", ["ada"], 180, 600)
        assert store.begin_among({}, newer, Others((), "ada", 4)) == Begun([], [])
        newest = Labelling("newest", ["ada"], 240, 600)
        assert store.begin_among({}, newest, NO_OTHERS) == Begun([], [])

    def test_a_value_is_added_once(self, store: BackEnd) -> None:
        assert store.add("key", b"1", 60)
        assert not store.add("key", b"2", 60)
        assert store.fetch("key") == b"1"
        store.remove("key")
        assert store.add("key", b"2", 60)
        assert store.fetch("key") == b"2"

    def test_a_value_is_added_where_one_has_expired(self, store: BackEnd) -> None:
        assert store.add("key", b"1", 1)
        until(lambda: store.add("key", b"2", 60), "the value expires")
        assert store.fetch("key") == b"2"

    def test_no_other_value_is_removed(self, store: BackEnd) -> None:
        assert store.add("key", b"1", 60)
        store.remove_same("key", b"2")
        assert store.fetch("key") == b"1"
        store.remove_same("key", b"1")
        # Memcached keeps an empty value for a second.
        assert not store.fetch("key")
        until(lambda: store.add("key", b"2", 60), "the value is gone")

    def test_one_of_many_adds_a_value(self, store: BackEnd) -> None:
        for number in range(self.RACES):
            added: list[bytes] = []

            def add(value: bytes, key: str, added: list[bytes]) -> None:
                if store.add(key, value, 60):
                    added.append(value)

            values, key = (b"1", b"2", b"3"), f"key{number}"
            together(*[functools.partial(add, each, key, added) for each in values])
            assert added == [store.fetch(key)]

    def test_an_update_keeps_the_labels(self, records: RecordCompartment) -> None:
        entry = Entry("one", ("ada",))
        records.create(entry, PARTS, 60)
        assert records.update("one", {"head": "new"}, 60)
        assert records.labelled("ada") == ["one"]
        records.delete(entry)
        assert not records.update("one", {"head": "newer"}, 60)
        assert not records.read("one", "head")

    def test_many(self, records: RecordCompartment) -> None:
        entries = [Entry(f"r{n}", ("ada", f"s{n}")) for n in range(30)]
        for entry in entries:
            records.create(entry, PARTS, 60)
        assert len(records.labelled("ada")) == 30
        records.delete_all(entries)
        assert records.labelled("ada") == []
        assert not any(records.read(each.record, "head") for each in entries)

    def test_a_login_during_a_logout_is_ended_or_found(
        self, records: RecordCompartment
    ) -> None:
        """No session is there that a later logout does not find."""
        for number in range(self.RACES):
            entries = [Entry(f"{number}.{n}", ("ada", f"{number}.{n}")) for n in "ab"]
            together(
                *[lambda e=each: records.create(e, PARTS, 60) for each in entries],
                *[lambda: end_all(records, "ada")] * 2,
            )
            alive = {e.record for e in entries if records.read(e.record, "head")}
            assert alive <= set(records.labelled("ada")), f"round {number}"
            end_all(records, "ada")
            assert not any(records.read(e.record, "head") for e in entries)


def end_all(records: RecordCompartment, label: str) -> None:
    """End what has a label, as a logout does."""
    found = records.labelled(label)
    if found:
        records.delete_all([Entry(each, (label, each)) for each in found])


def together(*works: t.Callable[[], object]) -> None:
    """Do things at once; what one of them raises is raised."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: t.Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
