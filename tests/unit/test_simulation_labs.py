"""A lab in virtual time, judged as every lab is: swept, shrunk, named, reported, replayed; and answer sheets."""

from __future__ import annotations

import asyncio

import pytest

from autograder.explore.answers import AnswerSheet
from autograder.explore.names import RunName
from autograder.explore.virtual import KILLS, LOSSES, VirtualScenario
from autograder.grading.judge import judge
from autograder.grading.lanes import backends_for
from autograder.grading.replays import play_again
from autograder.grading.report import report_html, report_text
from autograder.invariants import Violation
from autograder.labs import Lab, Rule, Task, add
from tests.unit.simulation_subjects import program

KEEPS = """
    class Counter:
        def __init__(self, node):
            self.node = node

        async def like(self, who):
            likes = await self.node.load("likes", [])
            await self.node.save("likes", sorted({*likes, who}))
            return len(likes)

        async def count(self):
            return len(await self.node.load("likes", []))

    def sheet():
        return {"ladder": "linearizable", "number": 7, "word": "eventual"}
"""
FORGETS = """
    class Counter:
        def __init__(self, node):
            self.node, self.likes = node, set()

        async def like(self, who):
            self.likes.add(who)
            self.node.send("audit", "seen", who)

        async def count(self):
            return len(self.likes)

    def sheet():
        return {"ladder": "serial", "number": 7}
"""


class Audit:
    def seen(self, who):
        return None


async def likes(sim):
    """Each word is a client that likes once, again and again until it is answered."""
    sim.network.latency(1, 5)
    sim.service("audit", Audit())
    counter = sim.process("counter-1", "Counter")

    async def like(name):
        while not (await sim.client(name, timeout_ms=100).call("counter-1", "like", name)).ok:
            await asyncio.sleep(1)

    for name in sim.input:
        await like(name)
    await asyncio.sleep(5)
    sim.snapshot("in the end", liked=len(sim.input), counted=await counter.ask("count"))


def no_like_is_lost(history, state):
    """Every like that was acknowledged is counted."""
    if state.known["counted"] < state.known["liked"]:
        said = f"{state.known['liked']} likes were acknowledged, {state.known['counted']} are counted"
        return Violation(rule="no_like_is_lost", evidence=said, process="counter-1")
    return None


def answers_are_right(history, state):
    """Every answer is what the judge computes."""


SCENARIO = VirtualScenario(
    name="likes", title="Likes", play=likes, input=("ada", "bao", "zoe"), target="counter-1", faults=KILLS + LOSSES,
    rules=(no_like_is_lost,), needs=("Counter",), seeds=3, pairs=("kill-after",), read="Replicas",
)  # fmt: skip
SHEET = AnswerSheet(
    name="sheet", title="Three questions", function="sheet", rule=answers_are_right,
    questions={"ladder": ("linearizable", "sequential"), "number": None, "word": ("eventual", "strong")},
    truth=lambda answers: {"ladder": "linearizable", "number": 7.2, "word": "eventual"},
    right=lambda name, answer, truth: abs(answer - truth) <= 0.72 if name == "number" else answer == truth,
)  # fmt: skip
LAB = Lab(
    number=99,
    name="lab99_try",
    title="A lab in virtual time",
    day="",
    rules=(Rule(number=1, invariant=no_like_is_lost), Rule(number=2, invariant=answers_are_right)),
    tasks=(
        Task(name="Counter", title="Counter", function="Counter", scenarios=(SCENARIO,), points={"no_like_is_lost": 10}, outcomes=("O1",)),
        Task(name="sheet", title="Sheet", function="sheet", scenarios=(SHEET,), points={"answers_are_right": 10}, outcomes=("O1",)),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def verdicts():
    add(LAB)
    assert LAB.engines == {"virtual"}
    with backends_for(LAB) as backends:
        assert backends is None
        yield {name: judge(LAB.name, program(text), backends=None) for name, text in (("right", KEEPS), ("wrong", FORGETS))}


def test_a_right_program_holds_at_every_call_pair_and_seed(verdicts):
    task, sheet = verdicts["right"].tasks
    assert (task.kind, task.points, sheet.kind, sheet.points) == ("passed", 10, "passed", 10)
    [swept] = task.swept
    assert swept.coverage.samples == 2
    assert swept.coverage.pairs == 21  # seven calls, each with every later one
    assert swept.coverage.exhaustive


def test_the_report_says_what_was_covered(verdicts):
    text = report_text(verdicts["right"])
    assert "Likes: 3 seeds, a sample and 14 fault points" in text
    assert "Three questions: every answer compared with what the judge computes." in text


def test_a_wrong_program_is_broken_by_the_smallest_run(verdicts):
    task, _ = verdicts["wrong"].tasks
    assert task.kind == "broken"
    assert task.counterexample.name == "99.likes.ada-bao.kill-before.seen.2"
    assert len(task.counterexample.name) <= 64
    assert "<svg" in report_html(verdicts["wrong"])


def test_the_run_is_replayed_by_its_name(verdicts):
    run = verdicts["wrong"].tasks[0].counterexample.name
    again = play_again(LAB, program(FORGETS), run)
    assert again.kind == "broken"
    assert run in again.plain
    assert "this one run, played again; it breaks a rule." in again.plain and "0 of 0" not in again.plain


def test_a_sheet_says_how_many_are_right_and_not_which(verdicts):
    _, sheet = verdicts["wrong"].tasks
    assert (sheet.kind, sheet.points) == ("broken", 3)
    said = sheet.counterexample.violations[0].evidence
    assert said == "1 of the 3 answers is right; ladder: 'serial' is none of linearizable, sequential; word has no answer"


def test_a_blank_sheet_is_not_attempted(verdicts):
    blank = "def sheet():\n    return {'ladder': '', 'number': None}\n"
    [task] = judge(LAB.name, program(blank), backends=None, tasks=["sheet"]).tasks
    assert (task.kind, task.points) == ("unanswered", 0)


def test_a_sheet_that_raises_is_told_in_its_own_words(verdicts):
    [task] = judge(LAB.name, program("def sheet():\n    return 1 // 0\n"), backends=None, tasks=["sheet"]).tasks
    assert task.kind == "broken"
    assert "ZeroDivisionError" in task.counterexample.violations[0].evidence


def test_a_story_of_ours_that_fails_costs_nobody_points(verdicts):
    async def failing(sim):
        raise LookupError("ours")

    scenario = VirtualScenario(name="failing", title="Failing", play=failing, input=("a",), rules=(no_like_is_lost,))
    task = Task(name="Counter", title="Counter", function="Counter", scenarios=(scenario,), points={}, outcomes=())
    add(Lab(number=98, name="lab98_try", title="", day="", rules=LAB.rules, tasks=(task,)))
    verdict = judge("lab98_try", program(KEEPS), backends=None)
    assert verdict.kind == "error"
    assert "LookupError: ours" in verdict.tasks[0].said


def test_names_of_two_strikes_stay_short_and_read_back():
    text = "12.admission.a1-b2-c3.kill-after.EVALSHA.1.drop-before.reserve_and_hold.12"
    name = RunName.parse("12.admission.a1.kill-after.EVALSHA.1.drop-before.reserve.2")
    assert RunName.parse(str(name)) == name
    with pytest.raises(ValueError, match="is not the name of a run"):
        RunName.parse(text)
