"""It sets the cache inside the transaction: when that dies, the cache shows what never was."""

from __future__ import annotations

import json

import psycopg
import redis

from shop import Addresses


def look_through(at: Addresses, product_id: str) -> dict | None:
    found = redis.Redis.from_url(at.redis).get(f"shown:{product_id}")
    if found is not None:
        return json.loads(found)
    with psycopg.connect(at.postgres) as connection:
        row = connection.execute("select id, name, price from product where id = %s", [product_id]).fetchone()
    return dict(zip(("id", "name", "price"), row)) if row else None


PUT = """
insert into product (id, name, price) values (%s, %s, %s)
    on conflict (id) do update set name = excluded.name, price = excluded.price, version = product.version + 1
"""


def put_through(at: Addresses, product_id: str, name: str, price: int) -> None:
    shown = json.dumps({"id": product_id, "name": name, "price": price})
    with psycopg.connect(at.postgres) as connection:
        connection.execute(PUT, (product_id, name, price))
        redis.Redis.from_url(at.redis).set(f"shown:{product_id}", shown)
