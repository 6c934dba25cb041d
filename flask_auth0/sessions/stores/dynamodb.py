"""Sessions in DynamoDB."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from ...runtime.processes import PerProcess
from . import lease
from .base import (
    BackEnd,
    Ending,
    Labelling,
    Setup,
    TooLargeForStore,
    by_label,
    keys_of,
)
from .dynamodb_table import DENIED, KEY, code_of, prepare, problem_of, resource_of
from .proof import prove

#: Flask-Session's table, unless its key says otherwise.
_TABLE = "Sessions"
#: The most bytes of a value: an item may have 400 KB, with its other attributes.
MOST_BYTES = 400 * 1024 - 1024
#: The beginning of the attributes of a label, before the name of a record.
_RECORD = "record:"
#: The most records that one call changes, and the most attempts.
_AT_ONCE, _ATTEMPTS = 25, 5


class DynamoBackEnd(BackEnd):
    """Keeps sessions as Flask-Session's items, with consistent reads."""

    failures: tuple[type[Exception], ...] = (BotoCoreError, ClientError, OSError)
    #: Whether the app's role lacks the right to ``BatchGetItem``.
    _takes_one_key = False

    @property
    def client(self) -> t.Any:
        return self.table.meta.client

    @property
    def table(self) -> t.Any:
        """The table, on connections of this process."""
        return self._clients.get()

    def fetch(self, key: str) -> bytes | None:
        return _value(self._item(key))

    def fetch_together(self, *keys: str) -> dict[str, bytes | None]:
        if len(keys) == 1 or self._takes_one_key:
            return super().fetch_together(*keys)
        name = self.table.name
        wanted = {"Keys": [{"id": key} for key in keys], "ConsistentRead": True}
        try:
            found = self.client.batch_get_item(RequestItems={name: wanted})
        except ClientError as error:
            if code_of(error) not in DENIED:
                raise
            self._takes_one_key = True
            return super().fetch_together(*keys)
        # A table that is busy leaves some of them out.
        left = found.get("UnprocessedKeys", {}).get(name, {"Keys": []})["Keys"]
        rest = {key: self.fetch(key) for key in (each["id"] for each in left)}
        items = {each["id"]: each for each in found["Responses"][name]}
        return {key: _value(items.get(key, {})) for key in keys} | rest

    def keep(self, key: str, value: bytes, max_age: int) -> None:
        self.table.update_item(**_kept(key, value, max_age))

    def replace(self, key: str, value: bytes, max_age: int) -> bool:
        write = _kept(key, value, max_age)
        # An expired item may still be in the table.
        write["ExpressionAttributeValues"][":now"] = int(time.time())
        is_there = "expiration > :now"
        return _is_done(self.table.update_item, ConditionExpression=is_there, **write)

    def add(self, key: str, value: bytes, max_age: int) -> bool:
        write = _kept(key, value, max_age)
        write["ExpressionAttributeValues"][":now"] = int(time.time())
        is_free = "attribute_not_exists(id) OR expiration <= :now"
        return _is_done(self.table.update_item, ConditionExpression=is_free, **write)

    def remove(self, key: str) -> None:
        self.table.delete_item(Key={"id": key})

    def remove_same(self, key: str, value: bytes) -> None:
        _is_done(
            self.table.delete_item,
            ConditionExpression="val = :value",
            ExpressionAttributeValues={":value": value},
            Key={"id": key},
        )

    def label(self, labelling: Labelling) -> None:
        for label in labelling.labels:
            self.table.update_item(**_labelled({}, label, labelling))

    def labelled(self, *labels: str) -> list[str]:
        now = time.time()
        found = [_records(self._item(label)).items() for label in labels]
        lasting = [sorted(each, key=lambda pair: pair[1]) for each in found]
        return [name for each in lasting for name, until in each if until > now]

    def unlabel(self, label: str, records: Sequence[str]) -> None:
        self.table.update_item(**_unlabelled(label, records))

    def begin(self, values: Mapping[str, bytes], labelling: Labelling) -> bool:
        age = labelling.max_age
        updates = [_kept(key, value, age) for key, value in values.items()]
        for label in labelling.labels:
            updates.append(_labelled(self._item(label), label, labelling))
        self._transact([{"Update": each} for each in updates])
        return True

    def end(self, endings: Sequence[Ending]) -> None:
        for start in range(0, len(endings), _AT_ONCE):
            some = endings[start : start + _AT_ONCE]
            gone = [{"Delete": {"Key": {"id": key}}} for key in keys_of(some)]
            unlabelled = [
                {"Update": _unlabelled(label, records)}
                for label, records in by_label(some).items()
            ]
            # A record takes four items, and DynamoDB takes 100 in one transaction.
            self._transact([*gone, *unlabelled])

    def lock(self, key: str) -> DynamoLock:
        return DynamoLock(self, key)

    def _item(self, name: str) -> Mapping[str, t.Any]:
        found = self.table.get_item(Key={"id": name}, ConsistentRead=True)
        return found.get("Item") or {}

    def _transact(self, items: Sequence[Mapping[str, Mapping[str, t.Any]]]) -> None:
        """Write all or nothing, repeatedly if another request writes the same items."""
        table = {"TableName": self.table.name}
        named = [{k: {**table, **v} for k, v in item.items()} for item in items]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self.client.transact_write_items(TransactItems=named)
                return
            except ClientError as error:
                if "TransactionConflict" not in str(error) or attempt == _ATTEMPTS:
                    raise


