"""The newest version wins: whoever fills or updates compares versions inside Redis. A few refresh before the time is over."""

from __future__ import annotations

import asyncio
import json
import math
import random
import time

import psycopg
import redis
import redis.asyncio

from shop import Addresses, Node, Unavailable

NEWEST = """
local held = redis.call('get', KEYS[1])
if held and cjson.decode(held).version > tonumber(ARGV[1]) then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
return 1
"""


def keep(cache: redis.Redis, product_id: str, version: int, product: dict | None) -> None:
    """A product that does not exist has version 0; the first real one has 1."""
    ttl_ms = int(random.uniform(54_000, 66_000))
    cache.eval(NEWEST, 1, f"product:{product_id}", version, json.dumps({"version": version, "product": product}), ttl_ms)


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    found = cache.get(f"product:{product_id}")
    if found is not None:
        return json.loads(found)["product"]
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        row = connection.execute("select id, name, price, version from product where id = %s", [product_id]).fetchone()
    product = dict(zip(("id", "name", "price"), row)) if row else None
    keep(cache, product_id, row[3] if row else 0, product)
    return product


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    with psycopg.connect(at.postgres) as connection:
        (version,) = connection.execute(
            "insert into product (id, name, price) values (%s, %s, %s) on conflict (id) do update"
            " set name = excluded.name, price = excluded.price, version = product.version + 1 returning version",
            (product_id, name, price),
        ).fetchone()
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    keep(cache, product_id, version, {"id": product_id, "name": name, "price": price})


class Catalogue:
    """Probabilistic early refresh (Vattani and others), and one question at a time for what is not there at all."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)
        self.locks: dict[str, asyncio.Lock] = {}

    async def get(self, product_id: str) -> dict | None:
        found = await self.cache.get(product_id)
        if found is not None:
            entry = json.loads(found)
            early_s = entry["took_s"] * -math.log(1 - random.random())
            lock = self.locks.setdefault(product_id, asyncio.Lock())
            if time.time() + early_s < entry["until"] or lock.locked():
                return entry["product"]
            async with lock:
                return await self.fill(product_id)
        async with self.locks.setdefault(product_id, asyncio.Lock()):
            found = await self.cache.get(product_id)
            return json.loads(found)["product"] if found is not None else await self.fill(product_id)

    async def fill(self, product_id: str) -> dict | None:
        began = time.time()
        product = await self.node.call("database", "product", product_id)
        ttl_s = random.uniform(55, 65) if product else 6
        entry = {"product": product, "took_s": time.time() - began, "until": time.time() + ttl_s}
        await self.cache.set(product_id, json.dumps(entry), px=int(ttl_s * 1000) + 500)
        return product


class SturdyCatalogue:
    """A bulkhead: two questions at once per instance; whoever waits longer than 0.3 s is asked to come back."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)
        self.places = asyncio.Semaphore(2)
        self.under_way: dict[str, asyncio.Future] = {}

    async def get(self, product_id: str) -> dict | None:
        found = await self.within(0.04, self.cache.get(product_id))
        if found is not None:
            return json.loads(found)
        if product_id not in self.under_way:
            self.under_way[product_id] = asyncio.ensure_future(self.question(product_id))
        product = await self.under_way[product_id]
        if product == "busy":
            raise Unavailable("come back in a moment")
        return product

    async def question(self, product_id: str):
        try:
            try:
                async with asyncio.timeout(0.3):
                    await self.places.acquire()
            except TimeoutError:
                return "busy"
            try:
                product = await self.node.call("database", "product", product_id)
            finally:
                self.places.release()
            await self.within(0.04, self.cache.set(product_id, json.dumps(product), ex=random.randint(54, 66)))
            return product
        finally:
            del self.under_way[product_id]

    async def within(self, limit_s: float, asking):
        try:
            return await asyncio.wait_for(asking, limit_s)
        except (redis.RedisError, OSError, TimeoutError):
            return None
