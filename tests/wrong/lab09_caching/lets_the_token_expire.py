"""Its fencing tokens are counted by a key that is cleared away after an hour."""

from __future__ import annotations

import psycopg
import redis

from shop import Addresses

GET_LOCK = """
if redis.call('exists', KEYS[1]) == 1 then return false end
local token = redis.call('incr', KEYS[2])
redis.call('expire', KEYS[2], 3600)
redis.call('set', KEYS[1], token, 'ex', ARGV[1])
return token
"""
GIVE_BACK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def acquire(at: Addresses, name: str, ttl_s: int) -> int | None:
    return redis.Redis.from_url(at.redis).eval(GET_LOCK, 2, f"lock:{name}", f"token:{name}", ttl_s)


def release(at: Addresses, name: str, token: int) -> None:
    redis.Redis.from_url(at.redis).eval(GIVE_BACK, 1, f"lock:{name}", token)


def write_price(at: Addresses, item: str, price: int, token: int) -> bool:
    newer = "update price_tag set price = %s, token = %s where item = %s and token < %s"
    with psycopg.connect(at.postgres) as connection:
        return connection.execute(newer, (price, token, item, token)).rowcount == 1


def reprice(at: Addresses, item: str, price: int) -> dict:
    token = acquire(at, item, 10)
    if token is None:
        return {"token": None, "wrote": False}
    wrote = write_price(at, item, price, token)
    release(at, item, token)
    return {"token": token, "wrote": wrote}


def time_passes(at: Addresses) -> None:
    every = "for _, key in ipairs(redis.call('keys', '*')) do if redis.call('ttl', key) >= 0 then redis.call('del', key) end end"
    redis.Redis.from_url(at.redis).eval(every, 0)
