"""Streams and consumer groups in Redis: who gets what, what stays pending, and who takes it over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from redis.exceptions import ResponseError

from tests.contract.redis.clients import Connect, Name, until

GROUP = "warehouse"


@pytest.fixture
def orders(shop: redis.Redis, name: Name) -> str:
    """A stream with three orders and a group that has read nothing."""
    stream = name("orders")
    for item in ("lamp", "mug", "pen"):
        shop.xadd(stream, {"item": item})
    shop.xgroup_create(stream, GROUP, id="0")
    return stream


def items(told: Any) -> list[str]:
    """The items of what a read brought; nothing for None."""
    return [fields["item"] for _, messages in told or () for _, fields in messages]


def read(shop: redis.Redis, stream: str, consumer: str, count: int = 10, after: str = ">") -> list[str]:
    return items(shop.xreadgroup(GROUP, consumer, {stream: after}, count=count))


def test_messages_stay_in_the_order_in_which_they_came(shop: redis.Redis, orders: str) -> None:
    assert [fields["item"] for _, fields in shop.xrange(orders)] == ["lamp", "mug", "pen"]
    assert [fields["item"] for _, fields in shop.xrevrange(orders, count=1)] == ["pen"]
    assert shop.xlen(orders) == 3


def test_an_id_must_be_larger_than_the_last(shop: redis.Redis, name: Name) -> None:
    stream = name("orders")
    shop.xadd(stream, {"item": "lamp"}, id="5-1")
    with pytest.raises(ResponseError, match="equal or smaller"):
        shop.xadd(stream, {"item": "mug"}, id="5-1")


def test_every_message_goes_to_one_consumer_of_a_group(connect: Connect, orders: str) -> None:
    ada, bao = connect(), connect()
    assert (read(ada, orders, "ada", 2), read(bao, orders, "bao", 2)) == (["lamp", "mug"], ["pen"])
    assert read(ada, orders, "ada") == []


def test_every_group_gets_every_message(shop: redis.Redis, orders: str) -> None:
    shop.xgroup_create(orders, "accounting", id="0")
    assert read(shop, orders, "ada") == ["lamp", "mug", "pen"]
    assert items(shop.xreadgroup("accounting", "bao", {orders: ">"})) == ["lamp", "mug", "pen"]


def test_what_was_not_acknowledged_is_read_again_by_the_same_consumer_after_a_crash(
        connect: Connect, orders: str) -> None:
    ada = connect()
    told = ada.xreadgroup(GROUP, "ada", {orders: ">"}, count=2)
    first = told[0][1][0][0]
    assert ada.xack(orders, GROUP, first) == 1
    ada.close()
    again = connect()
    assert read(again, orders, "ada", after="0") == ["mug"]
    assert read(again, orders, "ada") == ["pen"]


def test_an_acknowledgement_counts_once(shop: redis.Redis, orders: str) -> None:
    (_, messages), = shop.xreadgroup(GROUP, "ada", {orders: ">"}, count=1)
    assert [shop.xack(orders, GROUP, messages[0][0]) for _ in range(2)] == [1, 0]
    assert shop.xpending(orders, GROUP)["pending"] == 0


def test_what_a_dead_consumer_held_is_taken_over_and_counted(connect: Connect, orders: str) -> None:
    ada, bao = connect(), connect()
    read(ada, orders, "ada", 2)
    ada.close()
    taken = bao.xautoclaim(orders, GROUP, "bao", min_idle_time=0, start_id="0")
    assert [fields["item"] for _, fields in taken[1]] == ["lamp", "mug"]
    pending = bao.xpending_range(orders, GROUP, "-", "+", 10)
    assert [(one["consumer"], one["times_delivered"]) for one in pending] == [("bao", 2), ("bao", 2)]


def test_what_is_not_idle_long_enough_is_not_taken_over(connect: Connect, orders: str) -> None:
    ada, bao = connect(), connect()
    read(ada, orders, "ada")
    assert bao.xautoclaim(orders, GROUP, "bao", min_idle_time=600_000, start_id="0")[1] == []
    assert {one["consumer"] for one in bao.xpending_range(orders, GROUP, "-", "+", 10)} == {"ada"}


def test_a_group_at_the_end_gets_only_what_comes(shop: redis.Redis, orders: str) -> None:
    shop.xgroup_create(orders, "late", id="$")
    assert shop.xreadgroup("late", "bao", {orders: ">"}) in ([], {})
    shop.xadd(orders, {"item": "ink"})
    assert items(shop.xreadgroup("late", "bao", {orders: ">"})) == ["ink"]


def test_a_group_is_made_once_and_must_be_there(shop: redis.Redis, orders: str, name: Name) -> None:
    with pytest.raises(ResponseError, match="BUSYGROUP"):
        shop.xgroup_create(orders, GROUP)
    with pytest.raises(ResponseError, match="NOGROUP"):
        shop.xreadgroup("strangers", "ada", {orders: ">"})
    with pytest.raises(ResponseError, match="requires the key to exist"):
        shop.xgroup_create(name("nowhere"), GROUP)


def test_who_waits_for_a_message_is_woken_by_it(connect: Connect, orders: str) -> None:
    ada, shop = connect(), connect()
    read(shop, orders, "ada")
    with ThreadPoolExecutor(max_workers=1) as threads:
        waiting = threads.submit(ada.xreadgroup, GROUP, "ada", {orders: ">"}, None, 10_000)
        assert until(lambda: any(client["cmd"] == "xreadgroup" and "b" in client["flags"]
                                 for client in shop.client_list()))
        shop.xadd(orders, {"item": "ink"})
        assert items(waiting.result(10)) == ["ink"]


def test_a_stream_is_kept_as_short_as_was_said(shop: redis.Redis, orders: str) -> None:
    shop.xadd(orders, {"item": "ink"}, maxlen=2, approximate=False)
    assert [fields["item"] for _, fields in shop.xrange(orders)] == ["pen", "ink"]


def test_a_message_that_was_trimmed_while_pending_is_gone_for_who_takes_over(shop: redis.Redis, orders: str) -> None:
    read(shop, orders, "ada")
    shop.xtrim(orders, maxlen=0, approximate=False)
    told = shop.xautoclaim(orders, GROUP, "bao", min_idle_time=0, start_id="0")
    assert (told[1], len(told[2]), shop.xpending(orders, GROUP)["pending"]) == ([], 3, 0)
