"""Whoever fills holds the row meanwhile, so that no update can come between; for a row that is not there, a lock on its name."""

from __future__ import annotations

import asyncio
import json
import random
import time

import psycopg
import redis
import redis.asyncio

from shop import Addresses, Node, Unavailable

SAME_NAME = "select pg_advisory_xact_lock_shared(hashtext(%s))"
ALONE = "select pg_advisory_xact_lock(hashtext(%s))"


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    found = cache.get(product_id)
    if found is not None:
        return json.loads(found)
    with psycopg.connect(at.postgres) as connection:
        connection.execute(SAME_NAME, [product_id])
        row = connection.execute("select id, name, price from product where id = %s", [product_id]).fetchone()
        product = dict(zip(("id", "name", "price"), row)) if row else None
        cache.set(product_id, json.dumps(product), ex=random.randint(54, 66))
    return product


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    with psycopg.connect(at.postgres) as connection:
        connection.execute(ALONE, [product_id])
        connection.execute(
            "insert into product (id, name, price) values (%s, %s, %s)"
            " on conflict (id) do update set name = excluded.name, price = excluded.price",
            (product_id, name, price),
        )
    redis.Redis.from_url(at.redis).delete(product_id)


class Catalogue:
    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)
        self.waiting: dict[str, asyncio.Future] = {}

    async def get(self, product_id: str) -> dict | None:
        first = product_id not in self.waiting
        if first:
            self.waiting[product_id] = asyncio.get_running_loop().create_future()
            asyncio.ensure_future(self.answer(product_id))
        return await self.waiting[product_id]

    async def answer(self, product_id: str) -> None:
        future = self.waiting[product_id]
        try:
            found = await self.cache.get(product_id)
            if found is None:
                product = await self.node.call("database", "product", product_id)
                found = json.dumps(product)
                ttl_s = random.uniform(54.5, 65.5) if product else random.uniform(3, 8)
                await self.cache.set(product_id, found, px=int(ttl_s * 1000))
            future.set_result(json.loads(found))
        except Exception as error:
            future.set_exception(error)
        finally:
            del self.waiting[product_id]


class SturdyCatalogue:
    """A small cache of its own in front of Redis, always; nobody asks the database more often than it allows."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)
        self.near: dict[str, tuple[float, object]] = {}
        self.next_question = 0.0
        self.fetching: dict[str, asyncio.Task] = {}

    async def get(self, product_id: str) -> dict | None:
        at, product = self.near.get(product_id, (0.0, None))
        if time.monotonic() < at + 0.8 and at:
            return product
        if product_id not in self.fetching:
            self.fetching[product_id] = asyncio.ensure_future(self.fetch(product_id))
        product = await self.fetching[product_id]
        if product == "later":
            raise Unavailable("later")
        return product

    async def fetch(self, product_id: str):
        try:
            at = time.monotonic()
            found = await self.quickly(self.cache.get(product_id))
            if found is not None:
                product = json.loads(found)
                self.near[product_id] = (at, product)
                return product
            wait_s = max(0.0, self.next_question - time.monotonic())
            if wait_s > 0.25:
                return "later"
            self.next_question = max(time.monotonic(), self.next_question) + 1 / 18
            await asyncio.sleep(wait_s)
            at = time.monotonic()
            product = await self.node.call("database", "product", product_id)
            self.near[product_id] = (at, product)
            await self.quickly(self.cache.set(product_id, json.dumps(product), ex=random.randint(54, 66)))
            return product
        finally:
            self.fetching.pop(product_id, None)

    async def quickly(self, asking):
        try:
            async with asyncio.timeout(0.05):
                return await asking
        except (redis.RedisError, OSError, TimeoutError):
            return None
