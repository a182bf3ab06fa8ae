"""No TTL: what is changed behind the cache's back is never seen."""

from __future__ import annotations

import json

import psycopg
import redis

from shop import Addresses


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    key = f"{product_id}:{cache.get(f'generation:{product_id}')}"
    found = cache.get(key)
    if found is not None:
        return json.loads(found)
    product = from_table(at, product_id)
    cache.set(key, json.dumps(product))
    return product


def from_table(at: Addresses, product_id: str) -> dict | None:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        row = connection.execute("select id, name, price from product where id = %s", [product_id]).fetchone()
    return dict(zip(("id", "name", "price"), row)) if row else None


PUT = """
insert into product (id, name, price) values (%s, %s, %s)
    on conflict (id) do update set name = excluded.name, price = excluded.price, version = product.version + 1
"""


def put_product(at: Addresses, product_id: str, name: str, price: int) -> None:
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
    redis.Redis.from_url(at.redis).incr(f"generation:{product_id}")
