"""The same name is the same run: in every process, whatever its hash seed, and on every Python that the course supports.

The digest below was the same on Python 3.11.7, 3.12.1 and 3.13.0. ``asyncio.wait_for``, which the Redis client uses too, was
written anew in 3.12 and takes other turns of the loop since then: such a program has another history on 3.11 (and one and
the same on 3.12 and 3.13), but no other answers.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

from autograder.backends import ROOT

DIGEST = "60cd06875dc64ea5"
PROGRAM = """
import asyncio, hashlib, sys
from autograder.explore.virtual_redis import redis_for
from tests.unit.simulation_subjects import lane_with, play

SOURCE = '''
import asyncio, random, time, uuid
import redis.asyncio as redis

class Shop:
    def __init__(self, node):
        self.node = node
        self.redis = redis.from_url("redis://redis:6379/0")
        self.sold = {}

    async def sell(self, item):
        tasks = {asyncio.create_task(self.charge(item, n)) for n in range(5)}
        done, _ = await asyncio.wait(tasks)
        async with asyncio.TaskGroup() as group:
            for task in done:
                group.create_task(self.count(item, task.result()))
        return sorted({str(uuid.uuid4()), item}), {one for one in "abc"} == set("abc")

    async def charge(self, item, n):
        await asyncio.sleep(random.random())
        while True:
            try:
                async with asyncio.timeout(0.05):
                    return await self.node.call("till", "pay", item, n)
            except TimeoutError:
                await asyncio.sleep(random.uniform(0, 0.1))

    async def count(self, item, n):
        self.sold[item] = self.sold.get(item, 0) + n
        await COUNT
'''

class Till:
    def pay(self, item, n):
        return n

async def story(sim):
    sim.network.latency(1, 30)
    sim.network.loss = sim.network.duplication = sim.network.reordering = 0.2
    sim.service("till", Till())
    redis = redis_for(sim)
    for number in (1, 2):
        sim.process(f"shop-{number}", "Shop")
    asks = (sim.client(f"c{n}", timeout_ms=20_000).call(f"shop-{n % 2 + 1}", "sell", f"item-{n}") for n in range(6))
    answers = await asyncio.gather(*asks)
    sim.note(str([(answer.outcome, answer.value) for answer in answers]))
    sim.note(str([redis.execute("GET", f"item-{n}") for n in range(6)]))

with lane_with(SOURCE.replace("COUNT", sys.argv[1])) as lane:
    lines = [play(lane, story, run).history.to_lines() for run in ("01.story.a1", "01.story.a1-s5")]
print(hashlib.sha256("".join(lines).encode()).hexdigest()[:16], hash("lamp") % 1000)
"""


WITH_REDIS = "self.redis.incrby(item, n)"
WITHOUT = "asyncio.sleep(0)"


def digest(seed: str, count: str) -> tuple[str, str]:
    """The digest of two runs, and a number that shows that the hash seed was another one."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, count], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, hashed = ran.stdout.split()
    return found, hashed


def test_a_run_is_the_same_on_every_python():
    assert digest("0", WITHOUT)[0] == DIGEST


def test_a_run_is_the_same_in_every_process():
    runs = [digest(seed, WITH_REDIS) for seed in ("0", "1", "4242")]
    assert len({hashed for _, hashed in runs}) > 1
    assert len({found for found, _ in runs}) == 1
