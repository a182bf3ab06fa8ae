"""redis-py behind the tap, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from autograder.backends.redis import Redis
from autograder.tap import Tap
from tests.contract.tap_room import Room

NO_RETRY = Retry(NoBackoff(), 0)


@pytest.fixture
def room() -> Iterator[Room]:
    with Tap() as tap:
        yield Room(tap)


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(request: pytest.FixtureRequest, room: Room, redis_server: Redis) -> Iterator[redis.Redis]:
    """A client of an empty Redis, by a door of order-1."""
    place = urlsplit(redis_server.address)
    with redis.Redis(host=place.hostname, port=place.port) as judge:
        judge.flushall()
        judge.script_flush()
    door = room.tap.door("order-1", "redis", (place.hostname, place.port))
    with redis.Redis(port=door.port, protocol=request.param, decode_responses=True, retry=NO_RETRY) as client:
        yield client


def test_commands_are_requests(room: Room, client: redis.Redis) -> None:
    def play() -> list:
        client.set("stock:lamp", 5)
        client.hset("lamp", mapping={"price": 40})
        return [client.decr("stock:lamp"), client.get("stock:lamp"), client.hgetall("lamp"), client.get("nothing")]

    assert room.play(play) == [4, "4", {"price": "40"}, None]
    assert room.labels() == ["SET", "HSET", "DECRBY", "GET", "HGETALL", "GET"]
    assert room.texts()[:2] == ["SET stock:lamp 5 -> OK", "HSET lamp price 40 -> 1"]
    assert room.texts()[2:4] == ["DECRBY stock:lamp 1 -> 4", "GET stock:lamp -> 4"]
    assert [request.effect for request in room.requests] == [True, True, True, False, False, False]


def test_a_pipeline_is_its_commands(room: Room, client: redis.Redis) -> None:
    def play() -> list:
        pipeline = client.pipeline(transaction=False)
        for number in range(200):
            pipeline.rpush("queue", number)
        return pipeline.execute()

    assert room.play(play) == list(range(1, 201))
    assert room.labels() == ["RPUSH"] * 200


def test_a_transaction_takes_effect_at_exec(room: Room, client: redis.Redis) -> None:
    def play() -> list:
        with client.pipeline() as pipeline:
            pipeline.watch("stock")
            pipeline.get("stock")
            pipeline.multi()
            pipeline.set("stock", 4)
            pipeline.incr("sold")
            return pipeline.execute()

    assert room.play(play) == [True, 1]
    assert [(one.label, one.effect) for one in room.requests] == [
        ("WATCH", False), ("GET", False), ("MULTI", False), ("SET", False), ("INCRBY", False), ("EXEC", True),
    ]  # fmt: skip
    assert room.texts()[-1] == "EXEC (SET stock 4; INCRBY sold 1) -> [OK, 1]"


def test_a_lost_watch_answers_nil(room: Room, client: redis.Redis) -> None:
    def play() -> None:
        with client.pipeline() as pipeline:
            pipeline.watch("stock")
            client.set("stock", 1)
            pipeline.multi()
            pipeline.set("stock", 2)
            pipeline.execute()

    with pytest.raises(redis.WatchError):
        room.play(play)
    assert room.requests[-1].answer == "nil"


def test_errors_and_scripts(room: Room, client: redis.Redis) -> None:
    script = client.register_script("return redis.call('INCR', KEYS[1])")

    def play() -> None:
        assert script(keys=["a"]) == 1
        client.set("word", "x")
        client.incr("word")

    with pytest.raises(redis.ResponseError, match="not an integer"):
        room.play(play)
    assert room.labels() == ["EVALSHA", "SCRIPT LOAD", "EVALSHA", "SET", "INCRBY"]
    assert [request.error for request in room.requests] == ["NOSCRIPT", None, None, None, "ERR"]


def test_somebody_who_blocks_is_woken(room: Room, client: redis.Redis) -> None:
    told = room.start(lambda: client.blpop("queue", timeout=20))
    room.until(lambda: room.labels() == ["BLPOP"])
    assert not told and room.tap.is_busy("order-1")
    room.play(lambda: client.rpush("queue", "p-1"))
    room.until(lambda: told)
    value = told[0][1]
    assert list(value) == ["queue", "p-1"]


def test_somebody_who_blocks_can_be_cut(room: Room, client: redis.Redis) -> None:
    told = room.start(lambda: client.blpop("queue", timeout=20))
    room.until(lambda: room.labels() == ["BLPOP"])
    room.tap.on_request = lambda request: "drop"
    room.tap.close_links("order-1")
    room.until(lambda: told)
    assert isinstance(told[0][1], redis.ConnectionError)


def test_publish_and_subscribe(room: Room, client: redis.Redis) -> None:
    def play() -> list:
        heard = []
        with client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe("orders")
            pubsub.psubscribe("ship*")
            for _ in range(2):
                pubsub.get_message(timeout=5)
            client.publish("orders", "p-1")
            client.publish("shipments", "s-1")
            for _ in range(2):
                heard.append(pubsub.get_message(timeout=5, ignore_subscribe_messages=True)["data"])
            pubsub.unsubscribe()
        return heard

    assert room.play(play) == ["p-1", "s-1"]
    assert room.labels() == ["PUBLISH", "PUBLISH"]


def test_a_large_value_goes_both_ways(room: Room, client: redis.Redis) -> None:
    large = "x" * 10_000_000

    def play() -> bool:
        client.set("large", large)
        return client.get("large") == large

    assert room.play(play)
    assert [request.answer for request in room.requests] == ["OK", "<10000000 bytes>"]
