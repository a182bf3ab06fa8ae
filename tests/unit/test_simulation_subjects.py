"""Learner code in virtual time, in a sandboxed process of its own: whatever it does is its own run's story."""

from __future__ import annotations

import asyncio

import pytest

from autograder.explore.virtual import StoryFailed
from tests.unit.simulation_subjects import lane_with, play

SHOP = """
    from datetime import datetime
    from time import monotonic, sleep
    import asyncio, os, random, sys, uuid
    from shop import Node, PlaceOrder, Refused

    class Shop:
        def __init__(self, node):
            self.node, self.ticks = node, 0

        async def run(self):
            while True:
                await asyncio.sleep(1)
                self.ticks += 1

        async def clock(self):
            return monotonic(), datetime.now().isoformat(), self.ticks

        async def nap(self):
            sleep(5)
            return monotonic()

        async def dice(self):
            return random.random(), str(uuid.uuid4()), os.urandom(4).hex()

        async def order(self, command):
            if command.quantity > 9:
                raise Refused("too many", 422)
            return PlaceOrder(purchase_id=command.purchase_id, buyer="Bao", item=command.item)

        async def blunder(self):
            return 1 // 0

        async def two(self):
            return await asyncio.gather(self.node.call("till", "pay", 1), self.node.call("till", "pay", 2))

        async def wait_for_ever(self):
            await asyncio.Event().wait()

        async def circle(self):
            while True:
                await asyncio.sleep(0)

        async def compute(self):
            while True:
                pass

        async def leave(self):
            os._exit(3)

        async def lie(self):
            os.write(4, b'{"now": 0, "next": null, "out": [[0, "answer", 1, "ok", "anything"], 7]}\\n')

        async def babble(self):
            os.write(4, b"not a line of JSON\\n")

        async def flood(self):
            sys.stdout.write("x" * (1 << 22))

        async def unsayable(self):
            return object()

    async def greet(node, name):
        return f"{node.name} greets {name}"
"""


@pytest.fixture(scope="module")
def lane():
    with lane_with(SHOP) as opened:
        yield opened


class Till:
    def pay(self, amount):
        return amount


def asked(lane, method, *args, after=0.0, **settings):
    """What a client is told by the process ``shop-1``, and the run."""
    told = []

    async def story(sim):
        sim.service("till", Till())
        sim.process("shop-1", "Shop")
        await asyncio.sleep(after)
        told.append(await sim.client("ada").call("shop-1", method, *args))

    played = play(lane, story, **settings)
    return (told or [None])[0], played


def test_names_that_were_bound_at_import_read_virtual_time(lane):
    answer, _ = asked(lane, "clock", after=3600, limit_s=4000)
    now, wall, ticks = answer.value
    assert (round(now, 3), wall[:16], ticks) == (3600.001, "2026-01-01T01:00", 3600)


def test_a_blocking_sleep_takes_virtual_time(lane):
    answer, _ = asked(lane, "nap")
    assert round(answer.ms) == 5002


def test_chance_is_the_runs(lane):
    first, again = (asked(lane, "dice")[0].value for _ in range(2))
    assert first == again


def test_orders_travel_as_what_they_are(lane):
    from shop import PlaceOrder

    answer, _ = asked(lane, "order", PlaceOrder(purchase_id="p-1", buyer="Ada", item="lamp"))
    assert answer.value == PlaceOrder(purchase_id="p-1", buyer="Bao", item="lamp")
    refused, _ = asked(lane, "order", PlaceOrder(purchase_id="p-1", buyer="Ada", item="lamp", quantity=10))
    assert (refused.outcome, refused.error) == ("failed", "refused: too many")


def test_functions_of_the_module_get_their_node(lane):
    async def story(sim):
        sim.process("desk-1")
        answer = await sim.client("ada").call("desk-1", "greet", "Ada")
        sim.snapshot("then", wrong="" if answer.value == "desk-1 greets Ada" else answer.error)

    assert not play(lane, story).violations


def test_calls_at_the_same_time_are_two_calls(lane):
    answer, played = asked(lane, "two")
    assert answer.value == [1, 2]
    assert [call.point for call in played.history.by("shop-1")] == ["pay #1", "pay #2"]


def test_an_exception_reaches_the_caller_and_the_report(lane):
    answer, played = asked(lane, "blunder")
    assert (answer.outcome, answer.error) == ("unknown", "broken: ZeroDivisionError: integer division or modulo by zero")
    assert played.failures[0].startswith("blunder: ZeroDivisionError: integer division or modulo by zero (line ")


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("wait_for_ever", "wait_for_ever, line"),
        ("circle", "circle, line"),
        ("compute", "shop-1 computes for 5 seconds and lets nobody else have a turn: compute, line"),
    ],
)
def test_a_process_that_gets_nowhere_breaks_the_rule_of_progress(lane, method, says):
    answer, played = asked(lane, method, limit_s=60)
    assert answer is None
    [violation] = played.violations
    assert violation.rule == "finishes"
    assert violation.evidence.startswith("the run never comes to its end: ")
    assert says in violation.evidence


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("leave", "status 3"),
        ("lie", "it wrote something of its own to the judge's wire"),
        ("babble", "it wrote something of its own to the judge's wire"),
        ("flood", "printed more than 1 MB"),
    ],
)
def test_a_process_that_ends_or_lies_is_down_and_said_so(lane, method, says):
    answer, played = asked(lane, method)
    assert (answer.outcome, answer.error) == ("unknown", "the connection was lost")
    assert [mark.kind for mark in played.history.marks] == ["crash"]
    assert any(says in failure for failure in played.failures), played.failures


def test_what_json_cannot_say_is_an_exception_of_the_learners(lane):
    answer, _ = asked(lane, "unsayable")
    assert answer.error == "broken: TypeError: a object cannot be sent: send what JSON can say"


def test_a_class_that_is_missing_is_said(lane):
    async def story(sim):
        sim.process("shop-1", "Market")
        await sim.client("ada").call("shop-1", "sell")

    assert play(lane, story).failures[0] == "no cell defines Market"


def test_a_story_of_ours_that_fails_is_no_verdict(lane):
    async def story(sim):
        raise LookupError("ours")

    with pytest.raises(StoryFailed, match="LookupError: ours"):
        play(lane, story)
