"""Values in Redis: counting, expiring, being the first, and what goes when memory is short."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.exceptions import OutOfMemoryError, ResponseError

from tests.contract.redis.clients import Connect, Name, until


def test_ten_who_count_at_once_miss_nothing(connect: Connect, name: Name) -> None:
    stock = name("stock")
    clients = [connect() for _ in range(10)]
    with ThreadPoolExecutor(max_workers=10) as threads:
        list(threads.map(lambda client: [client.incr(stock) for _ in range(50)], clients))
    assert clients[0].get(stock) == "500"


def test_only_the_first_takes_a_lock_until_it_expires(shop: redis.Redis, name: Name) -> None:
    lock = name("lock")
    assert shop.set(lock, "Ada", nx=True, px=60)
    assert shop.set(lock, "Bao", nx=True, px=60_000) is None
    assert until(lambda: shop.set(lock, "Bao", nx=True, px=60_000))
    assert shop.get(lock) == "Bao"


def test_a_set_can_say_what_was_there_and_can_want_that_something_was(shop: redis.Redis, name: Name) -> None:
    key = name("stock")
    assert shop.set(key, 1, xx=True) is None
    assert shop.set(key, 1, get=True) is None
    assert shop.set(key, 2, get=True) == "1"
    assert shop.set(key, 3, nx=True, get=True) == "2"
    assert shop.get(key) == "2"


def test_what_expires_is_gone_for_everybody_at_its_time_and_not_before(connect: Connect, name: Name) -> None:
    ada, bao, key = connect(), connect(), name("cart")
    ada.set(key, "lamp", px=60_000)
    assert 0 < bao.pttl(key) <= 60_000
    ada.pexpire(key, 30)
    assert until(lambda: not bao.exists(key))
    assert (ada.get(key), ada.ttl(key)) == (None, -2)


def test_a_new_value_lives_for_ever_again_and_a_changed_one_keeps_its_time(shop: redis.Redis, name: Name) -> None:
    key = name("cart")
    shop.set(key, 1, ex=600)
    shop.incr(key)
    assert 0 < shop.ttl(key) <= 600
    shop.set(key, 2, keepttl=True)
    assert 0 < shop.ttl(key) <= 600
    shop.set(key, 3)
    assert shop.ttl(key) == -1


def test_an_expiry_can_be_changed_under_a_condition(shop: redis.Redis, name: Name) -> None:
    key = name("cart")
    shop.set(key, "lamp")
    assert not shop.expire(key, 100, xx=True)
    assert shop.expire(key, 100, nx=True)
    assert not shop.expire(key, 50, gt=True)
    assert shop.expire(key, 50, lt=True)
    assert 0 < shop.ttl(key) <= 50
    assert shop.persist(key) and shop.ttl(key) == -1


def test_who_listens_hears_that_a_key_has_expired(connect: Connect, name: Name) -> None:
    shop, key = connect(), name("cart")
    shop.config_set("notify-keyspace-events", "Ex")
    with connect().pubsub(ignore_subscribe_messages=True) as listener:
        listener.psubscribe("__keyevent@*__:expired")
        assert listener.get_message(timeout=10) is None  # the answer to psubscribe
        shop.set(key, "lamp", px=10)
        heard = until(lambda: (listener.get_message(timeout=1) or {}).get("data"))
    shop.config_set("notify-keyspace-events", "")
    assert heard == key


def test_a_number_is_not_counted_on_when_it_is_none(shop: redis.Redis, name: Name) -> None:
    key = name("stock")
    shop.set(key, "many")
    with pytest.raises(ResponseError, match="not an integer"):
        shop.incr(key)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        shop.lpush(key, "lamp")
    shop.set(key, 2**63 - 1)
    with pytest.raises(ResponseError, match="overflow"):
        shop.incr(key)


def test_what_was_published_is_heard_by_those_who_listen_then(connect: Connect, name: Name) -> None:
    channel, speaker = name("prices"), connect()
    assert speaker.publish(channel, "too early") == 0
    with connect().pubsub() as listener:
        listener.subscribe(channel)
        assert until(lambda: listener.get_message(timeout=1))["type"] == "subscribe"
        assert speaker.publish(channel, "lamp") == 1
        assert until(lambda: listener.get_message(timeout=1))["data"] == "lamp"


def test_a_queue_wakes_who_waits_for_it_longest(connect: Connect, name: Name) -> None:
    queue, ada, shop = name("orders"), connect(), connect()
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting = threads.submit(ada.blpop, [queue], 10)
        assert until(lambda: any(client["cmd"] == "blpop" for client in shop.client_list()))
        shop.rpush(queue, "lamp", "mug")
        assert waiting.result(10) == (queue, "lamp")
    assert shop.lrange(queue, 0, -1) == ["mug"]


@pytest.fixture
def little_memory(shop: redis.Redis) -> Iterator[redis.Redis]:
    """A Redis that may hold one megabyte more than it does now."""
    before = shop.config_get("maxmemory", "maxmemory-policy")
    shop.config_set("maxmemory", int(shop.info("memory")["used_memory"]) + (1 << 20))
    yield shop
    for setting, value in before.items():
        shop.config_set(setting, value)


def fill(shop: redis.Redis, name: Name, *, expires_s: int | None) -> list[str]:
    """Four megabytes, each key with its own time to live; returns the names of the keys."""
    keys = [f"{name('page')}:{number}" for number in range(400)]
    for key in keys:
        shop.set(key, "x" * 10_000, ex=expires_s)
    return keys


def test_without_eviction_a_full_redis_refuses_writes_and_serves_reads(little_memory: redis.Redis, name: Name) -> None:
    shop = little_memory
    shop.config_set("maxmemory-policy", "noeviction")
    with pytest.raises(OutOfMemoryError):
        fill(shop, name, expires_s=None)
    assert shop.get(f"{name('page')}:0") is not None
    shop.delete(*shop.keys(f"{name('page')}:*"))


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_with_eviction_a_full_redis_forgets_something_and_takes_everything(
        little_memory: redis.Redis, name: Name, policy: str) -> None:
    shop = little_memory
    shop.config_set("maxmemory-policy", policy)
    before = int(shop.info("stats")["evicted_keys"])
    keys = fill(shop, name, expires_s=None)
    assert int(shop.info("stats")["evicted_keys"]) > before
    assert shop.exists(*keys) < len(keys)
    shop.delete(*keys)


def test_volatile_eviction_touches_only_what_expires_anyway(little_memory: redis.Redis, name: Name) -> None:
    shop = little_memory
    shop.config_set("maxmemory-policy", "volatile-lru")
    kept = name("price")
    shop.set(kept, "12 euro")
    keys = fill(shop, name, expires_s=600)
    assert shop.exists(*keys) < len(keys)
    assert shop.get(kept) == "12 euro"
    shop.delete(kept, *keys)


def test_hits_and_misses_are_counted(shop: redis.Redis, name: Name) -> None:
    key = name("page")
    shop.set(key, "lamp")
    before = shop.info("stats")
    shop.get(key)
    shop.get(name("absent"))
    after = shop.info("stats")
    assert [after[count] - before[count] for count in ("keyspace_hits", "keyspace_misses")] == [1, 1]
