"""Names of runs: short, and exact both ways."""

from __future__ import annotations

import pytest

from autograder.explore.names import NAME_LENGTH_MAX, BadRunName, RunName, Strike, is_slug_of, slug


def test_a_name_says_lab_story_input_fault_and_call():
    name = RunName(
        lab="06",
        scenario="relay",
        input=("a1", "b1"),
        strike=Strike(fault="kill-before", label="Produce purchases", occurrence=2),
    )
    assert str(name) == "06.relay.a1-b1.kill-before.Produce-purchases.2"


def test_a_name_reads_back_as_the_run_it_was_made_from():
    name = RunName(lab="06", scenario="two-relays", input=("a1",), strike=Strike(fault="pause", label="COMMIT"))
    assert RunName.parse(str(name)) == name
    assert RunName.parse("06.late.a1-b1") == RunName(lab="06", scenario="late", input=("a1", "b1"))


@pytest.mark.parametrize(
    "text", ["", "06", "06.relay", "06.relay.a1.kill-before", "06.relay.a1.kill-before.COMMIT.0", "06.relay.a1.park.X.two", "x" * 65]
)
def test_what_is_no_name_is_refused_with_an_example(text):
    with pytest.raises(BadRunName) as refusal:
        RunName.parse(text)
    assert "06." in str(refusal.value) or "counted from 1" in str(refusal.value)


def test_a_long_label_stays_short_distinct_and_stable():
    one, other = slug("insert " + "very_" * 20 + "one"), slug("insert " + "very_" * 20 + "other")
    assert one != other
    assert len(one) == len(other) == 22
    assert slug(one) == one


def test_the_longest_name_of_the_lab_fits():
    strike = Strike(fault="kill-before", label="insert " + "x" * 80, occurrence=99)
    longest = RunName(lab="06", scenario="clean-up-order", input=("a1", "b1", "c1"), strike=strike)
    assert len(str(longest)) <= NAME_LENGTH_MAX


def test_a_word_of_a_long_name_is_known_again_whatever_it_was_cut_to():
    for label in ("Produce purchases", "COMMIT", "insert " + "very_" * 20 + "one"):
        for length in (22, 14, 9):
            assert is_slug_of(slug(slug(label), length), label)
        assert not is_slug_of("update-purchase", label)


def test_a_name_with_two_strikes_fits():
    strikes = [Strike(fault="kill-before", label=slug("insert " + "x" * 80), occurrence=9) for _ in range(2)]
    name = RunName(lab="07", scenario="checkout", input=("p1",), strike=strikes[0], then=strikes[1])
    again = RunName.parse(str(name))
    assert len(str(name)) <= NAME_LENGTH_MAX
    assert again.then is not None and is_slug_of(again.then.label, "insert " + "x" * 80)
