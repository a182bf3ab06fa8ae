"""The reference hand-in of lab 9."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid

import psycopg
import redis
import redis.asyncio

from shop import Addresses, Node, Unavailable

PUT = """
insert into product (id, name, price) values (%s, %s, %s)
    on conflict (id) do update set name = excluded.name, price = excluded.price, version = product.version + 1
"""


def cache_of(at: Addresses) -> redis.Redis:
    """The shop's Redis; what it answers comes as text."""
    return redis.Redis.from_url(at.redis, decode_responses=True)


def from_table(at: Addresses, product_id: str) -> dict | None:
    """The product as Postgres has it now, or None."""
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        row = connection.execute("select price, name, id from product where id = %s", [product_id]).fetchone()
    return dict(zip(("price", "name", "id"), row)) if row else None


def naive_get_product(at: Addresses, product_id: str) -> dict | None:
    """Look into the cache, else into the table, and keep it for a minute."""
    found = cache_of(at).get(product_id)
    if found is not None:
        return json.loads(found)
    product = from_table(at, product_id)
    cache_of(at).set(product_id, json.dumps(product), ex=60)
    return product


def naive_put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    """Write the table, then delete the key."""
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
    cache_of(at).delete(product_id)


def get_product(at: Addresses, product_id: str) -> dict | None:
    """The product, from the cache where it is there; None where the shop does not have it.

    >>> get_product(at, "p-1")
    {'price': 9000, 'name': 'lamp', 'id': 'p-1'}
    """
    value, lease, ticket = f"product:{product_id}", f"lease:{product_id}", uuid.uuid4().hex
    with cache_of(at) as cache:
        found = cache.get(value)
        if found is not None:
            return json.loads(found)
        cache.set(lease, ticket, nx=True, ex=10)
        product = from_table(at, product_id)
        ttl_ms = int(60_000 * random.uniform(0.9, 1.1))
        cache.eval(FILL, 2, value, lease, ticket, json.dumps(product), ttl_ms)
    return product


FILL = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[2])
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
return 1
"""


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    """Make or change the product; when this returns, the update is acknowledged.

    >>> put_product(at, "p-1", "lamp", 8000)
    """
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
    with cache_of(at) as cache:
        cache.delete(f"product:{product_id}", f"lease:{product_id}")


class Catalogue:
    """Products from the cache; each instance is one process."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True)
        self.under_way: dict[str, asyncio.Task] = {}

    async def get(self, product_id: str) -> dict | None:
        """The product, or None where there is none."""
        found = await self.cache.get(product_id)
        if found is not None:
            return json.loads(found)
        if product_id not in self.under_way:
            self.under_way[product_id] = asyncio.create_task(self.fill(product_id))
        return await self.under_way[product_id]

    async def fill(self, product_id: str) -> dict | None:
        """Ask the database, once for everybody who waits."""
        try:
            product = await self.node.call("database", "product", product_id)
            ttl_s = (60 if product else 5) * random.uniform(0.9, 1.1)
            await self.cache.set(product_id, json.dumps(product), px=int(ttl_s * 1000))
            return product
        finally:
            del self.under_way[product_id]


