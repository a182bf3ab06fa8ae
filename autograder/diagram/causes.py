"""Causes: which moments of a run can have influenced which others (Lamport's happened-before, 1978).

A call has up to three moments: it is asked, it arrives, it is answered. A process remembers its own past. A backend
passes on to later arrivals only what changed it: a read leaves no trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from autograder.diagram.events import Event, events, is_held, reached
from autograder.history import Call, History

__all__ = ["causal_past"]

Moment = tuple[float, int, str]
"""Tick, number of the event, and ``asked``, ``arrived``, ``answered`` or ``mark``."""


def causal_past(history: History, shown: Collection[int]) -> dict[str, tuple[str, ...]]:
    """For each part of the picture (``3`` asked or marked, ``3a`` answered) the parts that may have influenced it.

    ``shown`` are the numbers of the events in the picture; influence also passes through those that are not.
    """
    moments, before = _graph(events(history))
    past: dict[Moment, int] = {}  # one bit per moment, in order: a union is an or
    for position, moment in enumerate(moments):
        past[moment] = 1 << position
        for cause in before[moment]:
            past[moment] |= past[cause]
    visible = [(p, m) for p, m in enumerate(moments) if m[1] in shown and m[2] != "arrived"]
    return {
        _part(moment): tuple(_part(cause) for bit, cause in visible if past[moment] >> bit & 1) for _, moment in visible
    }


def _graph(everything: tuple[Event, ...]) -> tuple[list[Moment], dict[Moment, list[Moment]]]:
    moments = sorted(moment for event in everything for moment in _moments(event))
    numbered = {event.number: event.what for event in everything}
    last_of: dict[str, Moment] = {}
    last_effect: dict[str, Moment] = {}
    latest: dict[int, Moment] = {}
    before: dict[Moment, list[Moment]] = defaultdict(list)
    for moment in moments:
        thing, kind = numbered[moment[1]], moment[2]
        if kind != "asked" and moment[1] in latest:
            before[moment].append(latest[moment[1]])
        if kind == "arrived":
            _remember(before[moment], last_effect.get(thing.backend))
            if thing.effect:
                last_effect[thing.backend] = moment
        else:
            _remember(before[moment], last_of.get(thing.process))
            last_of[thing.process] = moment
        latest[moment[1]] = moment
    return moments, before


def _remember(causes: list[Moment], cause: Moment | None) -> None:
    if cause is not None:
        causes.append(cause)


def _moments(event: Event) -> list[Moment]:
    call = event.what
    if not isinstance(call, Call):
        return [(call.at, event.number, "mark")]
    found: list[Moment] = [(call.start, event.number, "asked")]
    if reached(call):
        late = (call.waits_for or is_held(call)) and call.end is not None
        found.append((call.end - 0.5 if late else call.start + 0.25, event.number, "arrived"))
        found.append((call.end if call.end is not None else call.start + 0.5, event.number, "answered"))
    elif call.end is not None:
        found.append((call.end, event.number, "answered"))
    return found


def _part(moment: Moment) -> str:
    return f"{moment[1]}a" if moment[2] == "answered" else str(moment[1])
