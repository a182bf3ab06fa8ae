"""Layout: every event has a row of its own, and every fate of a message can be seen from its shape."""

from __future__ import annotations

import pytest

from autograder.diagram import Diagram, samples
from autograder.diagram.causes import causal_past
from autograder.diagram.events import transactions
from autograder.diagram.labels import text_width
from autograder.diagram.placed import Arrow, Dot, Glyph, Layout, Part, Words
from autograder.history import Call, History, Mark

_SAMPLES = (samples.dual_write, samples.mark_before_send, samples.out_of_order, samples.lock_wait)
_SIZES = {"label": 13, "answer": 12, "side": 12, "number": 11, "rule": 14.5}


def _layout(history: History) -> Layout:
    return Diagram(history).layout


def _part(layout: Layout, name: str) -> Part:
    return next(part for part in layout.parts if part.name == name)


def _arrow(layout: Layout, name: str) -> Arrow:
    return next(piece for piece in _part(layout, name).pieces if isinstance(piece, Arrow))


def _signs(layout: Layout, name: str) -> list[str]:
    return [piece.kind for piece in _part(layout, name).pieces if isinstance(piece, Glyph)]


def _boxes(part: Part) -> list[tuple[float, float, float, float]]:
    words = [piece for piece in part.pieces if isinstance(piece, Words)]
    return [(w.x, w.y - 10, w.x + text_width(w.text, _SIZES[w.style]), w.y + 3) for w in words]


@pytest.mark.parametrize("sample", _SAMPLES)
def test_labels_never_overlap_and_stay_inside_the_picture(sample):
    layout = _layout(sample())
    boxes = [box for part in layout.parts for box in _boxes(part)]
    assert all(left >= 0 and right <= layout.width and bottom <= layout.height for left, _, right, bottom in boxes)
    for position, a in enumerate(boxes):
        for b in boxes[position + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)


def test_the_sentence_of_a_broken_rule_stays_inside_its_band():
    evidence = "a second after the update was acknowledged the shop shows the lamp at 90.00 euros, and the table holds the lamp at 80.00 euros"
    calls = (Call(process="reader-1", backend="redis", label="GET", request="GET product:p-1", start=1, end=2),)
    layout = _layout(History(run="r", calls=calls, marks=(Mark(process="reader-1", kind="violation", at=3, text=evidence),)))
    lines = [piece for part in layout.parts for piece in part.pieces if isinstance(piece, Words) and piece.style == "rule"]
    assert len(lines) > 1
    assert all(line.x + text_width(line.text, _SIZES["rule"]) <= layout.width - 6 for line in lines)


@pytest.mark.parametrize("sample", _SAMPLES)
def test_rows_follow_one_another_without_overlap(sample):
    parts = _layout(sample()).parts
    assert all(above.bottom <= below.top for above, below in zip(parts, parts[1:], strict=False))
    assert all(part.top < part.bottom for part in parts)


@pytest.mark.parametrize("sample", _SAMPLES)
def test_requests_point_right_answers_left_and_both_down(sample):
    for part in _layout(sample()).parts:
        for arrow in (piece for piece in part.pieces if isinstance(piece, Arrow)):
            assert arrow.start[1] < arrow.end[1]
            assert (arrow.end[0] < arrow.start[0]) == part.name.endswith("a")


def test_a_request_that_never_reached_its_backend_stops_half_way():
    layout = _layout(samples.dual_write())
    arrow = _arrow(layout, "3")
    kafka = next(lane.x for lane in layout.lanes if lane.name == "kafka")
    assert (arrow.fate, arrow.tone) == ("lost", "failed")
    assert arrow.start[0] < arrow.end[0] < kafka - 50
    assert not any(part.name == "3a" for part in layout.parts)


