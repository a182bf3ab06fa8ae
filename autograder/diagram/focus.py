"""Focus: which events of a long run are worth drawing.

What went wrong comes first, then what was near it, then what others could see, then everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.diagram.events import Event, events, is_commit, is_rollback
from autograder.history import Call, History, Mark

__all__ = ["Focus", "focus"]

_MARK_WORTH = {
    "violation": 200, "crash": 150, "restart": 110, "error": 120, "cut": 140, "park": 140,
    "pause": 110, "resume": 100, "note": 60, "end": 15, "start": 10,
}  # fmt: skip
_PREPARATIONS = ("InitProducerId",)
"""What a client does before it does anything."""
_NOTHING_CHANGED = ("INSERT 0 0", "UPDATE 0", "DELETE 0", "MERGE 0")
_LOSSES_SHOWN = 2
"""How many lost messages show that messages are lost."""
_NEAR = 2
"""How many neighbours of the same process explain a fault."""


@dataclass(frozen=True)
class Focus:
    """The events to show, in order, and how many others there are."""

    shown: tuple[Event, ...]
    hidden: int


def focus(history: History, limit: int = 15) -> Focus:
    """At most ``limit`` events: faults and broken rules, what was near them, effects, then the rest in order."""
    everything = events(history)
    if len(everything) <= limit:
        return Focus(everything, 0)
    worths = _worths(everything) | _of_users(history, everything)
    for number in [number for number, worth in worths.items() if worth >= 80]:
        for neighbour in _neighbours(everything, number):
            worths[neighbour] += 25
    ranked = sorted(everything, key=lambda event: (-worths[event.number], -event.number))[: max(1, limit)]
    return Focus(tuple(sorted(ranked, key=lambda event: event.number)), len(everything) - len(ranked))


def _worths(everything: tuple[Event, ...]) -> dict[int, int]:
    worths, working, raised = {}, set(), set()
    for event in everything:
        call = event.what
        if isinstance(call, Mark) and call.kind == "error" and (call.process, call.text) in raised:
            worths[event.number] = 8
            continue
        if isinstance(call, Mark) and call.kind == "error":
            raised.add((call.process, call.text))
        worths[event.number] = _worth(event, call.process in working)
        if isinstance(call, Call) and call.backend == "postgres":
            if is_commit(call) or is_rollback(call):
                working.discard(call.process)
            elif call.effect and call.answer not in _NOTHING_CHANGED:
                working.add(call.process)
    return worths


def _worth(event: Event, worked: bool = True) -> int:
    """``worked`` says of a commit whether its transaction has changed anything."""
    if not isinstance(event.what, Call):
        return _MARK_WORTH[event.what.kind]
    call = event.what
    if call.fault:
        return 160
    if call.outcome != "ok" or call.end is None or call.waits_for:
        return 90
    if call.label in _PREPARATIONS:
        return 6
    if call.answer in _NOTHING_CHANGED:
        return 15
    if is_commit(call) or is_rollback(call):
        return 40 if worked else 12
    if call.effect:
        return 70 if call.backend == "kafka" else 50
    return 5 if call.label.upper().startswith("BEGIN") else 20


def _of_users(history: History, everything: tuple[Event, ...]) -> dict[int, int]:
    """Where processes call each other, what users asked and were told comes before what processes said among themselves.

    A user is whoever calls and is never called. A process that gave up a call of its own may have had enough answers.
    """
    called = {call.backend for call in history.calls}
    if not called & set(history.processes):
        return {}
    calls = {event.number: event.what for event in everything if isinstance(event.what, Call)}
    users = {number: 95 for number, call in calls.items() if call.process not in called and not call.fault}
    among = {number: call for number, call in calls.items() if call.process in called}
    lost = [number for number, call in among.items() if call.one_way and call.outcome != "ok"]
    given_up = {number: 30 for number, call in among.items() if call.answer == "gave up" and not call.fault}
    return users | given_up | dict.fromkeys(lost[_LOSSES_SHOWN:], 45)


def _neighbours(everything: tuple[Event, ...], number: int) -> list[int]:
    process = everything[number - 1].what.process
    same = [event.number for event in everything if event.what.process == process]
    if number not in same:
        return []
    at = same.index(number)
    return same[max(0, at - _NEAR) : at] + same[at + 1 : at + 1 + _NEAR]
