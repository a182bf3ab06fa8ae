"""Whoever finds the lock taken answers that the shop has no such product."""

from __future__ import annotations

import json
import uuid

import psycopg
import redis

from shop import Addresses

FILL = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[2])
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
return 1
"""


def cache_of(at: Addresses) -> redis.Redis:
    return redis.Redis.from_url(at.redis, decode_responses=True)


def from_table(connection: psycopg.Connection, product_id: str) -> dict | None:
    row = connection.execute("select id, name, price from product where id = %s", [product_id]).fetchone()
    return dict(zip(("id", "name", "price"), row)) if row else None


def get_product(at: Addresses, product_id: str) -> dict | None:
    value, lease, ticket = f"product:{product_id}", f"lease:{product_id}", str(uuid.uuid4())
    with cache_of(at) as cache:
        found = cache.get(value)
        if found is not None:
            return json.loads(found)
        if not cache.set(lease, ticket, nx=True, ex=10):
            return None
        with psycopg.connect(at.postgres, autocommit=True) as connection:
            product = from_table(connection, product_id)
        cache.eval(FILL, 2, value, lease, ticket, json.dumps(product), 60_000)
    return product


PUT = """
insert into product (id, name, price) values (%s, %s, %s)
    on conflict (id) do update set name = excluded.name, price = excluded.price, version = product.version + 1
"""


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
    cache_of(at).delete(f"product:{product_id}", f"lease:{product_id}")
