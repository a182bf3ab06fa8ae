"""The checkout does not know how many processes it runs in, and an order fails with each part that it needs."""

from __future__ import annotations

import pytest

from shop.checkout import NEEDED, PARTS, Running

ORDER = {"buyer": "Ada", "lines": [["lamp", 1], ["mug", 2]]}
CONFIRMED = {"buyer": "Ada", "total_cents": 7300, "reserved": {"lamp": 1, "mug": 2}, "also": ["vase"]}
SHAPES = {"one": (tuple(PARTS),), "split": (NEEDED, ("recommendations",)), "four": tuple((part,) for part in PARTS)}


@pytest.mark.parametrize("processes", SHAPES.values(), ids=SHAPES)
def test_an_order_is_answered_alike_by_one_process_and_by_several(processes):
    with Running(*processes) as checkout:
        assert [checkout.order(ORDER).said for _ in range(3)] == [CONFIRMED] * 3


@pytest.mark.parametrize(
    ("shape", "victim", "dead", "said"),
    [
        ("one", "recommendations", tuple(PARTS), None),
        ("split", "recommendations", ("recommendations",), {**CONFIRMED, "also": None}),
        ("four", "stock", ("stock",), None),
    ],
)
def test_who_shares_a_process_dies_with_it_and_serves_again_when_it_is_started(shape, victim, dead, said):
    with Running(*SHAPES[shape]) as checkout:
        assert checkout.order(ORDER).said == CONFIRMED
        assert checkout.kill(victim) == dead
        away = [checkout.order(ORDER) for _ in range(2)]
        assert [one.said for one in away] == [said] * 2 and all(bool(one.trouble) is (said is None) for one in away)
        checkout.start_again(victim)
        assert checkout.order(ORDER).said == CONFIRMED
