"""The loop: time jumps, order is the same in every process, and what cannot go on says so."""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import subprocess
import sys
import time
import uuid

import pytest

from autograder.backends import ROOT
from autograder.simulation import NoRealIO, Simulation, Stuck, tell


def told(story, **settings):
    """What a story returns, and its virtual seconds."""
    sim = Simulation(**settings)
    return tell(story, sim), sim.loop.now


def test_an_hour_of_waiting_is_an_hour_of_virtual_time():
    async def story(sim):
        await asyncio.sleep(3600)
        return time.monotonic(), datetime.datetime.now().hour

    assert told(story, limit_s=4000) == ((3600.0, datetime.datetime.fromtimestamp(1_767_225_600 + 3600).hour), 3600.0)


def test_the_real_clock_is_back_afterwards():
    async def story(sim):
        await asyncio.sleep(3600)

    before = time.time()
    told(story, limit_s=4000)
    assert before <= time.time() < before + 3000
    assert isinstance(datetime.datetime.now(), datetime.datetime)


def test_a_blocking_sleep_stalls_everybody():
    async def other(sim, woke):
        await asyncio.sleep(1)
        woke.append(sim.now_ms)

    async def story(sim):
        woke = []
        waiting = asyncio.create_task(other(sim, woke))
        await asyncio.sleep(0.5)
        time.sleep(5)
        await waiting
        return woke

    assert told(story)[0] == [5500.0]


def test_chance_comes_from_the_seed():
    async def story(sim):
        return random.random(), str(uuid.uuid4()), os.urandom(4)

    assert told(story, seed=1) == told(story, seed=1)
    assert told(story, seed=1) != told(story, seed=2)


def test_a_wait_for_nothing_is_a_deadlock_that_says_who_waits():
    async def story(sim):
        sim.service("payment", Hanging(sim))
        await sim.client("ada").call("payment", "charge", 90)

    with pytest.raises(Stuck, match=r"ada waits for payment.charge since 0.001 ms") as stuck:
        told(story)
    assert stuck.value.how == "deadlock"


def test_turns_without_end_are_a_livelock():
    async def story(sim):
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Stuck) as stuck:
        told(story)
    assert stuck.value.how == "livelock"


def test_a_story_that_goes_on_for_ever_ends_at_its_limit():
    async def story(sim):
        while True:
            await asyncio.sleep(1)

    with pytest.raises(Stuck, match="after 60 s it is still not over") as stuck:
        told(story, limit_s=60)
    assert stuck.value.how == "limit"


def test_real_sockets_are_refused_in_one_sentence():
    async def story(sim):
        await asyncio.open_connection("127.0.0.1", 5432)

    with pytest.raises(NoRealIO, match="no real sockets"):
        told(story)


def test_what_a_service_raises_is_our_error_and_ends_the_run():
    async def story(sim):
        sim.service("payment", Faulty())
        await sim.client("ada").call("payment", "charge")

    with pytest.raises(ZeroDivisionError):
        told(story)


class Hanging:
    def __init__(self, sim):
        self.sim = sim

    async def charge(self, amount):
        await self.sim.never()


class Faulty:
    def charge(self):
        return 1 // 0


ORDER = """
import asyncio
import datetime
from autograder.simulation import Simulation, tell
async def story(sim):
    order = []
    async def one(n):
        await asyncio.sleep(1)
        order.append(n)
    tasks = {asyncio.create_task(one(n)) for n in range(20)}
    done, _ = await asyncio.wait(tasks)
    return [task.get_name() for task in done], [t.get_name() for t in tasks], order
names, more, order = tell(story, Simulation())
print([names.index(n) for n in sorted(names)], [more.index(n) for n in sorted(more)], order)
"""


def test_sets_of_tasks_have_one_order_in_every_process():
    orders = set()
    for seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run([sys.executable, "-c", ORDER], env=environment, capture_output=True, text=True, check=True)
        orders.add(ran.stdout)
    assert len(orders) == 1