def test_a_commit_whose_answer_is_lost_is_committed_all_the_same():
    layout = _layout(samples.mark_before_send())
    assert (_arrow(layout, "3").fate, _signs(layout, "3")) == ("arrives", ["commit"])
    assert (_arrow(layout, "3a").fate, _arrow(layout, "3a").tone) == ("lost", "unknown")


def test_a_commit_of_which_nobody_knows_is_not_shown_as_committed():
    commit = Call(process="shop", backend="postgres", label="COMMIT", outcome="unknown", start=1, end=9, effect=True)
    assert "commit" not in _signs(_layout(History(run="r", calls=(commit,))), "1")


def test_a_held_request_dangles_and_a_rolled_back_transaction_shows_it():
    layout = _layout(samples.lock_wait())
    assert _arrow(layout, "8").fate == "held"
    assert _signs(layout, "7") == ["rollback"]


def test_a_killed_process_has_no_line_until_it_restarts():
    layout = _layout(samples.dual_write())
    kinds = [segment.kind for segment in layout.segments if segment.x == layout.lanes[0].x]
    assert kinds == ["process", "dead", "process"]


def test_a_process_that_never_restarts_has_no_line_after_its_death():
    call = Call(process="shop", backend="kafka", label="Produce", start=1, end=2)
    after = Call(process="other", backend="kafka", label="Produce", start=4, end=5)
    crash = Mark(kind="crash", process="shop", at=3)
    layout = _layout(History(run="r", calls=(call, after), marks=(crash,)))
    line = [segment for segment in layout.segments if segment.x == layout.lanes[0].x]
    assert [segment.kind for segment in line] == ["process"]
    assert line[0].bottom < layout.lanes_bottom - 40


def test_a_wait_is_a_bar_from_the_request_to_its_answer():
    layout = _layout(samples.lock_wait())
    bar = next(bar for bar in layout.bars if bar.kind == "wait")
    assert bar.top == _arrow(layout, "2").start[1]
    assert bar.bottom == _arrow(layout, "2a").end[1]
    assert "waits for relay-1" in [w.text for w in _part(layout, "2").pieces if isinstance(w, Words)]


def test_reads_and_effects_look_different():
    layout = _layout(samples.out_of_order())
    dots = {name: next(p for p in _part(layout, name).pieces if isinstance(p, Dot)).effect for name in ("1", "4")}
    assert dots == {"1": False, "4": True}


def test_transactions_reach_from_their_first_statement_to_their_end():
    found = [(t.process, t.start, t.end, t.state) for t in transactions(samples.lock_wait())]
    assert found == [("relay-1", 1, 9, "committed"), ("relay-2", 3, 14, "rolled back")]


def test_a_transaction_whose_commit_never_arrived_stays_open():
    insert = Call(process="shop", backend="postgres", label="insert purchase", start=1, end=2)
    commit = Call(process="shop", backend="postgres", label="COMMIT", start=3, fault="kill-before", outcome="failed")
    assert [t.state for t in transactions(History(run="r", calls=(insert, commit)))] == ["open"]


def test_statements_in_autocommit_are_no_transaction():
    insert = Call(process="shop", backend="postgres", label="insert purchase", start=1, end=2)
    assert transactions(History(run="r", calls=(insert,))) == ()


def test_what_is_left_out_is_said_where_it_happened():
    calls = tuple(Call(process="p", backend="redis", label="GET", start=t, end=t + 1) for t in range(1, 61, 2))
    layout = Diagram(History(run="r", calls=calls), limit=5).layout
    assert [hidden for _, hidden in layout.gaps] == [25]


def test_the_causal_past_leaves_out_what_cannot_have_had_influence():
    history = samples.out_of_order()
    past = causal_past(history, range(1, 14))
    assert past["6"] == ("3", "3a", "4", "4a", "5", "5a", "6"), "relay-1's read left no trace for relay-2"
    assert "4" in past["8a"], "the second send met a topic that the first one had changed"
    assert "4" not in past["8"]
    assert "13" not in past["12a"]