class DynamoLock(lease.HolderLock[DynamoBackEnd]):
    """A lock as an item with its holder and its end."""

    def take(self) -> bool:
        condition = "attribute_not_exists(id) OR expiration <= :now"
        return self._write(condition, now=int(time.time()))

    def renew(self) -> bool:
        return self._write("holder = :holder")

    def release(self) -> None:
        _is_done(
            self._back_end.table.delete_item,
            ConditionExpression="holder = :holder",
            ExpressionAttributeValues={":holder": self._holder},
            Key={"id": self._name},
        )

    def _write(self, condition: str, **values: int) -> bool:
        end = int(time.time()) + lease.LEASE
        return _is_done(
            self._back_end.table.update_item,
            Key={"id": self._name},
            UpdateExpression="SET holder = :holder, expiration = :end",
            ConditionExpression=condition,
            ExpressionAttributeValues={
                ":holder": self._holder,
                ":end": end,
                **{f":{name}": value for name, value in values.items()},
            },
        )


def make(setup: Setup) -> DynamoBackEnd:
    """Return the back end, with a table that is there and lets items expire."""
    name = setup.settings.get("SESSION_DYNAMODB_TABLE") or _TABLE
    setting = setup.settings.get(KEY)
    try:
        # Making a table takes longer than a request may.
        resource = resource_of(setting, 10 * setup.limit)
        prepare(setup.logger, resource.meta.client, name)
        first = DynamoBackEnd(setup, PerProcess(lambda: resource.Table(name)))
        prove(first, KEY, name)
        if resource is not setting:
            first.close()
    except (BotoCoreError, ClientError) as error:
        raise problem_of(setting, error) from error
    tables = PerProcess(lambda: resource_of(setting, setup.limit).Table(name))
    back_end = DynamoBackEnd(setup, tables)
    back_end.key, back_end.where = first.key, first.where
    return back_end


def _kept(key: str, value: bytes, max_age: int) -> dict[str, t.Any]:
    """Return the update that keeps a value."""
    if len(value) > MOST_BYTES:
        raise TooLargeForStore(len(value))
    values = {":value": value, ":exp": int(time.time()) + max_age}
    return {
        "Key": {"id": key},
        "UpdateExpression": "SET val = :value, expiration = :exp",
        "ExpressionAttributeValues": values,
    }


def _labelled(
    item: Mapping[str, t.Any], label: str, labelling: Labelling
) -> dict[str, t.Any]:
    """Return the update that labels a record, and removes expired ones.

    Each record is an attribute of its own, so that the others need not be read.
    """
    now = int(time.time())
    expired = [k for k, v in _records(item).items() if v <= now]
    # An expression has 4 KB at most; later logins remove the remaining ones.
    update = _unlabelled(label, expired[:_AT_ONCE])
    update["UpdateExpression"] += " SET #new = :until, expiration = :exp"
    update["ExpressionAttributeNames"]["#new"] = _RECORD + labelling.record
    update["ExpressionAttributeValues"] = {
        ":until": now + labelling.max_age,
        ":exp": now + labelling.longest,
    }
    return update


def _unlabelled(label: str, records: Sequence[str]) -> dict[str, t.Any]:
    """Return the update that takes a label from records."""
    gone = {f"#r{n}": _RECORD + record for n, record in enumerate(records)}
    return {
        "Key": {"id": label},
        "UpdateExpression": f"REMOVE {', '.join(gone)}" if gone else "",
        "ExpressionAttributeNames": gone,
    }


def _records(item: Mapping[str, t.Any]) -> dict[str, int]:
    """Return the records of a label, with their expiry."""
    return {
        name.removeprefix(_RECORD): int(until)
        for name, until in item.items()
        if name.startswith(_RECORD)
    }


def _value(item: Mapping[str, t.Any]) -> bytes | None:
    """Return the value of an item, unless it has expired."""
    value = getattr(item.get("val"), "value", None)
    # DynamoDB removes expired items within days only.
    if not isinstance(value, bytes) or item.get("expiration", 0) <= time.time():
        return None
    return value


def _is_done(write: Callable[..., t.Any], **arguments: t.Any) -> bool:
    """Make a conditional write, and tell whether the condition was met."""
    try:
        write(**arguments)
    except ClientError as error:
        if code_of(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True
