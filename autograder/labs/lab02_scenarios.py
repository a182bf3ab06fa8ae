"""The stories that lab 2 plays.

An input word is a payment: ``a1`` is Ada's first for her purchase ``p-a``, ``a2`` her second one of the same amount. A letter
behind it says what the gateway makes of the first request for it that comes in its turn: ``h`` hangs up when it has charged,
``d`` drops it, ``l`` is late, ``s`` is silent, ``x`` declines, ``u`` is unavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.explore.stage import ASKED_AGAIN, Job, Stage
from autograder.labs.lab06_scenarios import Story

__all__ = ["STORIES", "again_tomorrow", "left_open", "pay", "pay_now", "reuse", "together"]

Play = Callable[[Stage], None]
Command = dict[str, Any]

BUYERS = {"a": ("Ada", 4900), "b": ("Bao", 800), "c": ("Chidi", 12900), "d": ("Dina", 2450), "z": ("Zoë O'Brien", 1)}
BEHAVIOURS = {"h": "hangs up", "d": "drops", "l": "late", "s": "silent", "x": "declines", "u": "unavailable"}
TABLES = ("payment",)
A_DAY_S = 25 * 60 * 60
OLDER = "update payment set started_at = started_at - interval '25 hours'"
RECONCILES_MAX = 9
QUIET_CALLS = 3
"""A late charge is in progress for two looks; so the reconciler has come to an end when it found nothing so many times."""


def command_of(word: str) -> Command:
    """The command that a word stands for."""
    buyer, amount = BUYERS[word[0]]
    return {"$": "Charge", "key": f"pay-{word[:2]}", "purchase_id": f"p-{word[0]}", "buyer": buyer, "amount": amount}


@dataclass
class _Till:
    """What was asked for and what was answered so far."""

    stage: Stage
    function: str
    wishes: list[Command] = field(default_factory=list)
    answers: list[tuple[Command, Any]] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for place, word in enumerate(self.stage.input):
            if word[2:]:
                number = sum(earlier[0] == word[0] for earlier in self.stage.input[:place]) + 1
                self.stage.sandbox.misbehave(BEHAVIOURS[word[2]], number=number, of=command_of(word)["purchase_id"])

    def once(self, command: Command, process: str = "checkout-1") -> str:
        """One attempt, however it ends: ``returned``, or how else."""
        if command not in self.wishes:
            self.wishes.append(command)
        result = self.stage.once(process, self.function, command)
        return self.heard(command, result)

    def heard(self, command: Command, result: Any) -> str:
        """An attempt has ended; an answer is remembered."""
        if result.kind == "returned":
            self.answers.append((command, result.value))
        return result.kind

    def until_answered(self, command: Command, process: str = "checkout-1") -> None:
        """Attempt after attempt, as the buyer's browser does."""
        for _ in range(4):
            kind = self.once(command, process)
            if kind == "returned":
                return
            if kind not in ASKED_AGAIN:
                break
        self.unanswered.append(command["key"])

    def look(self, moment: str, **known: Any) -> None:
        """The gateway's ledger and the shop's notes as they are now."""
        declined = [command_of(word)["key"] for word in self.stage.input if word[2:] == "x"]
        self.stage.snapshot(
            moment,
            TABLES,
            wishes=list(self.wishes),
            answers=list(self.answers),
            unanswered=list(self.unanswered),
            declined=declined,
            **known,
        )

    def a_day_passes(self) -> None:
        """The gateway's memory of keys is over, and the shop's notes are a day old."""
        self.stage.sandbox.pass_time(A_DAY_S)
        self.stage.seed(OLDER)
        self.stage.note("checkout-1", "25 hours pass")


def pay(function: str) -> Play:
    """Everybody pays; the browsers ask again at once, and once more a day later."""

    def play(stage: Stage) -> None:
        till = _Till(stage, function)
        commands = [command_of(word) for word in stage.input]
        for command in commands:
            if till.once(command) != "returned":
                till.look("before anybody asks again")
                till.until_answered(command)
        for command in commands:
            till.until_answered(command)
        till.look("when all have asked again")
        if not till.unanswered:
            till.a_day_passes()
            for command in commands:
                till.until_answered(command)
            till.look("when all have asked once more, a day later")

    return play


def pay_now(function: str) -> Play:
    """Everybody pays and asks again until there is an answer; nobody comes back later."""

    def play(stage: Stage) -> None:
        till = _Till(stage, function)
        for word in stage.input:
            till.until_answered(command_of(word))
        till.look("in the end")

    return play


