"""Reads from one Redis server over connections that readers keep between requests."""

from __future__ import annotations

import typing as t
from collections import deque

import redis

#: The most connections that a process keeps for reading, which are this part of those
#: of its pool at most.
KEPT, _PART = 16, 1 / 4


class OneServer(redis.Redis):
    """A client of one server, whose reads need not take a connection out of its pool.

    Nearly each request reads, and mostly that is all that it asks. To take a
    connection, look at it and put it back takes as long as to read over it.
    """

    def __init__(self, *args: t.Any, **options: t.Any) -> None:
        super().__init__(*args, **options)
        most = min(KEPT, int(self.connection_pool.max_connections * _PART))
        #: One for each reader that there may be; those that were at work last come
        #: last. Threads take them out and put them back without a lock.
        self.readers: deque[redis.Redis | None] = deque([None] * most)

    def read(self, *command: t.Any) -> t.Any:
        """Return the answer to a command that changes nothing."""
        try:
            reader = self.readers.pop()
        except IndexError:
            # All of them are at work.
            return self.execute_command(*command)
        try:
            reader = reader or self._made()
            answer = reader.execute_command(*command)
        except redis.ResponseError:
            self.readers.append(reader)
            raise
        except BaseException:
            # The answer can still arrive, and would be taken for the next one.
            _end(reader)
            self.readers.append(None)
            raise
        self.readers.append(reader)
        return answer

    def lend(self) -> None:
        """Put the connection of a reader back into the pool, for another command.

        One for writing alone would be idle between logins, and networks drop what is
        idle without a word.
        """
        try:
            reader = self.readers.pop()
        except IndexError:
            return
        if reader is not None:
            reader.close()
        self.readers.appendleft(None)

    def forget_readers(self) -> None:
        """Close the connections of readers that are not at work."""
        for _ in range(len(self.readers)):
            try:
                reader = self.readers.pop()
            except IndexError:
                return
            _end(reader)
            self.readers.appendleft(None)

    def _made(self) -> redis.Redis:
        pool = self.connection_pool
        return redis.Redis(connection_pool=pool, single_connection_client=True)


def _end(reader: redis.Redis | None) -> None:
    """Close the connection of a reader, and put it back into the pool."""
    if reader is not None:
        if reader.connection is not None:
            reader.connection.disconnect()
        reader.close()
