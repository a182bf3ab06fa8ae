"""A lock lets one fill at a time; it has no TTL, so whoever dies with it locks everybody out."""

from __future__ import annotations

import json

import psycopg
import redis

from shop import Addresses


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    found = cache.get(product_id)
    if found is not None:
        return json.loads(found)
    if not cache.set(f"lock:{product_id}", "filling", nx=True):
        raise TimeoutError(f"somebody else fills {product_id}")
    product = from_table(at, product_id)
    cache.set(product_id, json.dumps(product), ex=60)
    cache.delete(f"lock:{product_id}")
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
    cache = redis.Redis.from_url(at.redis)
    if not cache.set(f"lock:{product_id}", "writing", nx=True, ex=10):
        raise TimeoutError(f"somebody else works on {product_id}")
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
    cache.delete(product_id, f"lock:{product_id}")
