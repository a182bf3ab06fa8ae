"""The stories that lab 5 plays. Each is told once and played with every fault.

What the input words mean stands in :mod:`autograder.labs.lab05_words`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.explore.conductor import Ended
from autograder.explore.stage import Job, Stage
from autograder.explore.subject import Result
from autograder.invariants import State
from autograder.invariants.delivery import ATTEMPTS, every_message_has_its_effect
from autograder.labs.lab05_words import TOPIC, UNPACKABLE, send

__all__ = ["STORIES", "Story", "consume", "consume_later", "replaced"]

Play = Callable[[Stage], None]
GROUP = "warehouse"
TABLES = ("parcel",)
CALLS_SPARE = 2
"""Who does one message in a call needs one call more, to say that nothing is left."""
FAILURES_SPARE = 6
"""Beyond those of a program that gives up at every failed attempt and is started again."""


def consume(function: str) -> Play:
    """Messages wait; the warehouse reads them, and is started again after a crash or an error."""

    def play(stage: Stage) -> None:
        sent = send(stage, stage.input)
        finished = _drain(stage, "warehouse-1", function, sent)
        calm = finished and stage.name.strike is None and not stage.trouble
        _told(stage, sent, "in the end", finished=finished, counted=stage.counted(function) if calm else None)

    return play


def consume_later(function: str) -> Play:
    """The warehouse has read everything; then more messages come."""

    def play(stage: Stage) -> None:
        half = len(stage.input) // 2
        sent = send(stage, stage.input[:half])
        if _drain(stage, "warehouse-1", function, sent):
            sent += send(stage, stage.input[half:])
        finished = _drain(stage, "warehouse-2", function, sent)
        _told(stage, sent, "in the end", finished=finished)

    return play


def replaced(function: str) -> Play:
    """A consumer stands still with messages in flight; its group gives them to another; then it goes on."""

    def play(stage: Stage) -> None:
        sent = send(stage, stage.input)
        stage.replaced(Job("warehouse-1", function), Job("warehouse-2", function))
        _told(stage, sent, "when both have stopped", drained=False)
        finished = _drain(stage, "warehouse-2", function, sent)
        _told(stage, sent, "in the end", finished=finished)

    return play


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story that a notebook may play by name."""

    title: str
    make: Callable[..., Play]
    roles: tuple[str, ...]
    """Which functions play in it, in the order in which ``make`` takes their names."""
    input: tuple[str, ...]
    target: str


STORIES = {
    "consume": Story(
        title="The warehouse reads", make=consume, roles=("consume",), input=("a1", "b1"), target="warehouse-1"
    ),
    "rebalance": Story(
        title="A consumer is replaced", make=replaced, roles=("consume",), input=("a1",), target="warehouse-1"
    ),
}
"""By name."""


def _drain(stage: Stage, process: str, function: str, sent: list[dict[str, Any]]) -> bool:
    """The warehouse is called until nothing is left; whenever a call ends in another way, the rules are asked."""

    def settled() -> bool:
        now = _seen(stage, sent, "", drained=True)
        nothing_lags = all(one.lag == 0 for one in now.progress if one.topic == TOPIC)
        return nothing_lags and every_message_has_its_effect(stage.history(""), now) is None

    def after(ended: Result | Ended) -> None:
        if ended.kind == "killed":
            _told(stage, sent, "when it was killed", drained=False)

    calls_max = CALLS_SPARE + len(sent)
    never = sum(one["dead"] and one["readable"] for one in sent)
    failures_max = FAILURES_SPARE + ATTEMPTS * max(1, never)
    return stage.drain(process, function, settled=settled, failures_max=failures_max, calls_max=calls_max, after=after)


def _told(
    stage: Stage,
    sent: list[dict[str, Any]],
    moment: str,
    *,
    drained: bool | None = None,
    finished: bool | None = None,
    counted: int | None = None,
) -> None:
    """The rules are asked of what the backends hold now."""
    drained = bool(finished) if drained is None else drained
    stage.states.append(_seen(stage, sent, moment, drained=drained, finished=finished, counted=counted))


def _seen(stage: Stage, sent: list[dict[str, Any]], moment: str, **known: Any) -> State:
    struck = stage.name.strike.fault if stage.name.strike and stage.conductor.struck else ""
    return stage.seen(
        moment,
        TABLES,
        groups=(GROUP,),
        sent=sent,
        attempts=_attempts(stage),
        kills=int(struck.startswith("kill") or struck == "park"),
        cuts=int(struck.startswith("cut")),
        **known,
    )


def _attempts(stage: Stage) -> dict[str, int]:
    """How often it was tried to pack each thing that cannot be packed."""
    found = {}
    for item in UNPACKABLE.values():
        statement = f"select last_value, is_called from public.attempts_at_{item}s"
        last, called = stage.lane.database.execute(statement).fetchone() or (0, False)  # type: ignore[call-overload]
        found[item] = int(last) if called else 0
    return found
