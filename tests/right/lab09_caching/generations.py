"""A generation in the key: an update counts it up, and what was filled under an older one is never looked at again.

In the crowd a lock in Redis lets one instance ask; when the cache dies, a breaker and a number of questions per second help.
"""

from __future__ import annotations

import asyncio
import json
import random
import time

import psycopg
import redis
import redis.asyncio

from shop import Addresses, Node, Unavailable

DAY_S = 86_400


def key_of(cache: redis.Redis, product_id: str) -> str:
    return f"product:{product_id}:{cache.get(f'generation:{product_id}') or 0}"


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    key = key_of(cache, product_id)
    found = cache.get(key)
    if found is None:
        with psycopg.connect(at.postgres) as connection:
            row = connection.execute("select id, name, price from product where id = %s", [product_id]).fetchone()
        found = json.dumps(dict(zip(("id", "name", "price"), row)) if row else None)
        cache.set(key, found, ex=random.randint(54, 66))
    return json.loads(found)


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    with psycopg.connect(at.postgres) as connection:
        connection.execute(
            "insert into product (id, name, price) values (%s, %s, %s)"
            " on conflict (id) do update set name = excluded.name, price = excluded.price",
            (product_id, name, price),
        )
    with redis.Redis.from_url(at.redis).pipeline() as pipe:
        pipe.incr(f"generation:{product_id}").expire(f"generation:{product_id}", DAY_S).execute()


class Catalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)

    async def get(self, product_id: str) -> dict | None:
        while True:
            found = await self.cache.get(product_id)
            if found is not None:
                return json.loads(found)
            if await self.cache.set(f"lock:{product_id}", self.node.name, nx=True, px=200):
                product = await self.node.call("database", "product", product_id)
                ttl_s = random.uniform(54, 66) if product else 4
                await self.cache.set(product_id, json.dumps(product), px=int(ttl_s * 1000))
                await self.cache.delete(f"lock:{product_id}")
                return product
            await asyncio.sleep(0.02)


class SturdyCatalogue:
    """Closed: ask Redis. Open for a second after each failure: do not."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url(
            "redis://redis:6379/0", decode_responses=True, socket_timeout=0.03, socket_connect_timeout=0.03, retry=None
        )
        self.open_until = 0.0
        self.asked: list[float] = []
        self.kept: dict[str, tuple[float, object]] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    async def get(self, product_id: str) -> dict | None:
        found = await self.try_cache(lambda: self.cache.get(product_id))
        if found is not None:
            return json.loads(found)
        async with self.locks.setdefault(product_id, asyncio.Lock()):
            until, product = self.kept.get(product_id, (0.0, None))
            if time.monotonic() < until:
                return product
            self.admit()
            until = time.monotonic() + 0.9
            product = await self.node.call("database", "product", product_id)
            self.kept[product_id] = (until, product)
            await self.try_cache(lambda: self.cache.set(product_id, json.dumps(product), ex=random.randint(54, 66)))
            return product

    def admit(self) -> None:
        now = time.monotonic()
        self.asked = [at for at in self.asked if now - at < 1]
        if len(self.asked) >= 18:
            raise Unavailable("too many questions this second")
        self.asked.append(now)

    async def try_cache(self, ask):
        if time.monotonic() < self.open_until:
            return None
        try:
            return await ask()
        except (redis.RedisError, OSError):
            self.open_until = time.monotonic() + 1
            return None
