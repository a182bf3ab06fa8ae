"""The network and the switch: what arrives, what is lost, who knows what, and what the history says of it."""

from __future__ import annotations

import asyncio

import pytest

from autograder.explore.names import Strike
from autograder.explore.virtual_strikes import PlannedStrikes
from autograder.simulation import Simulation, tell
from shop.network import Broken, Refused, Unavailable


class Till:
    """A service that counts what it is asked."""

    def __init__(self):
        self.taken = []

    def pay(self, amount):
        self.taken.append(amount)
        return amount

    async def slow(self, seconds):
        await asyncio.sleep(seconds)
        return "late"

    def refuse(self, how):
        raise {"refused": Refused, "unavailable": Unavailable, "broken": Broken}[how]("no")


class Shop:
    """Code of a reader, on the simulation's own loop."""

    def __init__(self, node):
        self.node = node
        self.seen = 0

    async def sell(self, amount):
        self.seen += 1
        await self.node.save("sold", amount)
        return await self.node.call("till", "pay", amount)

    async def patient(self, seconds):
        async with asyncio.timeout(1):
            return await self.node.call("till", "slow", seconds)

    async def kept(self):
        return await self.node.load("sold", "nothing"), self.seen


def run(story, *strikes, **settings):
    sim = Simulation(strikes=PlannedStrikes("shop-1", strikes), **settings)
    return tell(story, sim), sim


@pytest.mark.parametrize(
    ("how", "outcome"), [("refused", "failed"), ("unavailable", "failed"), ("broken", "unknown")]
)
def test_what_a_service_says_decides_what_its_caller_knows(how, outcome):
    async def story(sim):
        sim.service("till", Till())
        return await sim.client("ada").call("till", "refuse", how)

    answer, _ = run(story)
    assert (answer.outcome, answer.error) == (outcome, f"{how}: no")


def test_nobody_at_home_is_a_sure_failure():
    async def story(sim):
        return await sim.client("ada").call("nobody", "pay", 1)

    answer, _ = run(story)
    assert (answer.outcome, answer.error) == ("failed", "nobody is there")


def test_messages_take_their_time_both_ways():
    async def story(sim):
        sim.network.latency(10, 10)
        sim.network.latency(40, 40, between=("bao", "till"))
        sim.service("till", Till())
        return [await sim.client(name).call("till", "pay", 1) for name in ("ada", "bao")]

    answers, _ = run(story)
    assert [round(answer.ms, 6) for answer in answers] == [20, 80]


def test_a_client_that_gives_up_does_not_know():
    async def story(sim):
        till = Till()
        sim.service("till", till)
        answer = await sim.client("ada", timeout_ms=100).call("till", "slow", 15)
        await asyncio.sleep(20)
        return answer

    answer, sim = run(story)
    assert (answer.outcome, answer.error, answer.end_ms) == ("unknown", "gave up", 100)
    [call] = sim.ledger.history("run", "").calls
    assert (call.outcome, call.answer, call.end) == ("unknown", "gave up after 100 ms", 100_000)


@pytest.mark.parametrize(
    "cut", [lambda net: net.isolate("till"), lambda net: net.split(["ada"], ["till"]), lambda net: net.cut("ada", "till")]
)
def test_a_network_partition_loses_messages_until_it_heals(cut):
    async def story(sim):
        till = Till()
        sim.service("till", till)
        ada = sim.client("ada", timeout_ms=100)
        cut(sim.network)
        lost = await ada.call("till", "pay", 1)
        sim.network.heal()
        return lost.outcome, (await ada.call("till", "pay", 2)).outcome, till.taken

    assert run(story)[0] == ("unknown", "ok", [2])


def test_a_one_way_cut_loses_the_answer_alone():
    async def story(sim):
        till = Till()
        sim.service("till", till)
        sim.network.cut("till", "ada", oneway=True)
        answer = await sim.client("ada", timeout_ms=100).call("till", "pay", 1)
        return answer.outcome, till.taken

    told, sim = run(story)
    assert told == ("unknown", [1])
    assert sim.ledger.history("run", "").calls[0].fault == "drop-after"


def test_loss_and_duplication_are_shares_of_the_messages():
    async def story(sim):
        till = Till()
        sim.service("till", till)
        sim.network.loss, sim.network.duplication = 0.2, 0.2
        await asyncio.gather(*(sim.client(f"c{n}", timeout_ms=50).call("till", "pay", n) for n in range(500)))
        return len(set(till.taken)), len(till.taken) - len(set(till.taken))

    arrived, twice = run(story)[0]
    assert 360 <= arrived <= 440
    assert 50 <= twice <= 110


async def selling(sim):
    """One sale, and what is left when it is over."""
    till = Till()
    sim.service("till", till)
    sim.process("shop-1", Shop)
    answer = await sim.client("ada", timeout_ms=500).call("shop-1", "sell", 90)
    await asyncio.sleep(5)
    return answer.outcome, till.taken, (await sim.client("ada").call("shop-1", "kept")).value


@pytest.mark.parametrize(
    ("fault", "label", "outcome", "taken", "kept"),
    [
        ("kill-before", "save", "unknown", [], ["nothing", 0]),
        ("kill-after", "save", "unknown", [], [90, 0]),
        ("kill-before", "pay", "unknown", [], [90, 0]),
        ("kill-after", "pay", "unknown", [90], [90, 0]),
        ("drop-before", "pay", "unknown", [], [90, 1]),
        ("drop-after", "pay", "unknown", [90], [90, 1]),
        ("duplicate", "pay", "ok", [90, 90], [90, 1]),
    ],
)
def test_a_strike_at_a_call_leaves_what_such_a_fault_leaves(fault, label, outcome, taken, kept):
    told, sim = run(selling, Strike(fault=fault, label=label))
    assert told == (outcome, taken, kept)
    assert [call.fault for call in sim.ledger.history("run", "").calls if call.fault] == [fault]


def test_a_killed_process_comes_back_with_its_disk_and_without_its_memory():
    _, sim = run(selling, Strike(fault="kill-after", label="pay"))
    assert [mark.kind for mark in sim.ledger.marks] == ["crash", "restart"]


def test_a_timeout_of_the_learners_is_seen_in_the_history():
    async def story(sim):
        sim.service("till", Till())
        sim.process("shop-1", Shop)
        return await sim.client("ada").call("shop-1", "patient", 15)

    answer, sim = run(story)
    assert answer.error.startswith("broken: TimeoutError")
    slow = next(call for call in sim.ledger.history("run", "").calls if call.label == "slow")
    assert (slow.outcome, slow.answer) == ("unknown", "gave up")


def test_no_two_events_share_a_tick_and_order_is_time():
    async def story(sim):
        sim.network.latency(0, 0)
        sim.service("till", Till())
        await asyncio.gather(*(sim.client(f"c{n}").call("till", "pay", n) for n in range(50)))

    _, sim = run(story)
    calls = sim.ledger.history("run", "").calls
    ticks = [tick for call in calls for tick in (call.start, call.end)]
    assert len(set(ticks)) == 100
    assert [call.start for call in calls] == sorted(call.start for call in calls)


def test_the_same_seed_gives_the_same_history_and_another_seed_another():
    async def story(sim):
        sim.network.latency(1, 50)
        sim.network.loss = 0.3
        sim.service("till", Till())
        await asyncio.gather(*(sim.client(f"c{n}", timeout_ms=60).call("till", "pay", n) for n in range(20)))

    first, again, other = (run(story, seed=seed)[1].ledger.history("run", "").to_lines() for seed in (3, 3, 4))
    assert first == again
    assert first != other
