"""Stored: what the judge does with a lane's Redis: empty it, read it, and let time pass in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import redis

from autograder.invariants import Stored

__all__ = ["KEYS_MAX", "Redis", "contents", "emptied", "pass_time"]

KEYS_MAX = 2000
"""So many keys of a run are read; more are left out."""
VALUE_CHARS_MAX = 20_000
READERS: Mapping[str, tuple[Any, ...]] = {
    "string": ("GETRANGE", "{}", 0, VALUE_CHARS_MAX),
    "hash": ("HGETALL", "{}"),
    "list": ("LRANGE", "{}", 0, KEYS_MAX),
    "set": ("SMEMBERS", "{}"),
    "zset": ("ZRANGE", "{}", 0, KEYS_MAX, "WITHSCORES"),
    "stream": ("XRANGE", "{}", "-", "+", "COUNT", KEYS_MAX),
}
"""How a value of each kind is read; ``{}`` stands for its key."""
PASS_TIME = """
for _, key in ipairs(redis.call('keys', '*')) do
    local left = redis.call('pttl', key)
    if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('del', key)
    elseif left >= 0 then redis.call('pexpire', key, left - tonumber(ARGV[1])) end
end
"""


class Redis(Protocol):
    """The lane's Redis, as the judge needs it."""

    url: str

    def reset(self) -> None:
        """Empty it; one that no longer answers is replaced by an empty one at the same address."""

    def contents(self) -> Mapping[str, Stored]:
        """What it holds, by key."""

    def ask(self, *words: Any) -> Any:
        """One command of the judge's own; no part of the history."""

    def pass_time(self, ms: int) -> None:
        """Everything grows older by so many milliseconds: what expires within them is gone, other TTLs are shorter."""


def emptied(client: redis.Redis) -> None:
    """Nothing that a program can leave in a server is left: keys, functions, scripts."""
    client.flushall()
    for words in (("FUNCTION", "FLUSH"), ("SCRIPT", "FLUSH")):
        try:
            client.execute_command(*words)
        except redis.ResponseError:  # fakeredis has no functions
            continue


def contents(client: redis.Redis) -> Mapping[str, Stored]:
    """All keys in alphabetical order, with their values as text and their remaining TTLs."""
    keys = sorted(client.scan_iter(count=1000))[:KEYS_MAX]
    asked = client.pipeline(transaction=False)
    for key in keys:
        asked.type(key)
        asked.pttl(key)
    told = asked.execute() if keys else []
    found: dict[str, Stored] = {}
    for key, kind, left in zip(keys, told[::2], told[1::2], strict=True):
        words = READERS.get(kind)
        if words is not None:  # else it has expired since
            value = client.execute_command(*(key if word == "{}" else word for word in words))
            found[key] = Stored(kind=kind, value=_plain(value), ttl_ms=left if left >= 0 else None)
    return found


def _plain(value: Any) -> Any:
    """Sets in order, so that two equal runs look equal."""
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value


def pass_time(client: redis.Redis, ms: int) -> None:
    """Let a time pass in Redis without waiting for it."""
    client.eval(PASS_TIME, 0, ms)
