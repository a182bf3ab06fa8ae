"""Redis in virtual time: the unmodified client, TTLs that cost nothing, crash points at commands, a partition, a dead Redis."""

from __future__ import annotations

import asyncio
import time

import pytest

from autograder.explore.virtual import KILLS
from autograder.explore.virtual_redis import redis_for
from autograder.simulation import Simulation, tell
from tests.unit.simulation_subjects import lane_with, play

CACHE = """
    import asyncio
    import redis.asyncio as redis

    TAKE = "local left = tonumber(redis.call('get', KEYS[1]) or 0) if left > 0 then redis.call('decr', KEYS[1]) end return left"

    class Cache:
        def __init__(self, node, timeout_s=None):
            self.redis = redis.from_url("redis://redis:6379/0", socket_timeout=timeout_s, decode_responses=True)
            self.heard = []

        async def put(self, key, value, ttl_s):
            return await self.redis.set(key, value, ex=ttl_s)

        async def get(self, key):
            return await self.redis.get(key)

        async def many(self, count):
            async with self.redis.pipeline(transaction=True) as pipe:
                for n in range(count):
                    pipe.incr("n")
                return await pipe.execute()

        async def take(self, key):
            return await self.redis.eval(TAKE, 1, key)

        async def pop(self):
            return await self.redis.blpop("queue", timeout=30)

        async def push(self, item):
            return await self.redis.rpush("queue", item)

        async def listen(self):
            async with self.redis.pubsub() as pubsub:
                await pubsub.subscribe("news")
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        return message["data"]

        async def tell(self, text):
            return await self.redis.publish("news", text)
"""


@pytest.fixture(scope="module")
def lane():
    with lane_with(CACHE) as opened:
        yield opened


def told(lane, story, *args, run="", **settings):
    """What a story with one cache and one Redis returns."""
    found = []

    async def whole(sim):
        sim.process("cache-1", "Cache", *args)
        found.append(await story(sim, sim.client("ada"), redis_for(sim)))

    return found, play(lane, whole, run, target="cache-1", faults=KILLS, **settings)


def test_a_ttl_passes_in_no_time(lane):
    async def story(sim, ada, redis):
        put = await ada.call("cache-1", "put", "lamp", "90", 60)
        await asyncio.sleep(59)
        before = await ada.call("cache-1", "get", "lamp")
        await asyncio.sleep(2)
        return put.value, before.value, (await ada.call("cache-1", "get", "lamp")).value, redis.execute("EXISTS", "lamp")

    found, played = told(lane, story)
    assert found == [(True, "90", None, 0)]
    assert [call.request for call in played.history.by("cache-1")][0] == "SET(lamp, 90, EX, 60)"


def test_pipelines_scripts_and_blocking_commands_work(lane):
    async def story(sim, ada, redis):
        many = await ada.call("cache-1", "many", 3)
        redis.execute("SET", "stock", 2)
        takes = [(await ada.call("cache-1", "take", "stock")).value for _ in range(3)]
        popping = asyncio.ensure_future(ada.call("cache-1", "pop"))
        await asyncio.sleep(10)
        await ada.call("cache-1", "push", "lamp")
        popped = await popping
        return many.value, takes, popped.value, round(popped.ms / 1000)

    found, _ = told(lane, story)
    assert found == [([1, 2, 3], [2, 1, 0], ["queue", "lamp"], 10)]


def test_a_published_message_is_heard(lane):
    async def story(sim, ada, redis):
        listening = asyncio.ensure_future(ada.call("cache-1", "listen"))
        await asyncio.sleep(1)
        await ada.call("cache-1", "tell", "sale")
        return (await listening).value

    assert told(lane, story)[0] == ["sale"]


@pytest.mark.parametrize(("fault", "kept"), [("kill-before", None), ("kill-after", "90")])
def test_a_process_is_killed_at_a_command(lane, fault, kept):
    async def story(sim, ada, redis):
        answer = await ada.call("cache-1", "put", "lamp", "90", 60)
        return answer.outcome, redis.execute("GET", "lamp")

    found, played = told(lane, story, run=f"01.story.a1.{fault}.SET.1")
    assert found == [("unknown", kept)]
    assert played.reached


def test_a_partition_holds_bytes_back_until_it_heals(lane):
    async def story(sim, ada, redis):
        await ada.call("cache-1", "put", "lamp", "90", 60)
        sim.network.cut("cache-1", "redis")
        asking = asyncio.ensure_future(ada.call("cache-1", "get", "lamp"))
        await asyncio.sleep(3.5)
        sim.network.heal()
        answer = await asking
        return answer.value, 3500 <= answer.ms < 4000

    assert told(lane, story)[0] == [("90", True)]


