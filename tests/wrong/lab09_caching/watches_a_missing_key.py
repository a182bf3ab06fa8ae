"""It watches the key that it fills; deleting a key that is not there changes nothing, so nobody is told."""

from __future__ import annotations

import json

import psycopg
import redis

from shop import Addresses


def get_product(at: Addresses, product_id: str) -> dict | None:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    with cache.pipeline() as pipe:
        pipe.watch(product_id)
        found = pipe.get(product_id)
        if found is not None:
            return json.loads(found)
        product = from_table(at, product_id)
        pipe.multi()
        pipe.set(product_id, json.dumps(product), ex=60)
        try:
            pipe.execute()
        except redis.WatchError:
            pass
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
    redis.Redis.from_url(at.redis).delete(product_id)
