"""Layout: every event gets a row of its own, from top to bottom, so that no label can meet another.

Pure: the same history gives the same positions. Time goes downward; requests point right and down, answers left and
down, because a message takes time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from autograder.diagram.events import Event, events, is_commit, is_heard, is_held, is_rollback, reached
from autograder.diagram.focus import Focus
from autograder.diagram.labels import brief, clean, fit, text_width, wrap
from autograder.diagram.lanes import bars_of, lanes_of, picture_width, segments_of
from autograder.diagram.placed import Arrow, Band, Bar, Dot, Glyph, Lane, Layout, Part, Piece, Words
from autograder.diagram.story import ask, backend_name, reply, sentence
from autograder.history import Call, History, Mark

__all__ = ["lay_out"]

_TOP = 52
_SLOPE = 7
_BOLD = 14.5
"""Bold letters of size 13 are as wide as these."""
_ON_THE_WAY = 0.5
"""Where a lost or held message stops, as a part of its way."""
_LONG = 420
"""From this height on the lanes' names stand at the bottom too."""
_MARK_WORDS = {
    "start": "starts", "crash": "killed", "restart": "restarts", "cut": "connection cut", "park": "call held",
    "pause": "paused", "resume": "goes on", "end": "finished", "error": "raises", "note": "",
}  # fmt: skip


def lay_out(history: History, focus: Focus) -> Layout:
    """Place everything in ``focus`` that happened in ``history``."""
    lanes = lanes_of(history, focus)
    sheet = _Sheet(lanes, picture_width(lanes))
    steps = _steps(focus)
    for position, step in enumerate(steps):
        before = steps[position - 1].event.number if position else 0
        if not step.answer:
            sheet.gap(step.event.number - max([before, *(s.event.number for s in steps[:position])], default=0) - 1)
        sheet.place(step, at_once=bool(position) and steps[position - 1].event is step.event)
    if steps:
        sheet.gap(len(events(history)) - max(step.event.number for step in steps))
    return sheet.finish(history)


@dataclass(frozen=True)
class _Step:
    tick: float
    event: Event
    answer: bool


def _steps(focus: Focus) -> list[_Step]:
    steps = []
    for event in focus.shown:
        steps.append(_Step(event.tick, event, answer=False))
        call = event.what
        if isinstance(call, Call) and _has_answer_row(call):
            lost = call.end is None or (call.fault and reached(call) and not is_heard(call))
            steps.append(_Step(call.start + 0.5 if lost else call.end, event, answer=True))
    return sorted(steps, key=lambda step: (step.tick, step.event.number, step.answer))


def _has_answer_row(call: Call) -> bool:
    """Does the answer have a row of its own? A lost answer has one: that it is missing is the news."""
    return not call.one_way and (call.end is not None or (reached(call) and not call.waits_for))


