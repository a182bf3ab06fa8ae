"""Coverage in words: what a sweep has tried, exactly, and how strong a claim that is."""

from __future__ import annotations

from autograder.explore.names import RunName
from autograder.explore.scenario import Playable, Scenario
from autograder.explore.schedules import ScheduleScenario
from autograder.explore.sweep import Swept

__all__ = ["INCOMPLETE", "claim"]

NEVER_CAME, NOT_PLAYED, NOT_TRIED = "your program never came to the others", "were not played", "others were not tried"
INCOMPLETE = (NEVER_CAME, NOT_PLAYED, NOT_TRIED)
"""The words that a claim has where not all that was planned was reached."""

BEHIND_A_TAP = ("backends", "replicated")
"""The engines whose processes are struck at their calls."""
HOLDING = {("pause",): "pauses", ("evict",): "rebalances"}
"""What is counted where a process is held before each of its calls."""


def claim(scenario: Playable, swept: Swept) -> str:
    """One line: what was played, how much of what was planned was reached, and what came of it."""
    if swept.coverage.replayed:
        return f"{scenario.title}: this one run, played again; {'it breaks a rule' if swept.broken else 'it holds'}."
    if swept.undisturbed.share is not None:
        return f"{scenario.title}: every answer compared with what the judge computes."
    if swept.undisturbed.violations and isinstance(scenario, ScheduleScenario):
        return f"{scenario.title}: broken when one call follows the other, so no other schedule was tried."
    if swept.undisturbed.violations and _is_one_run(scenario):
        return f"{scenario.title}: this one run; it breaks a rule."
    if swept.undisturbed.violations:
        return f"{scenario.title}: broken without a fault, so {_not_tried(scenario)} was tried."
    if isinstance(scenario, ScheduleScenario):
        return f"{scenario.title}: {_walked(scenario, swept)}."
    if not scenario.faults and not swept.coverage.planned:
        schedule = "this one schedule" if scenario.engine in BEHIND_A_TAP else "this one run"
        return f"{scenario.title}: {schedule}; {'it holds' if not swept.broken else 'it breaks a rule'}."
    if swept.coverage.stopped:
        return f"{scenario.title}: stopped at broken run {len(swept.broken)}, when enough was seen."
    return f"{scenario.title}: {_struck(scenario, swept)}; {_outcome(swept)}."


def _walked(scenario: ScheduleScenario, swept: Swept) -> str:
    """How many schedules, and of how many."""
    count = swept.coverage.schedules
    if scenario.kills:
        shortest = "the shortest first"
        which = f"one of the two is killed between two of its requests, with at most {_preemptions(1)} before"
        if swept.broken:
            return f"the {count}{_nth(count)} run tried breaks a rule ({which}, {shortest})"
        return f"{count} runs, every one in which {which}; all hold"
    if swept.broken:
        turns = "one call after the other" if not RunName.parse(swept.broken[0].name).preempts else "fewest preemptions first"
        return f"the {count}{_nth(count)} schedule tried breaks a rule ({turns})"
    if swept.not_played:
        return f"; {swept.not_played} {NOT_PLAYED}"
    if not swept.coverage.exhaustive:
        return f"{count} schedules and then no more, so that {NOT_TRIED}; all hold"
    which = (
        "every one, up to symmetry and commuting reads"
        if scenario.preemptions_max is None
        else f"every one with at most {_preemptions(scenario.preemptions_max)}"
    )
    if scenario.preemptions_max == 1:  # of three calls, whose number depends on whom Postgres lets on first
        return f"{which}; all hold"
    if count == 1:
        return "1 schedule, since all others are its mirror image or end alike; it holds"
    return f"{count} schedules, {which}; all hold"


def _preemptions(count: int) -> str:
    return f"{count} preemption{'' if count == 1 else 's'}"


def _nth(count: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(count % 10 if count % 100 not in (11, 12, 13) else 0, "th")


def _is_one_run(scenario: Playable) -> bool:
    """A record is read once, and a sale under load is played once: no call is struck in it, and there are no seeds."""
    return scenario.engine in ("virtual", "load") and not scenario.faults and not hasattr(scenario, "seeds")


def _not_tried(scenario: Playable) -> str:
    return "no fault" if scenario.faults or scenario.engine in BEHIND_A_TAP else "no other seed"


def _struck(scenario: Playable, swept: Swept) -> str:
    covered = swept.coverage
    parts = []
    points = covered.planned - covered.pairs - covered.samples
    if covered.samples:
        parts.append(f"{covered.samples + 1} seeds, a sample")
    if scenario.faults in HOLDING:
        what = HOLDING[scenario.faults]
        parts.append(f"{covered.reached} of {covered.planned} {what} (every call of the first process)")
    elif points or not parts:
        reached = f"{covered.reached} of {covered.planned}" if points == covered.planned else str(points)
        parts.append(f"{reached} {_points(scenario, swept)}")
    if covered.pairs:
        parts.append(f"{covered.pairs} pairs of them{_pairs(scenario)}, no three")
    return " and ".join(parts) + _completeness(swept, points)


def _points(scenario: Playable, swept: Swept) -> str:
    covered = swept.coverage
    if scenario.engine in BEHIND_A_TAP:
        faults = f"{len(covered.faults)} fault{'' if len(covered.faults) == 1 else 's'}"
        return f"crash points ({covered.calls} calls × {faults})"
    return f"fault points (at {covered.calls} calls: {', '.join(covered.faults)})"


def _pairs(scenario: Playable) -> str:
    """Which pairs, where they are not simply all of them."""
    said = scenario.pairs.said if isinstance(scenario, Scenario) else ""
    return f" ({said})" if said else ""


def _completeness(swept: Swept, points: int) -> str:
    if not swept.coverage.exhaustive:
        return f"; {NEVER_CAME} ({', '.join(swept.unreached[:2])})"
    return ", every one" if points else ""


def _outcome(swept: Swept) -> str:
    return "all hold" if not swept.broken else f"{len(swept.broken)} break a rule"