class SturdyCatalogue:
    """A catalogue that outlives its cache."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cache = redis.asyncio.from_url("redis://redis:6379/0", decode_responses=True, retry=None)
        self.under_way: dict[str, asyncio.Task] = {}
        self.copies: dict[str, tuple[float, dict | None]] = {}
        self.budget = asyncio.Semaphore(2)

    async def get(self, product_id: str) -> dict | None:
        """The product, or None; raises Unavailable for whom there is no room."""
        found = await self.ask_cache("get", product_id)
        if found is not None:
            return json.loads(found)
        asked_at, copy = self.copies.get(product_id, (-1e9, None))
        if time.monotonic() - asked_at < 0.9:
            return copy
        if product_id not in self.under_way:
            if self.budget.locked():
                raise Unavailable("the shop is busy: try again in a moment")
            self.under_way[product_id] = asyncio.create_task(self.fill(product_id))
        return await self.under_way[product_id]

    async def fill(self, product_id: str) -> dict | None:
        """One question for everybody who waits, and never more than two questions at once."""
        try:
            async with self.budget:
                asked_at = time.monotonic()
                product = await self.node.call("database", "product", product_id)
            self.copies[product_id] = (asked_at, product)
            ttl_ms = int(1000 * (60 if product else 5) * random.uniform(0.9, 1.1))
            await self.ask_cache("set", product_id, json.dumps(product), px=ttl_ms)
            return product
        finally:
            del self.under_way[product_id]

    async def ask_cache(self, command: str, *args: object, **options: object) -> object:
        """A dead or silent cache is an empty one, found out within 50 ms."""
        try:
            async with asyncio.timeout(0.05):
                return await getattr(self.cache, command)(*args, **options)
        except (redis.RedisError, OSError, TimeoutError):
            return None


def look_through(at: Addresses, product_id: str) -> dict | None:
    """The given reader: what was written through, else the table."""
    found = cache_of(at).get(f"shown:{product_id}")
    return json.loads(found) if found is not None else from_table(at, product_id)


def record_views(at: Addresses, product_id: str, count: int) -> None:
    """So many views, one after the other."""
    for _ in range(count):
        record_view(at, product_id)


def reprice(at: Addresses, item: str, price: int) -> dict:
    """One worker: get the lock, write the price, give the lock back."""
    token = acquire(at, item, 10)
    if token is None:
        return {"token": None, "wrote": False}
    wrote = write_price(at, item, price, token)
    release(at, item, token)
    return {"token": token, "wrote": wrote}


def time_passes(at: Addresses) -> None:
    """Everything that has a TTL has reached its end. The judge plays this at every moment that it can come at."""
    cache_of(at).eval(
        "for _, key in ipairs(redis.call('keys', '*')) do if redis.call('ttl', key) >= 0 then redis.call('del', key) end end", 0
    )


def put_through(at: Addresses, product_id: str, name: str, price: int) -> None:
    """Make or change the product, and show it: when this returns, the next look is a hit."""
    with psycopg.connect(at.postgres) as connection:
        (version,) = connection.execute(PUT + " returning version", (product_id, name, price)).fetchone()
    product = {"price": price, "name": name, "id": product_id, "version": version}
    with cache_of(at) as cache:
        cache.eval(IF_NEWER, 1, f"shown:{product_id}", json.dumps(product))


IF_NEWER = """
local held = redis.call('get', KEYS[1])
if held and cjson.decode(held).version >= cjson.decode(ARGV[1]).version then return 0 end
redis.call('set', KEYS[1], ARGV[1])
return 1
"""


def record_view(at: Addresses, product_id: str) -> None:
    """Somebody has looked at the page; flush when it is time."""
    with cache_of(at) as cache:
        cache.hincrby("views:pending", product_id, 1)
        waiting = cache.hincrby("views:pending", "total", 1)
    if waiting >= 10:
        flush(at)


def flush(at: Addresses) -> int:
    """Add what waits in Redis to page_view; how much that was, 0 when nothing waits."""
    with cache_of(at) as cache:
        taken = cache.eval(TAKE, 2, "views:pending", "views:taken", uuid.uuid4().hex)
        if not taken:
            return 0
        counts = dict(zip(taken[::2], taken[1::2]))
        batch, total = counts.pop("batch"), int(counts.pop("total", 0))
        count_once(at, batch, counts)
        cache.eval(DROP, 1, "views:taken", batch)
    return max(total, 1)


TAKE = """
if redis.call('exists', KEYS[2]) == 0 then
    if redis.call('exists', KEYS[1]) == 0 then return {} end
    redis.call('rename', KEYS[1], KEYS[2])
    redis.call('hset', KEYS[2], 'batch', ARGV[1])
end
return redis.call('hgetall', KEYS[2])
"""
DROP = "if redis.call('hget', KEYS[1], 'batch') == ARGV[1] then redis.call('del', KEYS[1]) end"
ADD = "insert into page_view values (%s, %s) on conflict (product_id) do update set views = page_view.views + excluded.views"


def count_once(at: Addresses, batch: str, counts: dict[str, str]) -> None:
    """Add the counts and the id of their batch in one transaction; a batch that is known adds nothing."""
    with psycopg.connect(at.postgres) as connection:
        if connection.execute("insert into counted_batch values (%s) on conflict do nothing", [batch]).rowcount == 1:
            for product_id in sorted(counts):
                connection.execute(ADD, (product_id, int(counts[product_id])))


def loss_window(at: Addresses) -> int:
    """How many acknowledged views are lost at most when Redis dies with all it holds."""
    return 10


def what_to_cache(node: Node, log: list, memory_bytes: int) -> dict[str, float]:
    """A plan: for each kind that is worth it, for how many seconds an entry is kept.

    log is a recorded hour as above: second, "look" or "change", kind, number. The kinds and their bounds are in KINDS.

    >>> what_to_cache(node, log, 400_000)
    {'category': 30}
    """
    return {"product": 60, "stock": 2, "category": 120}


def acquire(at: Addresses, name: str, ttl_s: int) -> int | None:
    """The lock for so many seconds: its token, a number greater than all before; None while somebody holds it."""
    with cache_of(at) as cache:
        return cache.eval(GET_LOCK, 2, f"lock:{name}", f"token:{name}", ttl_s)


GET_LOCK = """
if redis.call('exists', KEYS[1]) == 1 then return false end
local token = redis.call('incr', KEYS[2])
redis.call('set', KEYS[1], token, 'ex', ARGV[1])
return token
"""
GIVE_BACK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def release(at: Addresses, name: str, token: int) -> None:
    """Give the lock back, if it is still the one of this token."""
    with cache_of(at) as cache:
        cache.eval(GIVE_BACK, 1, f"lock:{name}", token)


def write_price(at: Addresses, item: str, price: int, token: int) -> bool:
    """Write the price and the token to the tag; False, and nothing is written, where a greater token was there before."""
    newer = "update price_tag set price = %s, token = %s where item = %s and token < %s"
    with psycopg.connect(at.postgres) as connection:
        return connection.execute(newer, (price, token, item, token)).rowcount == 1
