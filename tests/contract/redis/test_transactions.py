"""WATCH, MULTI and Lua in Redis: what happens whole, what is refused, and what is not undone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.exceptions import NoScriptError, ResponseError, WatchError

from tests.contract.redis.clients import Connect, Name, until

TAKE = """
local left = tonumber(redis.call('get', KEYS[1]) or '0')
if left < tonumber(ARGV[1]) then return -1 end
return redis.call('decrby', KEYS[1], ARGV[1])
"""


def test_nobody_comes_between_the_commands_of_a_transaction(connect: Connect, name: Name) -> None:
    lamp, mug = name("lamp"), name("mug")
    clients = [connect() for _ in range(4)]

    def move(client: redis.Redis) -> list[list[int]]:
        return [client.pipeline(transaction=True).incr(lamp).incr(mug).execute() for _ in range(50)]

    with ThreadPoolExecutor(max_workers=4) as threads:
        pairs = [pair for pairs in threads.map(move, clients) for pair in pairs]
    assert len(pairs) == 200 and all(first == second for first, second in pairs)


def test_a_watched_value_that_somebody_changed_stops_the_transaction(connect: Connect, name: Name) -> None:
    ada, bao, stock = connect(), connect(), name("stock")
    ada.set(stock, 3)
    with ada.pipeline() as transaction:
        transaction.watch(stock)
        left = int(transaction.get(stock))
        bao.decr(stock)
        transaction.multi()
        transaction.set(stock, left - 1)
        with pytest.raises(WatchError):
            transaction.execute()
    assert ada.get(stock) == "2"


@pytest.mark.parametrize("touch", ["same value", "delete and set", "expire"])
def test_a_watched_value_counts_as_changed_whenever_it_was_written(connect: Connect, name: Name, touch: str) -> None:
    ada, bao, stock = connect(), connect(), name("stock")
    ada.set(stock, 3, px=20 if touch == "expire" else None)
    with ada.pipeline() as transaction:
        transaction.watch(stock)
        if touch == "same value":
            bao.set(stock, 3)
        elif touch == "delete and set":
            bao.delete(stock)
            bao.set(stock, 3)
        else:
            assert until(lambda: not bao.exists(stock))
        transaction.multi()
        transaction.set(stock, 2)
        with pytest.raises(WatchError):
            transaction.execute()


def test_what_was_watched_and_not_touched_does_not_stop_it(connect: Connect, name: Name) -> None:
    ada, bao, stock = connect(), connect(), name("stock")
    with ada.pipeline() as transaction:
        transaction.watch(stock)
        bao.set(name("other"), 1)
        transaction.multi()
        transaction.set(stock, 2)
        assert transaction.execute() == [True]


def test_an_error_inside_does_not_undo_the_rest(shop: redis.Redis, name: Name) -> None:
    stock, words = name("stock"), name("words")
    shop.set(words, "lamp")
    told = shop.pipeline().incr(stock).incr(words).incr(stock).execute(raise_on_error=False)
    assert (told[0], told[2], shop.get(stock)) == (1, 2, "2")
    assert isinstance(told[1], ResponseError)


def test_a_command_that_is_none_stops_all_of_them(shop: redis.Redis, name: Name) -> None:
    stock = name("stock")
    with pytest.raises(ResponseError):
        shop.pipeline().incr(stock).execute_command("NOSUCHTHING").execute()
    assert shop.get(stock) is None


def test_a_script_takes_no_more_than_there_is_whoever_asks_at_once(connect: Connect, name: Name) -> None:
    stock, clients = name("stock"), [connect() for _ in range(8)]
    clients[0].set(stock, 100)

    def take(client: redis.Redis) -> list[int]:
        script = client.register_script(TAKE)
        return [int(script(keys=[stock], args=[1])) for _ in range(20)]

    with ThreadPoolExecutor(max_workers=8) as threads:
        told = [left for lefts in threads.map(take, clients) for left in lefts]
    assert sorted(left for left in told if left >= 0) == list(range(100))
    assert told.count(-1) == 60


def test_a_script_is_known_by_its_hash_until_it_is_forgotten(shop: redis.Redis, name: Name) -> None:
    digest = shop.script_load(TAKE)
    shop.set(name("stock"), 1)
    assert shop.evalsha(digest, 1, name("stock"), 1) == 0
    shop.script_flush()
    assert shop.script_exists(digest) == [False]
    with pytest.raises(NoScriptError):
        shop.evalsha(digest, 1, name("stock"), 1)


def test_what_a_script_has_written_before_its_error_stays(shop: redis.Redis, name: Name) -> None:
    with pytest.raises(ResponseError):
        shop.eval("redis.call('set', KEYS[1], 'lamp') redis.call('lpush', KEYS[1], 'mug')", 1, name("cart"))
    assert shop.get(name("cart")) == "lamp"


@pytest.mark.parametrize(("value", "told"), [
    ("3.99", 3), ("true", 1), ("false", None), ("nil", None), ("'lamp'", "lamp"), ("{1, 2, nil, 4}", [1, 2]),
    ("{ok = 'fine'}", "fine"), ("tostring(3.5)", "3.5"), ("cjson.encode({quantity = 3})", '{"quantity":3}'),
    ("redis.sha1hex('')", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
])
def test_what_lua_says_arrives_as_documented(shop: redis.Redis, value: str, told: object) -> None:
    assert shop.eval(f"return {value}", 0) == told


def test_a_script_says_an_error_in_its_own_words_and_can_catch_one(shop: redis.Redis, name: Name) -> None:
    with pytest.raises(ResponseError, match="SOLDOUT no lamp is left"):
        shop.eval("return redis.error_reply('SOLDOUT no lamp is left')", 0)
    shop.set(name("word"), "lamp")
    assert shop.eval("return type(redis.pcall('incr', KEYS[1]).err)", 1, name("word")) == "string"
