"""A lane's gateway: a door of the tap for each process, clean for every run, its ledger in what the rules read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from autograder.backends import Backends
from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.scenario import CRASH_FAULTS, Scenario, named, play, strikes
from autograder.explore.stage import Stage
from autograder.explore.strike_words import strike_of
from autograder.grading.lanes import LaneSpec, open_lane
from autograder.grading.program import Cell, Program
from autograder.labs import Lab, Task, add

PROGRAM = '''
from shop import Gateway

def pay(at, charge):
    return Gateway(at.gateway).charge(charge)
'''
LAMP = {"$": "Charge", "key": "pay-1", "purchase_id": "p-1", "buyer": "Ada", "amount": 4900}


def tell(stage: Stage) -> None:
    if "h" in stage.input:
        stage.sandbox.misbehave("hangs up")
    stage.once("checkout-1", "pay", LAMP)
    stage.snapshot("in the end", ())


STORY = Scenario(
    name="pay", title="Ada pays", play=tell, input=("a",), target="checkout-1", faults=CRASH_FAULTS, rules=(), needs=("pay",)
)
LAB = Lab(
    number=99,
    name="lab99_gateway",
    title="",
    day="",
    rules=(),
    tasks=(Task(name="pay", title="", function="pay", scenarios=(STORY,), points={}, outcomes=()),),
    gateway=True,
)


@pytest.fixture(scope="module")
def lane(postgres) -> Iterator[Lane]:
    add(LAB)
    cell = Cell(id="pay", role="solution", source=PROGRAM, name="pay", task="pay")
    backends = Backends(postgres=postgres.address, redis="", kafka="", world="embedded")
    with ExitStack() as cleanup:
        yield open_lane(LaneSpec(backends=backends, lab=LAB.name, program=Program(title="pay", cells=(cell,))), cleanup)


def ended(lane: Lane, strike: str, *words: str):
    """Play one run; how the call ended, and what the gateway has taken."""
    lane.reset()
    stage = Stage(lane, RunName(lab="99", scenario="pay", input=words or ("a",), strike=strike_of(strike)), "checkout-1")
    tell(stage)
    return stage.results[0][1], stage.states[-1].charges, stage.history("")


def test_a_charge_goes_through_the_tap_and_stands_in_the_state(lane):
    result, charges, history = ended(lane, "")
    assert (result.value.status, result.value.id) == ("charged", "ch-1")
    assert [(row["key"], row["amount"]) for row in charges] == [("pay-1", 4900)]
    assert [(call.backend, call.label, call.effect, call.outcome) for call in history.calls] == [
        ("http", "POST /charges", True, "ok")
    ]


def test_every_run_begins_with_an_empty_ledger_and_the_first_number(lane):
    for _ in range(2):
        assert [row["id"] for row in ended(lane, "")[1]] == ["ch-1"]


@pytest.mark.parametrize(
    ("strike", "kind", "charges"),
    [
        ("kill-before POST /charges #1", "killed", 0),
        ("kill-after POST /charges #1", "killed", 1),
        ("cut-before POST /charges #1", "raised", 0),
        ("cut-after POST /charges #1", "raised", 1),
        ("park POST /charges #1", "killed", 0),
    ],
)
def test_each_fault_strikes_at_a_request_to_the_gateway(lane, strike, kind, charges):
    result, taken, _ = ended(lane, strike)
    assert (result.kind, len(taken)) == (kind, charges)
    assert kind == "killed" or result.error.startswith("Unknown: no answer to POST /charges")


def test_a_gateway_that_hangs_up_is_a_call_with_an_unknown_outcome(lane):
    result, charges, history = ended(lane, "", "h")
    assert result.error.startswith("Unknown") and len(charges) == 1
    assert [(call.outcome, call.end) for call in history.calls] == [("unknown", None)]


def test_there_is_no_crash_point_after_an_answer_that_never_came(lane):
    played = play(STORY, lane, named(STORY, "99"))
    assert {strike.fault for strike in strikes(STORY, played.history)} == set(CRASH_FAULTS)
    hung_up = play(STORY, lane, named(STORY, "99", words=("h",)))
    faults = {strike.fault for strike in strikes(STORY, hung_up.history)}
    assert faults == {"kill-before", "cut-before", "park"}
