"""The sweep: what is tried, what counts as reached, and how a broken run becomes small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder.explore.names import RunName
from autograder.explore.scenario import CRASH_FAULTS, Played, Scenario, strikes
from autograder.explore.sweep import sweep, with_smallest
from autograder.history import Call, History
from autograder.invariants import Violation

LABELS = ("insert outbox", "COMMIT")


def undisturbed(labels: Iterable[str] = LABELS) -> History:
    seen: dict[str, int] = {}
    calls = [Call(process="relay-1", backend="postgres", label="select outbox", start=1, end=2)]
    for number, label in enumerate(labels, start=2):
        seen[label] = seen.get(label, 0) + 1
        calls.append(
            Call(
                process="relay-1", backend="postgres", label=label, occurrence=seen[label], effect=True,
                start=2 * number, end=2 * number + 1,
            )
        )  # fmt: skip
    return History(run="06.relay.a1", processes=("relay-1",), calls=tuple(calls))


def scenario(faults: tuple[str, ...] = CRASH_FAULTS, words: tuple[str, ...] = ("a1", "b1", "c1")) -> Scenario:
    return Scenario(
        name="relay", title="A relay", play=lambda stage: None, input=words, target="relay-1", faults=faults, rules=()
    )


class Pretended:
    """Plays runs by a rule of its own: broken where ``breaks`` says so, reached where ``reaches`` does."""

    def __init__(self, breaks=lambda name: False, reaches=lambda name, times: True):
        self.breaks, self.reaches = breaks, reaches
        self.played: list[str] = []

    def __call__(self, story: str, names: Iterable[RunName], *, again: bool = False) -> Iterator[Played]:
        for name in names:
            self.played.append(str(name))
            reached = self.reaches(name, self.played.count(str(name)))
            broken = (Violation(rule="published", evidence="lost"),) if reached and self.breaks(name) else ()
            yield Played(name=str(name), history=undisturbed(), violations=broken, reached=reached)


def test_every_call_with_an_effect_is_struck_by_every_fault_and_no_other_call():
    found = strikes(scenario(), undisturbed())
    assert [(strike.fault, strike.label) for strike in found[:2]] == [("kill-before", "insert-outbox"), ("kill-before", "COMMIT")]
    assert len(found) == len(LABELS) * len(CRASH_FAULTS)


def test_a_pause_is_tried_before_reads_too():
    assert [strike.label for strike in strikes(scenario(("pause",)), undisturbed())] == ["select-outbox", "insert-outbox", "COMMIT"]


def test_a_consumer_may_lose_its_group_before_a_read_too():
    assert [str(strike.fault) for strike in strikes(scenario(("evict",)), undisturbed())] == ["evict"] * 3


def test_background_preparations_come_last():
    found = strikes(scenario(("kill-before",)), undisturbed(["InitProducerId", "COMMIT"]))
    assert [strike.label for strike in found] == ["COMMIT", "InitProducerId"]


def test_a_sweep_without_a_broken_run_says_what_it_covered():
    swept = sweep(scenario(), "06", Pretended())
    assert swept.passed
    assert (swept.coverage.planned, swept.coverage.reached, swept.coverage.calls) == (10, 10, 2)


def test_a_broken_run_is_shrunk_until_every_word_is_needed():
    player = Pretended(breaks=lambda name: name.strike is not None and "b1" in name.input and name.strike.label == "COMMIT")
    swept = with_smallest(scenario(), sweep(scenario(), "06", player), player)
    assert swept.smallest is not None
    assert swept.smallest.name == "06.relay.b1.kill-before.COMMIT.1"


def test_nothing_more_is_struck_when_enough_was_seen():
    player = Pretended(breaks=lambda name: name.strike is not None and name.strike.label == "COMMIT")
    swept = sweep(scenario(), "06", player, enough=lambda partly: len(partly.broken) == 2)
    assert swept.coverage.stopped and len(swept.broken) == 2
    whole = sweep(scenario(), "06", player)
    assert not whole.coverage.stopped and whole.broken[:2] == swept.broken


def test_a_program_that_breaks_without_a_fault_is_not_struck():
    player = Pretended(breaks=lambda name: True)
    swept = with_smallest(scenario(), sweep(scenario(), "06", player), player)
    assert swept.broken == (swept.undisturbed,)
    assert not any("kill" in name for name in player.played)
    assert swept.smallest is not None and swept.smallest.name == "06.relay.a1"


def test_a_call_that_did_not_come_is_waited_for_again_before_it_counts_as_not_reached():
    third_time = Pretended(reaches=lambda name, times: name.strike is None or name.strike.label != "COMMIT" or times == 3)
    assert sweep(scenario(("park",)), "06", third_time).coverage.exhaustive
    never = Pretended(reaches=lambda name, times: name.strike is None or name.strike.label != "COMMIT")
    swept = sweep(scenario(("park",)), "06", never)
    assert swept.unreached == ("06.relay.a1-b1-c1.park.COMMIT.1",)
    assert (swept.coverage.planned, swept.coverage.reached) == (2, 1)


def test_a_budget_of_runs_is_kept_and_what_was_left_out_is_said():
    player = Pretended()
    swept = sweep(scenario(), "06", player, runs_max=4)
    assert len(player.played) == 1 + 4
    assert (swept.coverage.planned, swept.coverage.reached, swept.not_played) == (10, 4, 6)


def test_a_point_that_did_not_come_is_no_question_of_the_budget():
    swept = sweep(scenario(), "06", Pretended(reaches=lambda name, times: name.strike is None or name.strike.fault != "park"))
    assert (len(swept.unreached), swept.not_played) == (2, 0)
