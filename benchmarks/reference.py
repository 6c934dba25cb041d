"""What the SDK's documentation does when the tenant ends a session: it asks for all."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import time
import typing as t

import redis
import redis.asyncio

from . import filling

#: Sessions that go to the server together.
_BATCH = 1000


def seconds_of_logout(url: str, sessions: int, times: int) -> float:
    """Fill a store, end some sessions, empty the store; return the median."""
    with redis.Redis.from_url(url) as client:
        _fill(client, sessions)
        try:
            found = [_timed(url, number) for number in range(times)]
        finally:
            client.flushdb()
    return statistics.median(found)


def _fill(client: redis.Redis, sessions: int) -> None:
    tokens = secrets.token_hex(filling.BODY_SIZE // 2)
    for start in range(0, sessions, _BATCH):
        with client.pipeline(transaction=False) as pipeline:
            for number in range(start, min(start + _BATCH, sessions)):
                session_id = secrets.token_urlsafe(32)
                head = filling.head_of(filling.login(number), session_id)
                pipeline.set(session_id, json.dumps({**head, "id_token": tokens}))
            pipeline.execute()


def _timed(url: str, number: int) -> float:
    one = filling.login(number)
    return asyncio.run(_log_out(url, {"sub": one.sub, "sid": one.sid}))


async def _log_out(url: str, claims: dict[str, str]) -> float:
    async with redis.asyncio.Redis.from_url(url) as client:
        before = await client.dbsize()
        began = time.perf_counter()
        await _delete_by_logout_token(client, claims)
        took = time.perf_counter() - began
        if await client.dbsize() != before - 1:
            raise RuntimeError("The reference has not ended one session.")
    return took


async def _delete_by_logout_token(client: t.Any, claims: dict[str, str]) -> None:
    for key in await client.keys("*"):
        raw = await client.get(key)
        if raw:
            session = json.loads(raw)
            sid = session.get("internal", {}).get("sid")
            sub = session.get("user", {}).get("sub")
            if sid == claims.get("sid") and sub == claims.get("sub"):
                await client.delete(key)
