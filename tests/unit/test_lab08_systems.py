"""A system of one's own: drawn from a name, the same everywhere, with one answer that can be computed from its metrics."""

from __future__ import annotations

import pytest

from autograder.labs.codes import NoSuchCode
from autograder.labs.lab08_bottleneck import belief, right, truth
from autograder.labs.lab08_systems import code_of, measured, system_of, truth_of

NAMES = ("Ada Lovelace", "Grace Hopper", "Barbara Liskov", "Зоя", "learner 5", "learner 6")


def computed(code: str) -> tuple[str, float]:
    """What a learner computes from the metrics: the smallest limit, and what is smallest when it is doubled."""
    seen = measured(code)
    limits = {name: seen.throughput_per_s / use.utilisation for name, use in seen.stations.items()}
    first = min(limits, key=limits.__getitem__)
    return first, min(2 * limits[first], *(limit for name, limit in limits.items() if name != first))


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_unique_and_follows_from_the_metrics(name):
    found, (first, after) = truth_of(code_of(name)), computed(code_of(name))
    best, second = sorted(found.doubled_per_s.values(), reverse=True)[:2]
    assert best > 1.2 * second
    assert first == found.scale_first
    assert after == pytest.approx(best, rel=0.06)
    assert not right("orders_per_s", 2 * found.as_it_is_per_s, best)


def test_a_code_says_whose_system_it_is():
    assert code_of("  Ada   Lovelace ") == code_of("ada lovelace") == "ada-lovelace-1205"
    assert code_of("Зоя O'Brien").startswith("зоя-o-brien-")


def test_a_name_without_letters_has_no_system():
    with pytest.raises(ValueError, match="give your own"):
        code_of(" -- ")


@pytest.mark.parametrize("code", ["ada-lovelace-0000", "ada", "", "-1205"])
def test_a_code_that_belongs_to_no_name_is_refused(code):
    with pytest.raises(NoSuchCode, match="copy the one"):
        system_of(code)


def test_a_sheet_without_a_code_is_about_no_system():
    with pytest.raises(NoSuchCode, match="does not say which system"):
        truth({"scale_first": "api"})


def test_a_promise_counts_for_the_right_resource_only():
    sheet = {"system": "ada-lovelace-1205", "scale_first": "database", "orders_per_s": 441}
    assert not right("orders_per_s", 441, truth(sheet)["orders_per_s"])
    assert right("orders_per_s", 441, truth(sheet | {"scale_first": "service"})["orders_per_s"])


@pytest.mark.parametrize(("promised", "kept"), [(100, True), (110, True), (90, True), (110.1, False), (89.9, False), (True, False)])
def test_a_promise_may_be_a_tenth_away(promised, kept):
    assert right("orders_per_s", promised, 100.0) is kept


def test_a_wrong_sheet_is_told_what_its_own_choice_gives_and_never_the_answer():
    said = belief({"system": "ada-lovelace-1205", "scale_first": "database", "orders_per_s": 450})
    assert "with the database doubled it does 283" in said and "service" not in said and "441" not in said