def test_a_timeout_of_the_client_ends_the_wait(lane):
    async def story(sim, ada, redis):
        await ada.call("cache-1", "put", "lamp", "90", 60)
        sim.network.isolate("redis")
        answer = await ada.call("cache-1", "get", "lamp")
        return answer.error.split(":")[1].strip(), answer.ms < 30_000

    assert told(lane, story, 0.5)[0] == [("TimeoutError", True)]


def test_a_dead_redis_refuses_connections_and_comes_back(lane):
    async def story(sim, ada, redis):
        await ada.call("cache-1", "put", "lamp", "90", 60)
        redis.stop()
        dead = await ada.call("cache-1", "get", "lamp")
        redis.start(empty=True)
        return dead.error.split(":")[1].strip(), (await ada.call("cache-1", "get", "lamp")).value

    assert told(lane, story)[0] == [("ConnectionError", None)]


def test_the_client_works_in_a_notebook_too():
    import redis.asyncio as client

    class Counter:
        def __init__(self, node):
            self.redis = client.from_url("redis://redis:6379/0")

        async def add(self):
            return await self.redis.incr("n")

        async def close(self):
            await self.redis.aclose()

    async def story(sim):
        redis_for(sim)
        sim.process("counter-1", Counter)
        added = [(await sim.client("ada").call("counter-1", "add")).value for _ in range(3)]
        await sim.client("ada").call("counter-1", "close")
        return added

    assert tell(story, Simulation()) == [1, 2, 3]


ERRORS = """
    import redis.asyncio as redis

    class Scripts:
        def __init__(self, node):
            self.redis = redis.from_url("redis://redis:6379/0", decode_responses=True)

        async def loaded(self):
            return await self.redis.register_script("return redis.call('incr', KEYS[1])")(keys=["n"])

        async def failing(self):
            await self.redis.set("name", "Ada")
            try:
                await self.redis.incr("name")
            except redis.ResponseError as error:
                return str(error)
"""


def test_an_error_of_a_command_reaches_the_client_and_a_script_is_loaded_when_it_is_unknown():
    with lane_with(ERRORS) as lane:
        found = []

        async def story(sim):
            redis_for(sim)
            sim.process("gate-1", "Scripts")
            found.append((await sim.client("ada").call("gate-1", "loaded")).value)
            found.append((await sim.client("ada").call("gate-1", "failing")).value)

        play(lane, story)
    assert found == [1, "value is not an integer or out of range"]


CLOCKS = """
    import datetime, time
    import redis.asyncio as redis

    SERVER = "return redis.call('time')[1]"

    class Clocks:
        def __init__(self, node):
            self.redis = redis.from_url("redis://redis:6379/0", decode_responses=True)

        async def read(self):
            now = datetime.datetime.now(datetime.timezone.utc).timestamp()
            return [time.time(), time.monotonic(), now, int(await self.redis.eval(SERVER, 0))]
"""


def test_a_process_may_have_a_wrong_clock_and_redis_keeps_its_own():
    with lane_with(CLOCKS) as lane:
        found = {}

        async def story(sim):
            redis_for(sim)
            for name, off_s in (("right-1", 0.0), ("ahead-1", 40.0), ("behind-1", -7.0)):
                sim.process(name, "Clocks", clock_off_s=off_s)
            await asyncio.sleep(100)
            for name in ("right-1", "ahead-1", "behind-1"):
                found[name] = (await sim.client("ada").call(name, "read")).value

        play(lane, story)
    right, ahead, behind = found["right-1"], found["ahead-1"], found["behind-1"]
    assert [round(a - b, 1) for a, b in zip(ahead[:3], right[:3], strict=True)] == [40.0] * 3
    assert [round(a - b, 1) for a, b in zip(behind[:3], right[:3], strict=True)] == [-7.0] * 3
    assert ahead[3] == right[3] == behind[3] == int(right[0])


def test_in_a_notebook_too_each_process_reads_its_own_clock():
    class Clock:
        def __init__(self, node):
            self.redis = redis_client()

        async def read(self):
            async with self.redis as redis:
                return [time.time(), int(await redis.eval("return redis.call('time')[1]", 0))]

    async def story(sim):
        redis_for(sim)
        sim.process("right-1", Clock)
        sim.process("ahead-1", Clock, clock_off_s=40)
        return [(await sim.client("ada").call(name, "read")).value for name in ("right-1", "ahead-1")]

    (right, server), (ahead, same_server) = tell(story, Simulation())
    assert round(ahead - right) == 40 and server == same_server == int(right)


def redis_client():
    import redis.asyncio as redis

    return redis.from_url("redis://redis:6379/0", decode_responses=True)
