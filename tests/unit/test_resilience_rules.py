"""The rules of lab 12, over, at and under each of their bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.history import History
from autograder.invariants import State, degradation, limits, overload
from autograder.invariants.degradation import Visit, recommended_to
from autograder.invariants.limits import Ask
from autograder.invariants.overload import Look, Wish
from autograder.labs.lab12_gates import bucket_of
from autograder.labs.lab12_pages import product_of

HISTORY = History(run="12.test", calls=(), marks=())
RATE, BURST = 1.0, 5


def broke(rule, **known):
    found = rule(HISTORY, State(moment="in the end", at=0, known=known))
    return found.evidence if found else ""


def ask(at_s, said=0.0, client="Ada", instance="gate-1", **more):
    return Ask(client=client, instance=instance, asked_ms=at_s * 1000, answered_ms=at_s * 1000 + 1, said=said, **more)


def gate(rule, *asks, rate=RATE, burst=BURST, **known):
    return broke(rule, asks=list(asks), rate=rate, burst=burst, **known)


# ---- the bucket


@pytest.mark.parametrize(
    ("calls", "apart_s", "holds"),
    [(5, 0, True), (6, 0, False), (10, 1.0, True), (10, 1.25, True), (10, 0.5, False)],
)
def test_a_bucket_of_five_that_gains_one_a_second_gives_no_more(calls, apart_s, holds):
    asks = [ask(number * apart_s) for number in range(calls)]
    assert (gate(limits.never_more_than_the_bucket_gives, *asks) == "") is holds


def test_calls_of_all_instances_count_together_and_those_of_other_clients_do_not():
    rule = limits.never_more_than_the_bucket_gives
    spread = [ask(0, instance=f"gate-{number % 3 + 1}") for number in range(6)]
    assert "6 calls through at once at 3 instances; the bucket gives 5.0" in gate(rule, *spread)
    assert gate(rule, *(ask(0, client=f"c-{number}") for number in range(6))) == ""


def test_an_answer_that_takes_long_may_have_been_decided_late():
    first = [ask(0) for _ in range(5)]
    late = Ask(client="Ada", instance="gate-1", asked_ms=500, answered_ms=1000, said=0)
    assert gate(limits.never_more_than_the_bucket_gives, *first, late) == ""
    soon = Ask(client="Ada", instance="gate-1", asked_ms=500, answered_ms=900, said=0)
    assert gate(limits.never_more_than_the_bucket_gives, *first, soon) != ""


@pytest.mark.parametrize(("at_s", "holds"), [(0.5, True), (1.0, True), (1.1, False)])
def test_who_is_refused_had_no_token(at_s, holds):
    spent = [ask(0) for _ in range(5)]
    assert (gate(limits.nobody_is_refused_a_token, *spent, ask(at_s, said=0.5)) == "") is holds


def test_a_bucket_of_one_is_full_and_no_fuller():
    rule = limits.nobody_is_refused_a_token
    assert gate(rule, ask(0), ask(0.9, said=0.1), burst=1) == ""
    assert "with 1.0 of 1 tokens there" in gate(rule, ask(0), ask(1.2, said=0.5), burst=1)


def test_in_a_schedule_no_time_passes_and_nothing_is_doubted():
    def at_once(said):
        return Ask(client="Ada", instance="gate-1", said=said)

    rule = limits.nobody_is_refused_a_token
    assert gate(rule, at_once(0), at_once(999.0), rate=0.001, burst=1) == ""
    assert gate(rule, at_once(0), at_once(999.0), rate=0.001, burst=2) != ""


def test_who_died_may_have_taken_a_token_and_who_raised_has_no_answer():
    died = Ask(client="Ada", instance="gate-1", asked_ms=0, answered_ms=None)
    assert gate(limits.nobody_is_refused_a_token, died, ask(0.1, said=0.9), burst=1) == ""
    raised = ask(0, said=None, trouble="broken: ZeroDivisionError")
    assert "got no answer but broken: ZeroDivisionError" in gate(limits.nobody_is_refused_a_token, raised)


@pytest.mark.parametrize(
    ("said", "holds"),
    [(0.6, True), (0.64, True), (0.56, True), (0.7, False), (0.5, False), (1.0, False), (True, False), (None, False)],
)
def test_the_wait_is_right_to_fifty_milliseconds(said, holds):
    spent = [ask(0) for _ in range(5)]
    assert (gate(limits.the_wait_is_true, *spent, ask(0.4, said=said)) == "") is holds


def test_what_redis_keeps_is_named():
    assert gate(limits.nothing_is_kept_for_ever, left=[]) == ""
    assert "still keeps bucket:Ada and 1 keys more" in gate(limits.nothing_is_kept_for_ever, left=["bucket:Ada", "bucket:Bao"])


def test_a_word_of_a_schedule_says_what_the_bucket_holds():
    assert bucket_of("h3t2") == (3, 2)
    with pytest.raises(ValueError, match="says nothing of a bucket"):
        bucket_of("l1")


# ---- the page

MINE, BEST = recommended_to("Ada"), ["bestseller-1-1", "bestseller-1-2", "bestseller-1-3"]
EDITIONS = [(20_000.0, BEST)]


def visit(shown=MINE, degraded=False, *, asked_s=0.0, waited_ms=100.0, product="lamp", **more):
    page = {"product": product_of(product, 0.0), "next": list(shown), "degraded": degraded}
    told = {"page": page, "product": product_of("lamp", 0.0), **more}
    return Visit(buyer="Ada", asked_ms=asked_s * 1000, waited_ms=waited_ms, **told)


@pytest.mark.parametrize(("late", "holds"), [(0, True), (1, True), (2, False)])
def test_one_page_in_a_hundred_may_be_late(late, holds):
    visits = [visit(waited_ms=300.0)] * (100 - late) + [visit(waited_ms=301.0)] * late
    assert (broke(degradation.every_page_is_there_in_time, visits=visits) == "") is holds


@pytest.mark.parametrize(("asked_s", "holds"), [(12.0, True), (21.9, True), (22.0, False), (30.0, False)])
def test_a_price_may_be_shown_for_ten_seconds_after_it_has_changed(asked_s, holds):
    asked_ms = asked_s * 1000
    old = visit(asked_s=asked_s, product="lamp")
    old = replace(old, product=product_of("lamp", asked_ms), before=product_of("lamp", asked_ms - 10_000))
    assert (broke(degradation.every_page_is_there_in_time, visits=[old]) == "") is holds


def test_a_price_that_nobody_has_said_yet_is_none():
    early = replace(visit(), page=visit().page | {"product": product_of("lamp", 12_000.0)})
    assert "showed" in broke(degradation.every_page_is_there_in_time, visits=[early])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (visit(waited_ms=None), "never came"),
        (visit(page=None, trouble="unavailable"), "was no page but unavailable"),
        (visit(product="mug"), "had no product on it"),
        (visit(page="lamp"), "had no product on it"),
    ],
)
def test_what_is_no_page(wrong, says):
    assert says in broke(degradation.every_page_is_there_in_time, visits=[wrong])


@pytest.mark.parametrize(
    ("shown", "degraded", "says"),
    [
        (MINE, False, ""),
        (MINE, True, ""),  # claims less than it has
        (BEST, True, ""),
        (BEST, False, "not marked as degraded"),
        (recommended_to("Bao"), True, "somebody else"),
        (recommended_to("Bao"), False, "somebody else"),
        ([], True, "shows nothing"),
        ([], False, "shows nothing"),
        (BEST[:2], True, "three bestsellers belong there"),
        (MINE, None, "does not say whether it is degraded"),
        (MINE, "no", "does not say whether it is degraded"),
    ],
)
def test_a_page_is_what_it_says(shown, degraded, says):
    told = {"recommended_ms": {"Ada": 100.0}, "bestsellers": EDITIONS}
    found = broke(degradation.a_page_says_what_it_is, visits=[visit(shown, degraded)], **told)
    assert says in found if says else found == ""


@pytest.mark.parametrize(("asked_s", "holds"), [(19.0, True), (79.9, True), (80.0, False)])
def test_bestsellers_are_good_for_a_minute_after_they_were_true(asked_s, holds):
    old = visit(BEST, True, asked_s=asked_s)
    assert (broke(degradation.a_page_says_what_it_is, visits=[old], recommended_ms={}, bestsellers=EDITIONS) == "") is holds


@pytest.mark.parametrize(("answered_ms", "holds"), [(99.9, True), (100.0, True), (100.1, False), (None, False)])
def test_what_nobody_has_recommended_yet_is_made_up(answered_ms, holds):
    recommended = {} if answered_ms is None else {"Ada": answered_ms}
    found = broke(degradation.a_page_says_what_it_is, visits=[visit()], recommended_ms=recommended, bestsellers=EDITIONS)
    assert (found == "") is holds


@pytest.mark.parametrize(("partial", "holds"), [(0, True), (2, True), (3, False)])
def test_two_pages_in_a_hundred_may_be_degraded_on_a_good_day(partial, holds):
    visits = [visit()] * (100 - partial) + [visit(BEST, True)] * partial
    assert (broke(degradation.it_recovers_by_itself, must_be_whole={"they worked": visits}) == "") is holds


@pytest.mark.parametrize(("calls", "holds"), [(100, True), (110, True), (111, False)])
def test_a_fallback_adds_a_tenth(calls, holds):
    assert (broke(degradation.the_fallback_adds_little, failing=(100, calls)) == "") is holds


# ---- the rush


def wishes(kind, served, lost=0, told="busy", waited_ms=1.0):
    return [Wish(kind=kind, told="served", waited_ms=500.0)] * served + [Wish(kind=kind, told=told, waited_ms=waited_ms)] * lost


@pytest.mark.parametrize(
    ("checkouts", "pages", "holds"), [((99, 1), (90, 10), True), ((98, 2), (90, 10), False), ((99, 1), (89, 11), False)]
)
def test_checkouts_come_first_and_pages_second(checkouts, pages, holds):
    rush = [*wishes("checkout", *checkouts), *wishes("page", *pages), *wishes("crawler", 0, 100)]
    assert (broke(overload.checkouts_come_first, rush=rush) == "") is holds


def test_served_too_late_is_not_served():
    late = wishes("checkout", 98) + [Wish(kind="checkout", told="served", waited_ms=501.0)] * 2
    assert "the first was served after 0.5 s" in broke(overload.checkouts_come_first, rush=late)


@pytest.mark.parametrize(
    ("calm", "rush", "says"),
    [
        (wishes("page", 95, 5), wishes("page", 80), ""),
        (wishes("page", 94, 6), wishes("page", 80), "6 of 100 were not: pages"),
        (wishes("page", 100), wishes("page", 79), "79 requests were served in time, where 100 can be"),
        (wishes("page", 100), wishes("page", 80, 1, waited_ms=100.0), ""),
        (wishes("page", 100), wishes("page", 80, 1, waited_ms=101.0), "waited 101 ms to be refused"),
        (wishes("page", 100), wishes("page", 80, 1, told=None), "neither served nor busy"),
    ],
)
def test_refusals_are_quick_and_needed(calm, rush, says):
    known = {"calm": calm, "rush": rush, "done_ms": {"page": [500.0] * 200}, "can_serve": 100}
    found = broke(overload.who_is_refused_hears_it_at_once, **known)
    assert says in found if says else found == ""


@pytest.mark.parametrize(("done_ms", "holds"), [([500.0] * 100, True), ([500.0] * 99, False), ([500.0] * 99 + [500.1], False)])
def test_who_is_told_served_has_been(done_ms, holds):
    known = {"calm": wishes("page", 20), "rush": wishes("page", 80), "done_ms": {"page": done_ms}, "can_serve": 100}
    assert (broke(overload.who_is_refused_hears_it_at_once, **known) == "") is holds


# ---- toggles


def look(said, expected, rule="safe", ms=10.0, **more):
    return Look(toggle="fraud_check", process="shop-1", at_ms=0, said=said, ms=ms, expected=expected, because="now", rule=rule, **more)


@pytest.mark.parametrize(
    ("one", "safe", "followed"),
    [
        (look(True, True), True, True),
        (look(False, None), True, True),
        (look(False, True), False, True),
        (look(False, True, "switch"), True, False),
        (look(1, True, "switch"), True, False),
        (look(True, True, ms=100.0), True, True),
        (look(True, True, ms=101.0), False, True),
        (look(None, None, ms=None), False, True),
        (look(None, None, trouble="broken: ConnectionError"), False, True),
    ],
)
def test_a_toggle_follows_and_is_safe(one, safe, followed):
    assert (broke(overload.a_toggle_is_safe, looks=[one]) == "") is safe
    assert (broke(overload.a_switch_is_followed, looks=[one]) == "") is followed
