"""The rules of the caching lab, over, at and under each bound."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.history import History
from autograder.invariants import State
from autograder.invariants import cached_writes as writes
from autograder.invariants import caching as rule
from autograder.invariants.cached_writes import Holder
from autograder.invariants.caching import Look, Question, Request

NOTHING = History(run="09.test", title="", processes=(), calls=(), marks=())
LAMP = {"id": "p-1", "name": "lamp", "price": 9000}
CHEAPER = {**LAMP, "price": 8000}


def broken(one: Any, rows: tuple[dict[str, Any], ...] = (), **known: Any) -> str:
    """The evidence against this state, or nothing."""
    found = one(NOTHING, State(moment="in the end", tables={"price_tag": rows}, known=known))
    return found.evidence if found else ""


def question(start_s: float, product: str = "lamp", instance: str = "shop-1", took_s: float = 0.1) -> Question:
    return Question(instance=instance, product=product, start_s=start_s, end_s=start_s + took_s)


def request(at_s: float = 1.0, *, ms: float = 10, told: str = "product", price: int = 9000, product: str = "lamp") -> Request:
    return Request(product=product, at_s=at_s, ms=ms, told=told, price=price)


@pytest.mark.parametrize(
    ("shown", "stored", "holds"),
    [(LAMP, LAMP, True), ({**LAMP, "version": 3}, LAMP, True), (LAMP, CHEAPER, False), (None, LAMP, False), (None, None, True),
     (LAMP, None, False), ("lamp", LAMP, False), ({}, LAMP, False)],
)  # fmt: skip
def test_a_look_shows_what_the_table_holds(shown: Any, stored: Any, holds: bool) -> None:
    assert (broken(rule.no_stale_look, looks=[Look(moment="later", shown=shown, stored=stored)]) == "") is holds


def test_only_a_warm_look_must_come_from_the_cache() -> None:
    looks = [Look(moment="", shown=LAMP, stored=LAMP, statements=count, warm=warm) for count, warm in ((1, False), (0, True))]
    assert broken(rule.the_cache_serves, looks=looks) == ""
    missing = [Look(moment="a moment later", shown=None, stored=None, statements=1, warm=True)]
    assert "does not exist asks Postgres once" in broken(rule.the_cache_serves, looks=missing)


def test_what_has_expired_is_another_rule_than_what_is_stale() -> None:
    old = [Look(moment="67 s later", shown=LAMP, stored=CHEAPER, expired=True)]
    assert broken(rule.no_stale_look, looks=old) == "" and broken(rule.a_value_ends_by_itself, looks=old)


def test_an_answer_must_have_been_true_at_some_moment() -> None:
    assert broken(rule.each_look_is_answered, answers=[LAMP, CHEAPER], ever=[LAMP, CHEAPER]) == ""
    assert "never in the table" in broken(rule.each_look_is_answered, answers=[{**LAMP, "price": 1}], ever=[LAMP])
    assert broken(rule.each_look_is_answered, undone="the update is never done")


@pytest.mark.parametrize(("age_s", "holds"), [(53.9, False), (54.0, True), (66.0, True), (67.5, True), (67.6, False)])
def test_a_product_is_asked_for_again_between_54_and_66_seconds(age_s: float, holds: bool) -> None:
    asked = [one for n in range(8) for one in (question(0.0, f"p-{n}"), question(0.1 + (age_s if n == 0 else 55 + n * 1.5), f"p-{n}"))]
    assert (broken(rule.expiry_is_spread, questions=asked) == "") is holds


@pytest.mark.parametrize(("together", "holds"), [(10, True), (11, False)])
def test_a_quarter_of_forty_may_end_in_one_second(together: int, holds: bool) -> None:
    elsewhere = [54.05 + n % 5 + 0.1 * (n // 5) if n < 25 else 62.05 + n % 4 for n in range(40 - together)]
    ages = [60.0] * together + elsewhere
    asked = [question(0.0, f"p-{n}") for n in range(40)] + [question(0.1 + age, f"p-{n}") for n, age in enumerate(ages)]
    assert (broken(rule.expiry_is_spread, questions=asked) == "") is holds


@pytest.mark.parametrize(("second", "instance", "holds"), [(0.05, "shop-1", False), (0.1, "shop-1", True), (0.05, "shop-2", True)])
def test_one_question_at_a_time_and_instance(second: float, instance: str, holds: bool) -> None:
    asked = [question(0.0), question(second, instance=instance)]
    assert (broken(rule.one_question_at_a_time, questions=asked, requests=[request()]) == "") is holds


@pytest.mark.parametrize(("ms", "holds"), [(500, True), (501, False)])
def test_everybody_is_answered_within_half_a_second(ms: float, holds: bool) -> None:
    assert (broken(rule.one_question_at_a_time, questions=[question(0.0)], requests=[request(ms=ms)]) == "") is holds


@pytest.mark.parametrize(("ms", "holds"), [(98, False), (100, True)])
def test_nobody_is_told_what_the_database_has_not_said(ms: float, holds: bool) -> None:
    told = [request(0.0, ms=ms)]
    assert (broken(rule.one_question_at_a_time, questions=[question(0.0)], requests=told) == "") is holds


@pytest.mark.parametrize(
    ("told", "price", "born", "holds"),
    [("product", 9000, {}, True), ("product", 9001, {}, False), ("nothing", 0, {}, False),
     ("nothing", 0, {"lamp": 5.0}, True), ("later", 0, {}, False)],
)  # fmt: skip
def test_everybody_is_told_what_the_database_holds(told: str, price: int, born: dict[str, float], holds: bool) -> None:
    seen = [request(told=told, price=price)]
    known = {"questions": [question(0.0)], "requests": seen, "stock": {"lamp": 9000}, "born": born}
    assert (broken(rule.one_question_at_a_time, **known) == "") is holds


def test_a_product_that_is_looked_at_is_asked_for() -> None:
    assert "never asked for" in broken(rule.expiry_is_spread, questions=[], requests=[request()])


@pytest.mark.parametrize(("gap_s", "holds"), [(1.9, False), (2.0, True), (9.9, True)])
def test_a_missing_product_is_not_asked_for_within_two_seconds(gap_s: float, holds: bool) -> None:
    asked = [question(0.0, took_s=0.0), question(gap_s, took_s=0.0)]
    assert (broken(rule.a_missing_product_is_remembered, questions=asked, requests=[]) == "") is holds


@pytest.mark.parametrize(("at_s", "holds"), [(20.0, True), (20.1, False)])
def test_a_new_product_is_seen_within_ten_seconds(at_s: float, holds: bool) -> None:
    late = [request(at_s, told="nothing", product="unicorn")]
    asked = [question(0.0, "unicorn")]
    found = broken(rule.a_missing_product_is_remembered, questions=asked, requests=late, born={"unicorn": 10.0})
    assert (found == "") is holds


@pytest.mark.parametrize(("count", "holds"), [(40, True), (41, False)])
def test_the_database_does_forty_questions_a_second(count: int, holds: bool) -> None:
    asked = [question(4 + n / 50, f"p-{n}") for n in range(count)]
    assert (broken(rule.the_database_survives, questions=asked, **OUTAGE) == "") is holds


@pytest.mark.parametrize(("count", "holds"), [(5, True), (6, False)])
@pytest.mark.parametrize("first_s", [2.0, 12.0])
def test_a_cache_that_is_well_keeps_the_database_quiet(count: int, first_s: float, holds: bool) -> None:
    asked = [question(first_s + n / 10, f"p-{n}") for n in range(count)]
    assert (broken(rule.the_database_survives, questions=asked, **OUTAGE) == "") is holds


OUTAGE = {"away_s": 3.0, "back_s": 9.0, "changed_s": 6.0, "old_price": 9000, "new_price": 8000}


@pytest.mark.parametrize(("served", "holds"), [(5, True), (4, False)])
def test_half_of_the_buyers_are_served_meanwhile(served: int, holds: bool) -> None:
    asked = [request(4.0, told="product" if n < served else "later") for n in range(10)]
    assert (broken(rule.most_buyers_are_served, requests=asked, **OUTAGE) == "") is holds


@pytest.mark.parametrize(
    ("one", "holds"),
    [(request(7.0, price=9000), True), (request(7.1, price=9000), False), (request(7.1, price=8000), True),
     (request(11.9, told="later"), True), (request(12.0, told="later"), False), (request(2.0, told="later"), False)],
)  # fmt: skip
def test_no_price_is_older_than_a_second_and_nobody_is_turned_away_without_need(one: Request, holds: bool) -> None:
    assert (broken(rule.most_buyers_are_served, requests=[request(4.0), one], **OUTAGE) == "") is holds


@pytest.mark.parametrize(("cached", "holds"), [(None, True), (9000, True), (8000, False), ("soon", False)])
def test_the_cache_shows_what_was_committed(cached: Any, holds: bool) -> None:
    assert (broken(writes.only_the_committed_is_shown, cached=cached, committed=[9000]) == "") is holds


@pytest.mark.parametrize(("counted", "says"), [(3, ""), (2, "lost"), (4, "twice")])
def test_each_view_counts_once(counted: int, says: str) -> None:
    assert says in broken(writes.each_view_counts_once, viewed={"p-1": 3}, counted={"p-1": counted})
    assert bool(says) == bool(broken(writes.each_view_counts_once, viewed={"p-1": 3}, counted={"p-1": counted}))


@pytest.mark.parametrize(("reached", "holds"), [(6, True), (7, False)])
def test_a_quarter_of_the_views_may_wait(reached: int, holds: bool) -> None:
    assert (broken(writes.few_views_reach_postgres, views=24, reached=reached) == "") is holds


@pytest.mark.parametrize(("stated", "holds"), [(8, False), (9, True), (11, True), (12, False), (True, False), ("nine", False)])
def test_the_loss_is_stated_as_it_is(stated: Any, holds: bool) -> None:
    assert (broken(writes.the_loss_is_as_stated, stated=stated, lost=9, died_after=9) == "") is holds


@pytest.mark.parametrize(("ratio", "holds"), [(0.38, True), (0.379, False)])
def test_the_plan_reaches_95_percent_of_the_best(ratio: float, holds: bool) -> None:
    known = {"too_old": {}, "best": 0.4, "belief": "", "ratio": ratio}
    assert (broken(writes.the_hit_ratio_is_near_the_best, **known) == "") is holds
    assert "2 s" in broken(writes.the_hit_ratio_is_near_the_best, **{**known, "too_old": {"stock": (5.0, 2)}})


def holder(process: str, token: Any, price: int, wrote: bool = True) -> Holder:
    return Holder(process=process, token=token, wrote=wrote, price=price)


@pytest.mark.parametrize(
    ("tag", "tokens", "holds"),
    [(7000, (1, 2), True), (8000, (1, 2), False), (8000, (2, 1), True), (7000, (1, 1), False), (7000, ("a", "b"), False)],
)
def test_the_greatest_token_has_the_last_word(tag: int, tokens: tuple[Any, Any], holds: bool) -> None:
    holders = [holder("worker-1", tokens[0], 8000), holder("worker-2", tokens[1], 7000)]
    found = broken(writes.a_late_holder_changes_nothing, ({"price": tag},), holders=holders)
    assert (found == "") is holds


def test_a_lock_that_nobody_gets_is_no_lock() -> None:
    assert "nobody gets the lock" in broken(writes.the_lock_comes_free, holders=[holder("worker-1", None, 8000, wrote=False)])
    assert broken(writes.the_lock_comes_free, holders=[holder("worker-1", 1, 8000)]) == ""


@pytest.mark.parametrize(("price", "holds"), [(9000, True), (8999, False), (1, False)])
def test_a_price_that_the_table_never_held_is_seen_before_the_prices_change(price: int, holds: bool) -> None:
    told = [request(1.0, price=price), request(2.0)]
    assert (broken(rule.most_buyers_are_served, requests=told, **OUTAGE) == "") is holds
