"""The truth about the twelve pipelines of lab 7: what a kill after each of their steps leaves behind, found by running them.

Nothing is written down here. The runs are the judge's own programs in processes like everybody's; what they showed is kept
under a hash of their source, and found again when the source changes.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from autograder.backends import state_folder
from autograder.backends.kafka.direct import Sent
from autograder.explore.answers import BackendSheet
from autograder.explore.lane import Lane
from autograder.explore.names import RunName, Strike, slug
from autograder.explore.recorder import PREPARATIONS
from autograder.explore.stage import Stage
from autograder.history import Call, History
from autograder.invariants import State
from autograder.invariants import checkout as rule
from shop import TOPIC, pipelines

__all__ = ["CAREFUL", "COMPOSE", "HOLDS", "KINDS", "NAMES", "RETRY", "SHEET", "SWITCH", "Truth", "belief_of", "computed", "found", "play_pipeline", "steps_max", "steps_of"]

HOLDS, LOST, TWICE, UNTRUE = KINDS = ("holds", "lost", "twice", "untrue")
"""What can become of an order: all is well, its effect never comes, comes twice, or comes without the order."""
NAMES = tuple(pipeline.__name__ for pipeline in pipelines.PIPELINES)
SWITCH = "exactly-once is taken for a switch"
COMPOSE = "correct parts are taken for a correct whole"
RETRY = "asking again is taken to repair what was lost"
CAREFUL = "a pipeline that survives every kill is thought to break"
TARGET = "shop-1"
CONSUMERS = ("p08", "p09", "p10")
SHIPS = (*CONSUMERS, "p11", "p12")

Truth = Mapping[str, tuple[int, ...]]
"""For each kind that can happen, the steps after which a kill makes it happen; empty for a pipeline that holds."""


def play_pipeline(name: str) -> Callable[[Stage], None]:
    """One order on its way through a pipeline, whose process starts again after a kill, unless nobody asks again."""

    def play(stage: Stage) -> None:
        if name in CONSUMERS:
            stage.lane.topics.send(TOPIC, [Sent(key=pipelines.EVENT.key, value=pipelines.EVENT.encode())])
        ask = stage.once if name in pipelines.ASKED_ONCE else stage.until_done
        ask(TARGET, f"shop.pipelines.{name}")
        stage.snapshot("in the end", ("purchase", "shipment"))

    return play


def kind_of(name: str, state: State) -> str:
    """What became of the order."""
    ordered = name in CONSUMERS or bool(state.rows("purchase"))
    effects = len(state.rows("shipment")) if name in SHIPS else len(state.messages)
    if ordered:
        return {0: LOST, 1: HOLDS}.get(effects, TWICE)
    return UNTRUE if effects else HOLDS


def steps_of(history: History) -> list[Call]:
    """The calls of the first life that change something, in their order; a producer's preparations are not counted."""
    calls = [call for call in history.by(TARGET) if call.incarnation == 1 and call.effect]
    return [call for call in calls if call.label not in PREPARATIONS]


def steps_max(name: str) -> int:
    """How many steps a pipeline has, as its source numbers them."""
    return max(int(number) for numbers in re.findall(r"# (\d[\d, ]*)", pipelines.shown(name)) for number in numbers.split(","))


def found(lane: Lane, name: str) -> Truth:
    """Run a pipeline, and kill it after each of its steps."""
    undisturbed = _run(lane, name, None)
    assert kind_of(name, undisturbed.states[-1]) == HOLDS, f"{name} breaks when nothing goes wrong"
    truth: dict[str, tuple[int, ...]] = {}
    steps = steps_of(undisturbed.history(name))
    assert len(steps) == steps_max(name), f"{name} makes {len(steps)} calls, and its source numbers {steps_max(name)}"
    for number, call in enumerate(steps, start=1):
        strike = Strike(fault="kill-after", label=slug(call.label), occurrence=call.occurrence)
        kind = kind_of(name, _run(lane, name, strike).states[-1])
        if kind != HOLDS:
            truth[kind] = (*truth.get(kind, ()), number)
    return truth


def _run(lane: Lane, name: str, strike: Strike | None) -> Stage:
    lane.reset()
    stage = Stage(lane, RunName(lab="07", scenario=name, input=("p1",), strike=strike), TARGET)
    play_pipeline(name)(stage)
    assert strike is None or stage.conductor.struck, f"{stage.name} was not reached"
    ends = {result.kind for _, result in stage.results}
    assert ends <= {"returned", "killed"}, f"{stage.name} ended otherwise ({', '.join(sorted(ends))}): nobody may keep that as the truth"
    return stage


def computed(lane: Lane) -> Mapping[str, Truth]:
    """The truth about all twelve; found by running them, once for each version of their source."""
    kept = state_folder() / "truths" / f"lab07-{_source_hash()}.json"
    with suppress(OSError, ValueError):
        return {name: {kind: tuple(steps) for kind, steps in truth.items()} for name, truth in json.loads(kept.read_text()).items()}
    truths = {name: found(lane, name) for name in NAMES}
    _keep(kept, truths)
    return truths


def _keep(path: Path, truths: Mapping[str, Truth]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):  # then they are found anew next time
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(truths), encoding="utf-8")
        draft.replace(path)


@cache
def _source_hash() -> str:
    text = "".join(inspect.getsource(module) for module in (pipelines, inspect.getmodule(found)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---- the sheet


def _is_right(question: str, answer: Any, truth: Truth) -> bool:
    """The kind, and one of the steps after which a kill shows it; a pipeline that holds has no step."""
    kind, step = answer
    if kind == HOLDS:
        return not truth and step == 0
    return isinstance(step, int) and step in truth.get(kind, ())


def _kinds(answers: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(answer[0]) for name, answer in answers.items() if isinstance(answer, list | tuple) and answer}


def belief_of(answers: Mapping[str, Any]) -> str:
    """The wrong belief that a sheet shows; nothing where it shows none that is known."""
    kinds = _kinds(answers)
    for name, said, belief in (("p07", HOLDS, SWITCH), ("p11", HOLDS, COMPOSE), ("p03", HOLDS, RETRY)):
        if kinds.get(name) == said:
            return belief
    return CAREFUL if {kinds.get("p10"), kinds.get("p12")} & {LOST, TWICE, UNTRUE} else ""


SHEET = BackendSheet(
    name="pipelines",
    title="Twelve pipelines, each killed after each of its steps",
    function="pipelines",
    questions=dict.fromkeys(NAMES),
    find=computed,
    rule=rule.the_predictions_are_what_running_shows,
    right=_is_right,
    belief=belief_of,
    needs=("pipelines",),
    read="Four questions, and none of them has a product for an answer",
)
