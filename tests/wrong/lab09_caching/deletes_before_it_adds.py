"""It takes the counts out of Redis and adds them to the table: between the two they are nowhere."""

from __future__ import annotations


import psycopg
import redis

from shop import Addresses

ADD = "insert into page_view values (%s, %s) on conflict (product_id) do update set views = page_view.views + excluded.views"


def record_views(at: Addresses, product_id: str, count: int) -> None:
    for _ in range(count):
        record_view(at, product_id)


def record_view(at: Addresses, product_id: str) -> None:
    cache = redis.Redis.from_url(at.redis)
    cache.hincrby("views", product_id, 1)
    if cache.incr("waiting") >= 10:
        cache.set("waiting", 0)
        while flush(at):
            pass


def flush(at: Addresses) -> int:
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    counts, _ = cache.pipeline().hgetall("views").delete("views").execute()
    if not counts:
        return 0
    with psycopg.connect(at.postgres) as connection:
        for product_id in sorted(counts):
            connection.execute(ADD, (product_id, int(counts[product_id])))
    return len(counts)


def loss_window(at: Addresses) -> int:
    return 10