@dataclass
class _Sheet:
    """The page while it is being filled."""

    lanes: tuple[Lane, ...]
    width: float
    y: float = _TOP
    parts: list[Part] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    gaps: list[tuple[float, int]] = field(default_factory=list)
    rows: list[tuple[float, float]] = field(default_factory=list)
    """Tick and y of everything placed, in order; the map from time to place."""
    waiting: dict[int, float] = field(default_factory=dict)

    def gap(self, hidden: int) -> None:
        """Say that events were left out here."""
        if hidden > 0:
            self.gaps.append((self.y + 13, hidden))
            self.y += 26

    def place(self, step: _Step, *, at_once: bool) -> None:
        """Add the row of one step."""
        what = step.event.what
        if isinstance(what, Mark):
            self._mark(step, what)
        elif step.answer:
            self._answer(step, what, at_once=at_once)
        else:
            self._request(step, what)

    def x(self, name: str) -> float:
        """Where the lane stands; the left edge for somebody without a lane."""
        return next((lane.x for lane in self.lanes if lane.name == name), 26)

    def _add(self, step: _Step, height: float, says: str, pieces: list[Piece]) -> None:
        name = f"{step.event.number}a" if step.answer else str(step.event.number)
        self.parts.append(Part(name, self.y, self.y + height, says, tuple(pieces)))
        self.y += height

    def _words(self, x: float, y: float, text: str, style: str = "label", size: float = 13) -> Words:
        return Words(x, y, fit(text, self.width - x - 6, size), style)

    def _request(self, step: _Step, call: Call) -> None:
        start, stop, y = self.x(call.process), self.x(call.backend), self.y + 22
        self.rows.append((step.tick, y))
        fate = "held" if is_held(call) else "arrives" if reached(call) else "lost"
        part = 1.0 if fate == "arrives" else _ON_THE_WAY
        arrival = _arrival(call, stop, y + _SLOPE)
        end = (start + (stop - start) * part, y + _SLOPE * part)
        tone = "unknown" if call.outcome == "ok" and fate != "arrives" and call.end is None else call.outcome
        room = 12 if isinstance(arrival, Glyph) else 6
        pieces: list[Piece] = [self._number(step), Arrow((start, y), end, tone, fate, room)]
        pieces.append(self._words(start + 12, y - 7, brief(call.request or call.label)))
        if fate == "arrives":
            pieces.append(arrival)
        side = _side_words(call, fate)
        if side:
            pieces += self._beside(call, start, end, y, side)
        if call.waits_for:
            self.waiting[step.event.number] = y
            if call.end is None:
                self.bars.append(Bar(start, y, y + 44, "wait", title=reply(call)))
        says = ask(call) if _has_answer_row(call) else sentence(step.event)
        self._add(step, 54 if side else 36, says, pieces)

    def _beside(self, call: Call, start: float, end: tuple[float, float], y: float, side: str) -> list[Piece]:
        if call.waits_for:
            return [Glyph(start + 18, y + 20, "wait"), self._words(start + 30, y + 24, side, "side", 12)]
        return [self._words(max(start + 12, end[0] - 30), y + 24, side, "side", 12)]

    def _answer(self, step: _Step, call: Call, *, at_once: bool) -> None:
        start, stop = self.x(call.backend), self.x(call.process)
        y = self.y + (0 if at_once else 8)
        heard = is_heard(call)
        label = _answer_label(step, call, at_once=at_once)
        pieces: list[Piece] = [] if at_once else [self._number(step)]
        if not reached(call):
            pieces.append(Glyph(stop, y + 9, "error"))
        else:
            part = 1.0 if heard else _ON_THE_WAY
            end = (start + (stop - start) * part, y + _SLOPE * part)
            start -= 9 if isinstance(_arrival(call, start, y), Glyph) and at_once else 0
            pieces.append(Arrow((start, y), end, call.outcome if heard else "unknown", "arrives" if heard else "lost"))
        below = y + _SLOPE + 15 if reached(call) else y + 14
        if label:
            pieces.append(self._words(stop + 12, below, label, "answer" if heard else "side", 12))
        self.rows.append((step.tick, y + _SLOPE))
        if step.event.number in self.waiting:
            top = self.waiting[step.event.number]
            self.bars.append(Bar(stop, top, y + _SLOPE, "wait", title=reply(call)))
        says = f"{backend_name(call.backend)} → {clean(call.process)}: {reply(call)}"
        self._add(step, (below if label else y + _SLOPE) + 12 - self.y, says, pieces)

    def _mark(self, step: _Step, mark: Mark) -> None:
        if mark.kind == "violation" or not any(lane.name == mark.process for lane in self.lanes):
            self._banner(step, mark)
            return
        x, y = self.x(mark.process), self.y + 16
        self.rows.append((step.tick, y))
        words = " ".join(filter(None, [_MARK_WORDS[mark.kind], clean(mark.text)]))
        if mark.text and mark.kind not in ("note", "error"):
            words = f"{_MARK_WORDS[mark.kind]}: {clean(mark.text)}"
        room = self.width - x - 24
        left = x + 18 if room > 110 else max(26, x - 18 - text_width(words))  # beside the last lane there is no room
        pieces = [self._number(step), Glyph(x, y, mark.kind), self._words(left, y + 5, words)]
        self._add(step, 46 if mark.kind == "crash" else 34, sentence(step.event), pieces)

    def _banner(self, step: _Step, mark: Mark) -> None:
        broken = mark.kind == "violation"
        lines = wrap(sentence(step.event), self.width - 62, _BOLD)
        top, height = self.y + 6, 17 * len(lines) + 14
        self.rows.append((step.tick, top))
        pieces: list[Piece] = [Band(top, self.width - 12, height, "violation" if broken else "note")]
        pieces.append(Glyph(24, top + height / 2, "violation" if broken else "note"))
        pieces += [Words(44, top + 20 + 17 * row, line, "rule") for row, line in enumerate(lines)]
        self._add(step, height + 14, sentence(step.event), pieces)

    def _number(self, step: _Step) -> Words:
        lower = step.answer or isinstance(step.event.what, Mark)
        return Words(6, self.y + (21 if lower else 15), str(step.event.number), "number")

    def y_of(self, tick: float) -> float:
        """Where a moment stands: at the first thing placed then or later."""
        position = bisect_left(self.rows, (tick, 0.0))
        return self.rows[position][1] if position < len(self.rows) else self.y

    def finish(self, history: History) -> Layout:
        """The sheet as a layout."""
        bottom = self.y + 4
        segments = [s for lane in self.lanes for s in segments_of(history, lane, _TOP - 8, bottom, self.y_of)]
        again = bottom > _LONG
        return Layout(
            width=self.width,
            height=bottom + (34 if again else 8),
            lanes=self.lanes,
            lanes_bottom=bottom,
            names_again=again,
            segments=tuple(segments),
            bars=tuple(bars_of(history, self.lanes, bottom, self.y_of) + self.bars),
            parts=tuple(self.parts),
            gaps=tuple(self.gaps),
        )


def _arrival(call: Call, x: float, y: float) -> Piece:
    if call.waits_for:
        return Glyph(x, y, "lock")
    if call.outcome == "unknown" and not call.fault.endswith("-after"):
        return Dot(x, y, call.outcome, call.effect)  # nobody knows whether it was committed
    if is_commit(call) and call.outcome != "failed":
        return Glyph(x, y, "commit")
    if is_rollback(call) or is_commit(call):
        return Glyph(x, y, "rollback")
    return Dot(x, y, call.outcome, call.effect)


def _side_words(call: Call, fate: str) -> str:
    if call.waits_for:
        return reply(call).split(", then")[0]
    if fate == "lost":
        return f"never reaches {backend_name(call.backend)}"
    return "held on its way" if fate == "held" else ""


def _answer_label(step: _Step, call: Call, *, at_once: bool) -> str:
    answer = "" if call.answer.upper() == call.label.upper() else clean(call.answer)  # COMMIT answers COMMIT
    if not reached(call):
        text = f"its process sees: {answer}" if answer else "its process gives up"
    elif not is_heard(call):
        text = "the answer never arrives" + (f"; its process sees: {answer}" if answer and call.end is not None else "")
    else:
        text = answer
    if at_once:
        return text
    return f"answer to {step.event.number}: {text}" if text else f"answer to {step.event.number}"
