"""The story: one line for each call and mark, in words that carry the run alone."""

from __future__ import annotations

import pytest

from autograder.diagram import Diagram, focus, samples, story
from autograder.history import Call, History, Mark


def _call(tick: int = 1, **more) -> Call:
    usual = dict(process="relay-1", backend="kafka", label="Produce purchases", request="publish p-1/2 → purchases")
    return Call(**{**usual, "start": tick, "end": tick + 1, "effect": True, **more})


def _line(**more) -> str:
    return story(History(run="r", calls=(_call(**more),)))[0]


def test_a_call_tells_who_asked_whom_for_what_and_the_answer():
    assert _line(answer="offset 0") == "relay-1 asks Kafka: publish p-1/2 → purchases … answered offset 0"


@pytest.mark.parametrize(
    ("fate", "ending"),
    [
        (dict(end=None, fault="kill-before", outcome="failed"), "… never reached Kafka"),
        (dict(end=None, outcome="failed"), "… never reached Kafka"),
        (dict(end=None, fault="kill-after", outcome="unknown"), "… Kafka did it, but the answer never arrived"),
        (dict(end=None, fault="park", outcome="unknown"), "… held on its way to Kafka"),
        (dict(outcome="failed", answer="not leader"), "… refused: not leader"),
        (
            dict(outcome="unknown", answer="timed out"),
            "… the answer never arrived: it may or may not have happened (the caller sees: timed out)",
        ),
        (
            dict(fault="cut-before", outcome="unknown", answer="connection closed"),
            "… never reached Kafka, and the caller sees: connection closed",
        ),
        (dict(waits_for=("relay-2",), answer="1 row"), "… waits for relay-2, then answered 1 row"),
        (dict(waits_for=("relay-2",), end=None), "… still waits for relay-2"),
    ],
)
def test_what_became_of_a_call_is_said(fate, ending):
    assert _line(**fate).endswith(ending)


def test_only_a_known_fault_says_that_the_effect_happened():
    assert "did it" not in _line(end=None, outcome="unknown")


def test_marks_are_told_in_the_order_in_which_they_happened():
    lines = story(samples.dual_write())
    assert [line for line in lines if "asks" not in line] == [
        "shop is killed: before its send",
        "shop restarts: the command is sent again",
        "shop has finished: the purchase is there already",
        "Rule broken: No order without its message: purchase p-1 is committed, and Kafka has no event of it.",
    ]


def test_a_process_that_starts_or_ends_without_a_word_is_no_event():
    marks = (Mark(kind="start", process="shop", at=0), Mark(kind="end", process="shop", at=9))
    assert story(History(run="r", marks=marks)) == []


def test_the_text_numbers_its_lines_and_says_what_is_left_out():
    history = History(run="many", calls=tuple(_call(tick, request=f"publish {tick}") for tick in range(1, 41, 2)))
    text = Diagram(history, title="Many sends", takeaway="They are many.", limit=3).text()
    assert text.splitlines()[0] == "Many sends"
    assert "     … 17 more not shown" in text
    assert " 20. relay-1 asks Kafka: publish 39 … answered" in text
    assert text.endswith("They are many.")


def test_focus_shows_everything_that_fits():
    history = samples.out_of_order()
    assert (len(focus(history, limit=13).shown), focus(history, limit=13).hidden) == (13, 0)
    assert (len(focus(history, limit=12).shown), focus(history, limit=12).hidden) == (12, 1)


def test_focus_keeps_the_broken_rule_the_crash_and_what_was_near_it():
    noise = tuple(
        _call(tick, label="select outbox", request="select 1", effect=False, process="reader")
        for tick in range(20, 120, 2)
    )
    crash = samples.dual_write()
    history = History(run="long", calls=crash.calls + noise, marks=crash.marks)
    kept = [line for event in focus(history, limit=6).shown for line in [story(history)[event.number - 1]]]
    assert any(line.startswith("Rule broken") for line in kept)
    assert any("is killed" in line for line in kept)
    assert any("never reached Kafka" in line for line in kept)
    assert any("COMMIT" in line for line in kept)
    assert not any("reader" in line for line in kept)
