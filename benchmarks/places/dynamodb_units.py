"""DynamoDB's rules for what an item weighs and what a request costs."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Iterator, Mapping
from decimal import Decimal

from . import Commands

#: Bytes that storage is billed for beside each item.
OVERHEAD = 100
#: Bytes of an item for which a consistent read, or a write, is one unit.
READ, WRITE = 4096, 1024
#: The requests that read.
READING = frozenset({"GetItem", "BatchGetItem"})
_Params = Mapping[str, t.Any]


class Meter:
    """Counts the requests of a client, and the units that DynamoDB would bill.

    :param table: the same table through another client.
    """

    def __init__(self, table: t.Any) -> None:
        self.requests = Commands()
        self.units = Commands()
        self._table = table

    def watch(self, client: t.Any) -> None:
        """Count what a client asks from here on."""
        client.meta.events.register_first("before-parameter-build.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._answered)

    def _ask(self, params: _Params, model: t.Any, context: t.Any, **_: t.Any) -> None:
        keys = list(_keys(params))
        context["before"] = {key: self._size(key) for key in keys}
        self.requests[model.name] += bool(keys)

    def _answered(self, model: t.Any, context: t.Any, **_: t.Any) -> None:
        for key, before in context.get("before", {}).items():
            if model.name in READING:
                self.units["read"] += read_units(before)
            else:
                size = max(before, self._size(key))
                self.units["write"] += write_units(size, "Transact" in model.name)

    def _size(self, key: str) -> int:
        return size_of(self._table.get_item(Key={"id": key}).get("Item") or {})


def size_of(item: Mapping[str, t.Any]) -> int:
    """Return the bytes of an item: its names, and its values."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def read_units(size: int) -> int:
    """Return the units of a consistent read."""
    return max(1, math.ceil(size / READ))


def write_units(size: int, is_transaction: bool) -> int:
    """Return the units of a write; a transaction takes twice as many.

    :param size: of the item before or after it, whichever is larger.
    """
    return max(1, math.ceil(size / WRITE)) * (2 if is_transaction else 1)


def _size(value: t.Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Decimal):
        return math.ceil(len(value.as_tuple().digits) / 2) + 1
    return len(bytes(value))


def _keys(params: _Params) -> Iterator[str]:
    """Return the ids of the items that a request is about."""
    for each in params.get("TransactItems", ()):
        for write in each.values():
            yield from _keys(write)
    for table in params.get("RequestItems", {}).values():
        for key in table["Keys"]:
            yield from _keys({"Key": key})
    found = params.get("Key", {}).get("id")
    if found is not None:
        yield found["S"] if isinstance(found, dict) else found
