"""Sales for a notebook: the reader's own programs before a crowd, and before a few buyers behind a tap.

A program is a function ``open_something(at, terms)`` that stands in the notebook; a crowd meets it in real worker processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

from autograder.backends import ROOT, connect
from autograder.explore.load import LoadFault, LoadPlan, Probe, play_load, progress_line, strikes_for
from autograder.explore.load_ending import broken_by, ending_of
from autograder.explore.load_record import Recording, Sample
from autograder.explore.names import RunName
from autograder.explore.stage import Stage
from autograder.explore.strike_words import strikes_of
from autograder.grading.experiments import program_of_cells
from autograder.grading.lanes import LaneSpec, kept_lane
from autograder.grading.load_lane import LiveLane, open_live_lane
from autograder.grading.program import Cell, Program
from autograder.invariants import sale as rules
from autograder.labs import Lab, add
from shop.gateway import is_declined
from shop.sale import FINAL, SaleTerms

__all__ = ["PLAYED", "play_crowd", "play_few"]

SCHEMA = ROOT / "shop" / "sale.sql"
FEW = Lab(number=14, name="day14_few", title="", day="", rules=(), tasks=(), redis=True, gateway=True, schema=SCHEMA)
PLAYED = (
    rules.nothing_is_oversold,
    rules.nobody_pays_twice,
    rules.captured_is_paid,
    rules.what_was_told_is_true,
)
PAYMENTS = {"hangs up": 9, "drops": 13, "declines": 8}
"""What a struck sale's gateway does: one answer in nine is lost, one charge in thirteen never begins, one card in eight is no good."""
WORKER = "worker-1"
ASKS_MAX = 4


def key_of(number: int) -> str:
    """The key of a buyer's wish."""
    return f"k-{number}"


def _request(number: int, again: bool) -> dict[str, Any]:
    return {"key": key_of(number), "buyer": f"buyer {number}", "correlation_id": f"c-{number}", "again": again}


def play_crowd(request: Mapping[str, Any], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Play one sale for each program that the request names, one after the other; recordings and what each rule says."""
    played = []
    with connect() as lease, ExitStack() as cleanup:
        lane: LiveLane | None = None
        for function in request["functions"]:
            program = _program(request["cells"], function)
            if lane is None:
                lane = open_live_lane(lease.backends, program, cleanup)
            else:
                lane.subjects.load(program)
            played.append(_one_sale(lane, request, function, say))
    return played


def _program(cells: Iterable[str], function: str) -> Program:
    program = program_of_cells(cells, [function])
    if not program.is_attempted(function):
        raise ValueError(f"{function} is not defined in this notebook: run the cell that defines it first.")
    named = Cell(id="entry", role="given", source=f"open_sale = {function}", name="the sale's entry")
    return replace(program, cells=(*program.cells, named))


def _one_sale(lane: LiveLane, request: Mapping[str, Any], function: str, say: Callable[[str], None]) -> dict[str, Any]:
    terms = SaleTerms(stock=request["stock"], hold_s=request["hold_s"], waiting_max=0)
    plan = _plan(request, terms)
    recording = play_load(lane, plan, _telling(function, plan.buyers, say))
    declines = plan.payments.get("declines", 0)
    ending = ending_of(
        recording,
        stock=terms.stock,
        waiting_max=terms.waiting_max,
        key_of=key_of,
        is_declined=lambda key: bool(declines) and is_declined(key, declines),
    )
    said = broken_by(ending, PLAYED)
    return {"recording": recording.to_json(), "rules": [_ruled(number, name, said[name], recording) for number, name in enumerate(said, 1)]}


def _ruled(number: int, name: str, violation: Any, recording: Recording) -> dict[str, Any]:
    text = " ".join((getattr(rules, name).__doc__ or "").split())
    decision = "broken" if violation is not None else "kept" if recording.finished else "unknown"
    return {
        "number": number,
        "text": text,
        "decision": decision,
        "coverage": f"{recording.buyers:,} buyers, {len(recording.faults)} faults",
        "evidence": violation.evidence if violation is not None else "",
    }


def _telling(function: str, buyers: int, say: Callable[[str], None]) -> Callable[[Sample], None]:
    return lambda sample: say(f"{function}: {progress_line(sample, buyers)}")


def _plan(request: Mapping[str, Any], terms: SaleTerms) -> LoadPlan:
    buyers, workers = request["buyers"], request["workers"]
    faults: tuple[LoadFault, ...] = ()
    if request["struck"]:
        faults = strikes_for(buyers, workers, seed=request["seed"], stock=terms.stock)
    probes = {
        "units left": Probe(backend="postgres", ask="select coalesce(sum(free), 0) from stock"),
        "paid": Probe(backend="postgres", ask="select count(*) from purchase where status = 'paid'"),
        "charged": Probe(backend="gateway", ask="charges"),
    }
    probes |= {name: Probe(backend="redis", ask=words) for name, words in request["probes"].items()}
    return LoadPlan(
        buyers=buyers,
        terms=terms,
        request=_request,
        final=frozenset(FINAL),
        begin=f"insert into stock (item, free) values ('{terms.item}', {terms.stock})",
        workers=workers,
        faults=faults,
        payments=PAYMENTS if request["struck"] else {},
        probes=probes,
        tables=("stock", "purchase", "outbox", "shipment"),
        seed=str(request["seed"]),
        hold_s=terms.hold_s,
        ask_s=request.get("ask_s", 20.0),
        answer_s=request["limit_s"],
        limit_s=request["limit_s"],
        settle_s=20.0,
    )


def play_few(request: Mapping[str, Any]) -> dict[str, Any]:
    """A few buyers, one after the other, each served by a process of its own behind a tap, with a strike at one call."""
    add(FEW)
    terms = SaleTerms(stock=request["stock"], hold_s=0.0, waiting_max=0)
    strike, then = strikes_of(request["strike"])
    name = RunName(lab="14", scenario="few", input=("b1",), strike=strike, then=then)
    spec_program = _program(request["cells"], request["function"])
    with connect() as lease:
        lane = kept_lane(LaneSpec(backends=lease.backends, lab=FEW.name, program=spec_program))
        lane.database.execute("insert into stock (item, free) values (%s, %s)", (terms.item, terms.stock))
        stage = Stage(lane, name, WORKER)
        told = {}
        for buyer in request["buyers"]:
            told[buyer] = _buys(stage, terms, buyer, again=request["again"])
        if request["work"]:
            stage.drain(WORKER, "shop.sale.work_once", terms)
        stage.snapshot("in the end", ("stock", "purchase", "outbox"))
        states = [asdict(state) for state in stage.states]
        return {"name": str(name), "history": stage.history(request["title"]).to_lines(), "states": states, "results": [told]}


def _buys(stage: Stage, terms: SaleTerms, buyer: str, *, again: bool) -> str:
    """One buyer asks, and asks again after a crash; what they are told last."""
    last = "nothing"
    for number in range(ASKS_MAX):
        wish = {"key": f"k-{buyer.lower()}", "buyer": buyer, "correlation_id": f"c-{buyer.lower()}", "again": number > 0}
        result = stage.once(WORKER, "shop.sale.ask_once", terms, wish)
        if result.kind == "returned":
            last = str(result.value["status"])
        if last in FINAL or not again:
            break
    return last
