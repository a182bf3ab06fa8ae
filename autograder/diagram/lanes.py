"""Lanes: which columns the picture has, where they stand, and when a process was alive."""

from __future__ import annotations

from collections.abc import Callable

from autograder.diagram.events import transactions
from autograder.diagram.focus import Focus
from autograder.diagram.labels import BACKEND_NAMES, clean, text_width
from autograder.diagram.placed import Bar, Lane, Segment
from autograder.diagram.story import backend_name
from autograder.history import Call, History

__all__ = ["bars_of", "header_width", "lanes_of", "picture_width", "segments_of"]

_GUTTER = 34
"""Room for the numbers at the left edge."""
_LABEL_ROOM = 400
"""How wide every request may be (about 50 characters): the distance of the last process to the right edge."""
_BETWEEN = {"process": 104, "backend": 122}


def header_width(name: str) -> float:
    """How wide the box around a lane's name is."""
    return max(64, text_width(name, 13) * 1.06 + 16)


def lanes_of(history: History, focus: Focus) -> tuple[Lane, ...]:
    """Processes left, backends right, so that a request points to the right and its answer back.

    Where processes call each other, a request may point to the left; services of a simulation stand with the backends.
    """
    seen = [event.what for event in focus.shown]
    active = {thing.process for thing in seen} | {thing.backend for thing in seen if isinstance(thing, Call)}
    ordered = dict.fromkeys([*history.processes, *(thing.process for thing in seen if isinstance(thing, Call))])
    processes = [process for process in ordered if process in active]
    called = {thing.backend for thing in seen if isinstance(thing, Call)}
    services = [name for name in dict.fromkeys(call.backend for call in history.calls) if name not in BACKEND_NAMES]
    backends = [name for name in (*services, *BACKEND_NAMES) if name in called and name not in ordered]
    lanes: list[Lane] = []
    edge = float(_GUTTER)
    for name in processes:
        half = header_width(clean(name)) / 2
        x = edge + half if not lanes else max(lanes[-1].x + _BETWEEN["process"], edge + half)
        lanes.append(Lane(name, "process", round(x)))
        edge = x + half + 8
    for position, name in enumerate(backends):
        half = header_width(backend_name(name)) / 2
        room = _BETWEEN["backend"] if position else max(190, _LABEL_ROOM - 45 - 122 * (len(backends) - 1))
        lanes.append(Lane(name, "backend", round(max(edge + half, (lanes[-1].x if lanes else 0) + room))))
        edge = lanes[-1].x + half + 8
    return tuple(lanes)


def picture_width(lanes: tuple[Lane, ...]) -> float:
    """Wide enough for the last header and for the labels of the last process."""
    processes = [lane.x for lane in lanes if lane.kind == "process"]
    last = lanes[-1] if lanes else Lane("", "process", 0)
    name = backend_name(last.name) if last.kind == "backend" else clean(last.name)
    return round(max(440, last.x + header_width(name) / 2 + 16, max(processes, default=0) + _LABEL_ROOM))


def segments_of(
    history: History, lane: Lane, top: float, bottom: float, y_of: Callable[[float], float]
) -> list[Segment]:
    """The lane's line: it stops where the process is killed and is dashed until the restart."""
    if lane.kind == "backend":
        return [Segment(lane.x, top, bottom, "backend")]
    changes = {"crash": "dead", "restart": "process", "pause": "paused", "resume": "process"}
    found, since, kind = [], top, "process"
    for mark in sorted((m for m in history.marks if m.process == lane.name and m.kind in changes), key=lambda m: m.at):
        y = min(y_of(mark.at), bottom)
        found.append(Segment(lane.x, since, y, kind))
        since, kind = y, changes[mark.kind]
    if kind != "dead":
        found.append(Segment(lane.x, since, bottom, kind))
    return [segment for segment in found if segment.bottom > segment.top]


def bars_of(history: History, lanes: tuple[Lane, ...], bottom: float, y_of: Callable[[float], float]) -> list[Bar]:
    """A thin bar along the process for each transaction that is in the picture."""
    x_of = {lane.name: lane.x for lane in lanes if lane.kind == "process"}
    crashes = {(mark.process, mark.at) for mark in history.marks if mark.kind == "crash"}
    bars = []
    for transaction in transactions(history):
        if transaction.process not in x_of:
            continue
        died = [at for process, at in crashes if process == transaction.process and at >= transaction.start]
        end = transaction.end if transaction.end is not None else min(died, default=None)
        stop = bottom if end is None else y_of(end)
        start = y_of(transaction.start)
        if stop > start:
            title = f"{clean(transaction.process)}: transaction, {transaction.state}"
            bars.append(Bar(x_of[transaction.process], start, stop, "transaction", transaction.state, title))
    return bars