def reuse(function: str, **another: Any) -> Play:
    """A key comes again with ``another`` body: before the first buyer has asked again, after it, and a day later."""

    def play(stage: Stage) -> None:
        till = _Till(stage, function)
        first = command_of(stage.input[0])
        other = {**first, **another}
        till.once(first)
        _end_of(till, other)
        ends = [_end_of(till, command) for command in (first, other)]
        known = {"strict": stage.name.strike is None}
        till.look("when both have asked again", reused=[_reused(first, other, ends)], **known)
        till.a_day_passes()
        ends = [_end_of(till, command) for command in (first, other)]
        till.look("a day later", reused=[_reused(first, other, ends)], **known)

    return play


def left_open(function: str, reconcile: str) -> Play:
    """The buyer never comes back after the first attempt; the reconciler comes by, and then the buyer does come back."""

    def play(stage: Stage) -> None:
        till = _Till(stage, function)
        for word in stage.input:
            till.once(command_of(word))
        _reconcile(till, reconcile)
        for word in stage.input:
            till.until_answered(command_of(word))
        till.look("when the buyers have come back")

    return play


def again_tomorrow(function: str) -> Play:
    """The first attempt is struck; the buyer comes back a day later, when the gateway has forgotten the key."""

    def play(stage: Stage) -> None:
        till = _Till(stage, function)
        commands = [command_of(word) for word in stage.input]
        for command in commands:
            till.once(command)
        till.a_day_passes()
        for command in commands:
            till.until_answered(command)
        till.look("when the buyer has come back a day later")

    return play


def together(function: str) -> tuple[Callable[[Stage], tuple[Job, ...]], Callable[[Stage], None]]:
    """Two copies of one command at the same moment: the calls, and what happens when both have ended."""

    def calls(stage: Stage) -> tuple[Job, ...]:
        command = command_of(stage.input[0])
        return tuple(Job(f"checkout-{number}", function, (command,)) for number in (1, 2))

    def finish(stage: Stage) -> None:
        till = _Till(stage, function)
        command = command_of(stage.input[0])
        till.wishes.append(command)
        for job, result in list(stage.results):
            if till.heard(command, result) != "returned":
                till.until_answered(command, job.process)
        till.look("when both have an answer")

    return calls, finish


def _end_of(till: _Till, command: Command) -> str:
    """Ask until there is a receipt or KeyReused; which of them came, or the last error."""
    said = ""
    for _ in range(4):
        kind = till.once(command)
        if kind == "returned":
            return kind
        said = till.stage.results[-1][1].error
        if said.startswith("KeyReused"):
            return "KeyReused"
        if kind not in ASKED_AGAIN:
            break
    return said


def _reused(first: Command, other: Command, ends: Sequence[str]) -> tuple[Any, ...]:
    return first, ends[0], other, ends[1]


def _reconcile(till: _Till, function: str) -> None:
    """The reconciler is called until it has found nothing QUIET_CALLS times."""
    stage = till.stage
    charges, open_before = len(stage.lane.ledger()["charges"]), _open(stage)
    quiet, sum_returned, undisturbed, finished = 0, 0, True, False
    for _ in range(RECONCILES_MAX):
        result = stage.once("reconciler-1", function)
        if result.kind != "returned":
            undisturbed = False
            if result.kind not in ASKED_AGAIN:
                break
            continue
        if isinstance(result.value, bool) or not isinstance(result.value, int):
            stage.trouble = f"reconcile returned {result.value!r}; it must return how many payments it settled"
            break
        sum_returned += result.value
        quiet += result.value == 0
        if quiet == QUIET_CALLS:
            finished = True
            break
    late = sum(word[2:] == "l" for word in stage.input)
    till.look(
        "when the reconciler has come by",
        reconciled=charges + late,
        reached=[command["key"] for command in till.wishes if _was_answered(stage, command)],
        finished=finished,
        counted=(sum_returned, open_before - _open(stage)) if undisturbed and finished else None,
    )


def _was_answered(stage: Stage, command: Command) -> bool:
    """Has the gateway answered this charge, whether or not anybody heard? Then it has decided."""
    calls = stage.history("").calls
    return any(call.label == "POST /charges" and command["purchase_id"] in call.request and call.answer for call in calls)


def _open(stage: Stage) -> int:
    return sum(row["status"] == "started" for row in stage.lane.rows("payment"))




STORIES = {
    "pay": Story(title="Ada pays, and asks until she is answered", make=pay_now, roles=("charge",), input=("a1",), target="checkout-1"),
    "tomorrow": Story(
        title="Ada comes back a day later", make=again_tomorrow, roles=("charge",), input=("a1",), target="checkout-1"
    ),
    "open": Story(
        title="Ada never comes back", make=left_open, roles=("charge", "reconcile"), input=("a1",), target="checkout-1"
    ),
}
"""The stories that a notebook may play by name."""
