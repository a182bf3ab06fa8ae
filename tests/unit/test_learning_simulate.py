"""simulate(): a story told in a notebook's kernel, without touching the kernel's clock or its event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from autograder.notebook import simulate
from autograder.notebook.trouble import Trouble


class Till:
    def __init__(self, node):
        self.node = node

    async def pay(self, amount):
        await self.node.save("paid", amount)
        return amount


async def story(sim):
    sim.process("till-1", Till)
    answer = await sim.client("ada", timeout_ms=100).call("till-1", "pay", 90)
    sim.measure("paid", answer.value)
    await asyncio.sleep(60)
    return sim.processes["till-1"].disk


def test_a_story_has_a_history_a_picture_and_series():
    run = simulate(story)
    assert run.value == {"paid": 90}
    assert run.seconds > 60
    assert [(name, [value for _, value in points]) for name, points in run.series.items()] == [("paid", [90])]
    assert [answer.ok for answer in run.answers] == [True]
    assert "Ada pays" in run.diagram("Ada pays").html()


def test_the_kernels_loop_and_clock_are_left_alone():
    async def kernel():
        before = time.time()
        run = await asyncio.to_thread(simulate, story)
        return run.seconds, time.time() - before

    seconds, real = asyncio.run(kernel())
    assert seconds > 60 > real


def test_a_strike_is_told_as_in_a_lab():
    assert simulate(story, strike="kill-before save #1", target="till-1").value == {}
    assert simulate(story, strike="kill-after save #1", target="till-1").value == {"paid": 90}


def test_a_strike_that_never_comes_is_said():
    with pytest.raises(Trouble, match="never made that call, so nothing was struck; it made save #1"):
        simulate(story, strike="kill-after charge #1", target="till-1")


def test_a_story_without_an_end_says_who_waits():
    async def waiting(sim):
        await sim.never()

    with pytest.raises(Trouble, match="does not come to its end"):
        simulate(waiting)


def test_names_that_a_story_gives_are_bound_to_the_readers_classes():
    async def named(sim):
        sim.process("till-1", "Till")
        return (await sim.client("ada").call("till-1", "pay", 5)).value

    assert simulate(named, Till=Till).value == 5
