"""The sale under load: very many buyers at once, real workers and backends, and whoever is killed at a counted event.

A word of the run is a number: ``b100000`` buyers, ``s1`` the first set of strikes. How many buyers a check has is decided by
``FORTNIGHT_BUYERS``: a hundred thousand, unless somebody is in a hurry.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from autograder.diagram.sale import Ruling
from autograder.explore import load_ending
from autograder.explore.load import LoadPlan, Probe, Recording, play_load, strikes_for
from autograder.explore.load_lane import LoadLane
from autograder.explore.load_picture import report_of
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played, judged
from autograder.history import History, Mark
from autograder.invariants import Invariant, Message, State, Violation
from autograder.invariants.sale import Ending, Load, event_row
from shop.gateway import is_declined
from shop.sale import FINAL, SaleTerms

__all__ = ["BUYERS", "Rush", "ending_of", "plan_of", "terms_for"]

BUYERS = int(os.environ.get("FORTNIGHT_BUYERS", "100000"))
DECLINES = 10
"""Of so many cards one is declined."""
PAYMENTS: Mapping[str, int] = {"hangs up": 10, "drops": 23, "unavailable": 31, "declines": DECLINES}
"""What the gateway does to every n-th charge."""
ANSWER_S = 120.0
"""Every buyer has a final answer within so many seconds of the gate, faults and all; a quiet machine needs a third of it."""
WORKERS = 2


def terms_for(buyers: int) -> SaleTerms:
    """One unit for a hundred buyers."""
    stock = max(10, buyers // 100)
    return SaleTerms(stock=stock, waiting_max=max(4, stock // 5), hold_s=1.0, answer_s=15.0)


def plan_of(buyers: int, seed: int = 1, *, workers: int = WORKERS, calm: bool = False) -> LoadPlan:
    """A sale for so many buyers."""
    terms = terms_for(buyers)
    return LoadPlan(
        buyers=buyers,
        terms=terms,
        request=lambda number, again: {
            "key": f"k-{number}", "buyer": f"buyer {number}", "correlation_id": f"c-{number}", "again": again
        },
        final=frozenset(FINAL),
        begin=f"insert into stock (item, shard, free) values ('{terms.item}', 0, {terms.stock})",
        workers=workers,
        faults=() if calm else strikes_for(buyers, workers, seed=seed, stock=terms.stock),
        payments={"declines": DECLINES} if calm else PAYMENTS,
        probes={
            "free": Probe(backend="postgres", ask="select sum(free) from stock"),
            "held": Probe(backend="postgres", ask="select count(*) from purchase where status = 'held'"),
            "paid": Probe(backend="postgres", ask="select count(*) from purchase where status = 'paid'"),
            "waiting list": Probe(backend="postgres", ask="select count(*) from purchase where status = 'waiting'"),
            "charges": Probe(backend="gateway", ask="charges"),
        },
        tables=("purchase", "shipment", "outbox"),
        event_of=_event_of,
        seed=str(seed),
        ask_s=terms.answer_s + 5,
        answer_s=1.5 * ANSWER_S,
        limit_s=2 * ANSWER_S,
        hold_s=terms.hold_s + 0.2,
        settle_s=30.0,
    )  # fmt: skip


def _event_of(message: Message) -> Mapping[str, Any]:
    return json.loads(message.value)


def ending_of(recording: Recording, plan: LoadPlan) -> Ending:
    """How the sale ended, for the rules that hold for every sale."""
    events = [event_row(message["value"]) for message in recording.state["messages"]]
    seconds = recording.latency.max_ms / 1000
    slow = [f"the last buyer had to wait {seconds:.0f} s for a final answer; {ANSWER_S:.0f} s are allowed"]
    ending = load_ending.ending_of(
        recording,
        stock=plan.terms.stock,
        waiting_max=plan.terms.waiting_max,
        key_of=lambda number: f"k-{number}",
        is_declined=lambda key: is_declined(key, DECLINES),
    )
    wishes = {f"k-{number}": f"c-{number}" for number in range(recording.buyers)}
    sold = {"events": events, "price": plan.terms.price, "item": plan.terms.item}
    buyers = {f"k-{number}": f"buyer {number}" for number in range(recording.buyers)}
    # Here a buyer without an answer is no excuse: that all are answered is a rule.
    return replace(ending, gone=frozenset(), wishes=wishes, buyers=buyers, **sold, late=slow if seconds > ANSWER_S else ())


@dataclass(frozen=True, kw_only=True)
class Rush:
    """A sale under load as a scenario: one run."""

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
        """Play the sale and judge how it ended; nothing of it is decided by how fast the machine is."""
        numbers = {word[0]: int(word[1:]) for word in name.input}
        plan = plan_of(numbers["b"], numbers.get("s", 1))
        return self.judged(name, play_load(lane, plan), plan)

    def judged(self, name: RunName, recording: Recording, plan: LoadPlan) -> Played:
        """What a recording says of the rules."""
        told = _verdict_words(recording)
        known = {"sale": ending_of(recording, plan), "load": Load(worker_mb=recording.worker_mb, why=recording.why)}
        state = State(moment="when all work is done", at=len(told), known=known)
        history = History(run=str(name), title=self.title, processes=("sale",), marks=told)
        history, violations = judged(self.rules, history, [state])
        failures = tuple(f"{error} ({count} times)" for error, count in recording.errors.items())
        report = report_of(recording, self._rulings(recording, violations, plan), title=self.title)
        return Played(
            name=str(name), history=history, violations=violations, failures=failures[:3], pages=(report.html(), report.text())
        )

    def _rulings(self, recording: Recording, violations: Sequence[Violation], plan: LoadPlan) -> list[Ruling]:
        """Every rule, what it was asked of, and what became of it."""
        evidence = {one.rule: one.evidence for one in violations}
        asked = f"{recording.buyers:,} buyers, {plan.terms.stock:,} units, {len(recording.faults)} faults"
        return [
            Ruling(
                number=number,
                text=" ".join((one.__doc__ or "").split()),
                decision="broken" if one.__name__ in evidence else "kept" if recording.finished else "unknown",
                coverage=asked,
                evidence=evidence.get(one.__name__, ""),
            )
            for number, one in enumerate(self.rules, start=1)
        ]


def _verdict_words(recording: Recording) -> tuple[Mark, ...]:
    """The sale in a few lines of a story."""
    lines = [f"{recording.buyers:,} buyers come at once, to {recording.workers} workers"]
    lines += [f"{mark.what} is killed at {mark.why}, and back after {mark.down_s:.1f} s" for mark in recording.faults]
    lines.append(f"the last answer after {recording.wall_s:.1f} s: {_counted(recording.counts)}")
    return tuple(Mark(kind="note", process="sale", at=number, text=line) for number, line in enumerate(lines, start=1))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
