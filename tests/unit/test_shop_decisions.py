"""The four models of day 13: the same seed gives the same numbers, and each moves as its parameters say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shop.decisions import Calls, Part, Reads, Shape, Talk, calls, reads, shape, talk

PARTS = (
    Part(name="cart", work_ms=10, cores=4, orders_per_crash=5e6, start_s=10),
    Part(name="stock", work_ms=20, cores=4, orders_per_crash=5e6, start_s=10),
    Part(name="recommendations", work_ms=10, cores=4, orders_per_crash=5e5, start_s=20, needed=False),
)
CHECKOUT = Shape(parts=PARTS, rate_per_s=100, hop_work_ms=0, hop_slow=0.01)
WAREHOUSE = Talk(rate_per_s=60, own_ms=20, wire_ms=5, work_ms=10, queue_ms=4, away_s=20, window_s=600)
STOCK = Reads(
    rate_per_s=200, work_ms=2, leader_ms=60, near_ms=4, replicas=2, writes_per_s=0.2, lag_ms=100, behind=0.0, behind_ms=2000
)


@pytest.mark.parametrize(("model", "of"), [(shape, CHECKOUT), (talk, WAREHOUSE), (reads, STOCK), (calls, Calls(slow=0.1, lost=0.05))])
def test_the_same_seed_gives_the_same_numbers_and_an_unknown_option_is_refused(model, of):
    option = next(iter(model.OPTIONS))
    assert model.play(option, of, seed=7) == model.play(option, of, seed=7)
    with pytest.raises(ValueError, match="There is no option 'both'"):
        model.play("both", of)


def test_one_process_lends_its_cores_and_shares_its_crashes():
    one, four, split = (shape.play(option, CHECKOUT) for option in shape.OPTIONS)
    assert one["orders_per_s_max"] == pytest.approx(300, rel=0.02)
    assert four["orders_per_s_max"] == pytest.approx(200, rel=0.02)
    assert split["orders_per_s_max"] == pytest.approx(8000 / 30, rel=0.02)
    assert one["fails_per_1000"] > 5 * split["fails_per_1000"] > 5 * four["fails_per_1000"]
    assert (one["slow_per_1000"], split["slow_per_1000"]) == (0, pytest.approx(10, rel=0.1))
    assert four["slow_per_1000"] == pytest.approx(19.9, rel=0.1)


def test_orders_beyond_the_limit_fail():
    over = shape.play("services", replace(CHECKOUT, rate_per_s=400))
    assert over["fails_per_1000"] == pytest.approx(500, rel=0.02)


def test_a_warehouse_that_is_away_fails_those_who_wait_and_keeps_the_others_waiting():
    waits, event, faster = (talk.play(option, WAREHOUSE) for option in talk.OPTIONS)
    assert waits["fails_per_1000"] == pytest.approx(1000 * 20 / 600, rel=0.15) and waits["behind_s"] == 0
    assert event["fails_per_1000"] == 0 and event["answer_ms"] == pytest.approx(24)
    assert event["behind_s"] == pytest.approx(19 * 100 / 40, rel=0.15)
    assert faster["behind_s"] == pytest.approx(19 * 200 / 140, rel=0.15)


def test_a_backlog_grows_while_the_warehouse_is_away_and_shrinks_afterwards():
    waiting = dict(talk.behind("asynchronous", WAREHOUSE))
    assert waiting[55.0] < 10 < 800 < waiting[80.0] and waiting[200.0] < 10


def test_the_leader_is_never_stale_and_is_one_queue_for_all():
    leader, near = reads.play("leader", STOCK), reads.play("nearest", STOCK)
    assert leader["stale_per_1000"] == 0 < near["stale_per_1000"] == pytest.approx(19.8, rel=0.15)
    busy = reads.play("leader", replace(STOCK, rate_per_s=450))
    assert leader["read_ms"] == pytest.approx(63.3, rel=0.05) and busy["read_ms"] == pytest.approx(80, rel=0.1)


def test_a_bounded_read_leaves_out_what_is_far_behind():
    late = replace(STOCK, behind=0.1)
    nearest, bounded = reads.play("nearest", late), reads.play("bounded", late)
    assert bounded["stale_per_1000"] == pytest.approx(0.9 * 19.8, rel=0.15)
    assert nearest["stale_per_1000"] > 2.5 * bounded["stale_per_1000"]


def test_attempts_are_independent_and_each_option_gives_up_something_else():
    found = {option: calls.play(option, Calls(slow=0.1, lost=0.1)) for option in calls.OPTIONS}
    fails = [one["fails_per_1000"] for one in found.values()]
    assert fails == [pytest.approx(value, rel=0.1) for value in (100, 10, 10, 8)]
    slow = [one["slow_per_1000"] for one in found.values()]
    assert slow == [pytest.approx(value, rel=0.1) for value in (100, 190, 30, 32)]
    extra = [one["extra_calls_per_100"] for one in found.values()]
    assert extra == [0, pytest.approx(10, rel=0.1), pytest.approx(20, rel=0.1), pytest.approx(24, rel=0.1)]
