"""The shop under load: the model agrees with what is known of queues, and the same seed gives the same run."""

from __future__ import annotations

import random

import pytest

from shop.balancing import Fleet, balance
from shop.load import Closed, Open, Station, System, play

SERVER = System(stations=(Station(name="server", servers=1, work_ms=10),))
SHOP = System(
    stations=(
        Station(name="api", servers=6, work_ms=11),
        Station(name="pool", servers=16, work_ms=0.5, visits=4, around="database"),
        Station(name="database", servers=4, work_ms=4),
    )
)


def test_one_server_that_is_half_busy_answers_in_twice_its_work():
    seen = play(SERVER, Open(rate_per_s=50), requests=20_000)
    assert seen.mean_ms == pytest.approx(20, rel=0.05)
    assert seen.stations["server"].utilisation == pytest.approx(0.5, rel=0.03)


def test_little_s_law_holds_in_the_whole_shop():
    seen = play(SHOP, Open(rate_per_s=200), requests=6_000)
    assert seen.throughput_per_s * seen.mean_ms / 1000 == pytest.approx(seen.inside_mean, rel=0.03)


def test_a_shop_under_more_load_than_it_can_take_does_what_its_bottleneck_can():
    seen = play(SHOP, Closed(users=100), requests=4_000)
    assert seen.throughput_per_s == pytest.approx(4 / 16 * 1000, rel=0.03)
    assert seen.stations["database"].utilisation > 0.99


def test_doubling_what_is_not_full_changes_nothing_and_doubling_what_is_does():
    rates = {name: play(SHOP.doubled(name), Closed(users=100), requests=3_000).throughput_per_s for name in ("api", "database")}
    assert rates["api"] == pytest.approx(250, rel=0.03) and rates["database"] == pytest.approx(500, rel=0.05)


def test_users_who_think_ask_less_often():
    idle = play(SERVER, Closed(users=1, think_ms=90), requests=4_000)
    assert idle.throughput_per_s == pytest.approx(10, rel=0.05)


def test_a_connection_is_held_while_its_statement_waits_and_works():
    seen = play(SHOP, Open(rate_per_s=50), requests=3_000)
    assert seen.stations["pool"].busy_s > seen.stations["database"].busy_s
    assert seen.stations["pool"].visits == pytest.approx(4 * seen.answered, rel=0.01)


def test_the_same_seed_gives_the_same_run_and_another_one_another():
    first, again, other = (play(SHOP, Open(rate_per_s=200), requests=500, seed=seed) for seed in (1, 1, 2))
    assert first == again and first.stations == again.stations and first.latencies_ms != other.latencies_ms


def test_equal_work_takes_equal_time():
    constant = System(stations=SERVER.stations, spread="constant")
    latencies_ms = play(constant, Closed(users=1), requests=100).latencies_ms
    assert [min(latencies_ms), max(latencies_ms)] == pytest.approx([10, 10])


def test_a_station_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="no station 'cache'; there are api, pool, database"):
        SHOP.doubled("cache")


# ---- the balancer


SLOW = Fleet(work_ms=(10.0,) * 7 + (50.0,), rate_per_s=500)


def test_the_load_of_a_fleet_is_the_share_of_what_it_can_do():
    assert SLOW.utilisation == pytest.approx(500 / 720)


def test_in_turn_the_slow_instance_falls_behind_and_by_requests_in_flight_it_does_not():
    turns = iter(range(10_000))
    chance = random.Random(1)
    in_turn = balance(lambda in_flight, recent_ms: next(turns) % 8, SLOW, requests=2_000)
    fewest = balance(lambda flight, _: min(range(8), key=lambda one: (flight[one], chance.random())), SLOW, requests=2_000)
    assert max(in_turn.given) - min(in_turn.given) <= 1 and fewest.given[7] < min(fewest.given[:7]) / 2
    assert in_turn.percentile_ms(0.99) > 20 * fewest.percentile_ms(0.99)


def test_arrivals_and_work_do_not_depend_on_who_picks():
    alone = Fleet(work_ms=(10.0, 10.0), rate_per_s=1)  # hardly ever two at a time
    first, second = (balance(lambda *_: one, alone, requests=50).latencies_ms for one in (0, 1))
    assert first == second


def test_an_instance_that_is_not_there_cannot_be_picked():
    with pytest.raises(IndexError, match="no instance 8: they are numbered from 0 to 7"):
        balance(lambda *_: 8, SLOW)
