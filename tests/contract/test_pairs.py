"""A recovery that is itself struck: a second fault, counted from the first one on, in the second life or in another process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from autograder.backends.databases import learner_address
from autograder.explore.coverage import claim
from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.pairs import Pairs
from autograder.explore.scenario import Played, Scenario
from autograder.explore.stage import Stage
from autograder.explore.sweep import Swept, sweep, with_smallest
from autograder.grading.program import Cell, Program
from autograder.grading.subject import Zygote
from autograder.history import History
from autograder.invariants import State, Violation

SOURCE = '''
import psycopg

SHIP = "insert into shipment (purchase_id, item, quantity) values ('p-1', 'lamp', %s)"
FORGET = "delete from inbox"


def ask(connection, sql):
    return connection.execute(sql).fetchone()[0]


def ship(connection):
    if ask(connection, "select coalesce(sum(quantity), 0) from shipment") == 0:
        connection.execute("insert into inbox (event_id) values ('p-1/1') on conflict do nothing")
        connection.execute(SHIP, [1])
        connection.execute(FORGET)


def recover(at, is_half_done):
    """What was left half done is taken back, and done from the beginning."""
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        if ask(connection, "select count(*) from inbox"):
            if ask(connection, is_half_done):
                connection.execute(SHIP, [-1])
            connection.execute(FORGET)
        ship(connection)


def asks_whether_it_ever_shipped(at):
    recover(at, "select count(*) from shipment")


def asks_what_is_out(at):
    recover(at, "select coalesce(sum(quantity), 0) from shipment")


def answers(at):
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute(SHIP, [1])
'''


def one_lamp(history: History, state: State) -> Violation | None:
    """One lamp leaves the warehouse."""
    total = sum(row["quantity"] for row in state.rows("shipment"))
    return None if total == 1 else Violation(rule="one_lamp", evidence=f"{total} lamps left the warehouse")


def scenario(function: str, *then: str, pairs: Pairs = Pairs()) -> Scenario:
    def play(stage: Stage) -> None:
        stage.until_done("warehouse-1", function)
        for number, other in enumerate(then, start=2):
            stage.until_done(f"warehouse-{number}", other)
        stage.snapshot("in the end", ("shipment",))

    return Scenario(
        name="ship", title="A lamp is shipped", play=play, input=("p1",), target="warehouse-1",
        faults=("kill-after",), pairs=pairs, rules=(one_lamp,),
    )  # fmt: skip


@pytest.fixture
def lane(database: str) -> Iterator[Lane]:
    program = Program(title="test", cells=(Cell(id="all", role="solution", source=SOURCE, name="test", task="all"),))
    with Zygote() as zygote:
        zygote.load(program)
        lane = Lane(database_url=database, shop_url=learner_address(database), topics=None, subjects=zygote)
        yield lane
        lane.close()


def swept(lane: Lane, of: Scenario) -> Swept:
    def player(_: str, names: Iterable[RunName], *, again: bool = False) -> Iterator[Played]:
        return (of.play_on(lane, name) for name in names)

    return with_smallest(of, sweep(of, "99", player), player)


def test_a_recovery_that_one_strike_cannot_break_is_broken_by_two(lane: Lane) -> None:
    found = swept(lane, scenario("asks_whether_it_ever_shipped"))
    assert found.broken and all(RunName.parse(played.name).then for played in found.broken)
    assert found.smallest is not None
    assert found.smallest.name == "99.ship.p1.kill-after.insert-s~b276.1.kill-after.insert-s~b276.1"
    assert found.smallest.violations[0].evidence == "-1 lamps left the warehouse"
    crashes = [mark.text for mark in found.smallest.history.marks if mark.kind == "crash"]
    assert crashes == ["after insert shipment #1", "after insert shipment #1"]


def test_a_recovery_that_asks_what_is_there_survives_every_pair(lane: Lane) -> None:
    of = scenario("asks_what_is_out", pairs=Pairs(said="killed, and killed again while it recovers"))
    found = swept(lane, of)
    assert found.passed and found.coverage.exhaustive and found.coverage.pairs > found.coverage.calls == 3
    assert f"and {found.coverage.pairs} pairs of them (killed, and killed again while it recovers), no three" in claim(of, found)


def test_a_pair_is_replayed_by_its_name(lane: Lane) -> None:
    of = scenario("asks_whether_it_ever_shipped")
    played = of.play_on(lane, RunName.parse("99.ship.p1.kill-after.insert-s~b276.1.kill-after.insert-s~b276.1"))
    assert played.reached and played.broke("one_lamp")


def test_the_second_strike_may_hit_another_process(lane: Lane) -> None:
    of = scenario("asks_what_is_out", "answers", pairs=Pairs(of=("warehouse-2",)))
    played = of.play_on(lane, RunName.parse("99.ship.p1.kill-after.delete-inbox.1.kill-after.insert-s~b276.1"))
    assert played.reached
    assert [mark.process for mark in played.history.marks if mark.kind == "crash"] == ["warehouse-1", "warehouse-2"]


def test_a_second_strike_that_never_comes_is_not_reached(lane: Lane) -> None:
    of = scenario("asks_what_is_out")
    played = of.play_on(lane, RunName.parse("99.ship.p1.kill-after.insert-shipment.1.kill-after.COMMIT.9"))
    assert not played.reached
