"""Throughput, beside the reference: the same buyers with 1, 2 and 4 workers, calm, and everybody can be served.

A word of the run is a number: ``b60`` buyers. What a machine does in a second says more about the machine than about a
program, so every figure stands beside the reference's, measured right before on the same lane. Only a factor of four
decides, and only when it shows in every one of three tries: a machine that was busy for a moment fails nobody.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from autograder.explore.load import LoadPlan, play_load
from autograder.explore.load_lane import LoadLane
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played, judged
from autograder.history import History, Mark
from autograder.invariants import Invariant, State
from autograder.invariants.sale import Pace
from autograder.labs.lab14_rush import plan_of

__all__ = ["Paces"]

WORKERS = (1, 2, 4)
TRIES = 3
LIMIT_S = 5.0
"""So long the learner's sale is given at least; more where the reference needs long."""
SLOWEST = 6
"""Beyond so many times the reference's seconds nothing is learned any more."""
CAPTION = "Buyers answered in a second, the reference right before and yours after it"


def _plan(buyers: int, workers: int, limit_s: float) -> LoadPlan:
    """A calm sale with a unit for everybody."""
    calm = plan_of(buyers, workers=workers, calm=True)
    terms = replace(calm.terms, stock=buyers)
    begin = f"insert into stock (item, shard, free) values ('{terms.item}', 0, {terms.stock})"
    return replace(calm, terms=terms, begin=begin, probes={}, hold_s=0.0, limit_s=limit_s, settle_s=LIMIT_S)


def _sold(lane: LoadLane, buyers: int, workers: int, limit_s: float) -> tuple[float, float]:
    """One sale: the answers in a second, and its seconds."""
    recording = play_load(lane, _plan(buyers, workers, limit_s), say=lambda sample: None)
    seconds = limit_s if recording.pending else max(recording.wall_s, 0.001)
    return (buyers - len(recording.pending)) / seconds, seconds


@dataclass(frozen=True, kw_only=True)
class Paces:
    """Throughput as a scenario: one run, made of sales of the reference and of the learner's program in turn."""

    engine: ClassVar[Engine] = "load"
    faults: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    rules: tuple[Invariant, ...]
    input: tuple[str, ...]
    needs: tuple[str, ...] = ("open_sale",)
    read: str = ""

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """One run is all."""
        return ()

    def play_on(self, lane: LoadLane, name: RunName) -> Played:
        """Measure both, in turn, for each number of workers; the first that is too slow ends it."""
        buyers = int(name.input[0][1:])
        paces: list[Pace] = []
        for workers in WORKERS:
            lane.say(f"throughput with {workers} of {WORKERS[-1]} workers, beside the reference")
            paces.append(self._pace(lane, buyers, workers))
            if paces[-1].is_too_slow:
                break
        marks = [Mark(at=place, kind="note", process="sale", text=_line(pace)) for place, pace in enumerate(paces, start=1)]
        state = State(moment="when all were answered", at=len(marks), known={"pace": tuple(paces)})
        history = History(run=str(name), title=self.title, processes=("sale",), marks=tuple(marks))
        history, violations = judged(self.rules, history, [state])
        return Played(name=str(name), history=history, violations=violations, pages=(_page(paces), _text(paces)))

    def _pace(self, lane: LoadLane, buyers: int, workers: int) -> Pace:
        for _ in range(TRIES):
            with lane.as_reference():
                reference_per_s, seconds = _sold(lane, buyers, workers, 60.0)
            own_per_s, _ = _sold(lane, buyers, workers, max(LIMIT_S, SLOWEST * seconds))
            pace = Pace(workers=workers, reference_per_s=reference_per_s, own_per_s=own_per_s)
            if not pace.is_too_slow:
                break
        return pace


def _line(pace: Pace) -> str:
    workers = "1 worker" if pace.workers == 1 else f"{pace.workers} workers"
    return f"{workers}: the reference {pace.reference_per_s:.0f} a second, yours {pace.own_per_s:.0f}, {pace.ratio:.2f} of it"


def _text(paces: Sequence[Pace]) -> str:
    rows = [f"{pace.workers:>7} {pace.reference_per_s:>11.0f} {pace.own_per_s:>7.0f} {pace.ratio:>7.2f}" for pace in paces]
    return "\n".join([f"{CAPTION}:", f"{'workers':>7} {'reference':>11} {'yours':>7} {'ratio':>7}", *rows])


def _page(paces: Sequence[Pace]) -> str:
    cells = [(pace.workers, f"{pace.reference_per_s:.0f}", f"{pace.own_per_s:.0f}", f"{pace.ratio:.2f}") for pace in paces]
    style = ' style="padding:0 1em 0 0;text-align:right"'
    head = "".join(f"<th{style} scope=\"col\">{word}</th>" for word in ("workers", "reference", "yours", "ratio"))
    rows = "".join("<tr>" + "".join(f"<td{style}>{cell}</td>" for cell in row) + "</tr>" for row in cells)
    return f'<table style="border-collapse:collapse"><caption style="text-align:left">{html.escape(CAPTION)}</caption><tr>{head}</tr>{rows}</table>'
