"""At the crossing every statement waits for its turn, and Postgres says who waits for a lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from autograder.backends.databases import learner_address
from autograder.explore.conductor import Actor
from autograder.explore.crossing import Crossing, WrongVictim
from autograder.explore.lane import Lane
from autograder.explore.recorder import Recorder
from autograder.explore.search import Plan, Walk, all_schedules
from autograder.grading.program import Cell, Program
from autograder.grading.subject import Zygote
from autograder.history import Call

SOURCE = '''
import threading

import psycopg

TAKE = "update purchase set quantity = quantity - 1 where id = %s and quantity > 1"
SOLD = "insert into inbox (event_id) values (gen_random_uuid()::text)"


def looks_then_writes(at, item):
    """The quantity 1 stands for nothing left."""
    with psycopg.connect(at.postgres) as connection:
        (left,) = connection.execute("select quantity from purchase where id = %s", [item]).fetchone()
        if left > 1:
            connection.execute("update purchase set quantity = %s where id = %s", [left - 1, item])
            connection.execute(SOLD)


def locks(at, item):
    with psycopg.connect(at.postgres) as connection:
        (left,) = connection.execute("select quantity from purchase where id = %s for update", [item]).fetchone()
        if left > 1:
            connection.execute("update purchase set quantity = %s where id = %s", [left - 1, item])
            connection.execute(SOLD)


def one_statement(at, item):
    with psycopg.connect(at.postgres) as connection:
        if connection.execute(TAKE, [item]).rowcount:
            connection.execute(SOLD)


only_one = threading.Lock()


def locks_a_thread(at, item):
    with only_one:
        looks_then_writes(at, item)


def two_items(at, *items):
    with psycopg.connect(at.postgres) as connection:
        for item in items:
            connection.execute(TAKE, [item])


def tries_at_once(at, item):
    """Never waits: whoever finds the row locked begins again, without a pause."""
    while True:
        try:
            with psycopg.connect(at.postgres) as connection:
                connection.execute("select from purchase where id = %s for update nowait", [item])
                connection.execute(TAKE, [item])
                return
        except psycopg.errors.LockNotAvailable:
            continue


def leaves_three(at, level, item):
    """Of lamps and mugs together three must stay; each call looks at both and takes of one."""
    with psycopg.connect(at.postgres) as connection:
        connection.isolation_level = psycopg.IsolationLevel[level]
        (together,) = connection.execute("select sum(quantity) from purchase").fetchone()
        if together > 3:
            connection.execute(TAKE, [item])
            connection.execute(SOLD)


def only_looks(at, item):
    with psycopg.connect(at.postgres) as connection:
        connection.execute("select quantity from purchase where id = %s", [item])
        connection.execute("select buyer from purchase where id = %s", [item])
'''


@dataclass(frozen=True)
class Crossed:
    """One schedule and what came of it."""

    walk: Walk
    endings: tuple[str, ...]
    sold: int
    left: int
    calls: tuple[Call, ...]

    @property
    def story(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """What a reader would be told, without times."""
        return [(call.process, call.label, call.answer, call.waits_for) for call in self.calls]


@pytest.fixture
def lane(database: str) -> Iterator[Lane]:
    program = Program(title="test", cells=(Cell(id="all", role="solution", source=SOURCE, name="test", task="all"),))
    with Zygote() as zygote:
        zygote.load(program)
        lane = Lane(
            database_url=database, shop_url=learner_address(database), topics=None, subjects=zygote
        )
        yield lane
        lane.close()


def cross(lane: Lane, jobs: list[tuple[str, ...]], plan: Plan, *, alike: bool) -> Crossed:
    for settled_s in (0.003, 0.01, 0.03, 0.1):
        try:
            return cross_once(lane, jobs, plan, alike, settled_s)
        except WrongVictim:  # a busy machine: a lock was looked for before Postgres had seen the deadlock
            continue
    raise AssertionError("Postgres never failed the session that closed the cycle")


def cross_once(lane: Lane, jobs: list[tuple[str, ...]], plan: Plan, alike: bool, settled_s: float) -> Crossed:
    lane.reset()
    lane.database.execute("insert into purchase values ('lamp', 'Ada', 'lamp', 2), ('mug', 'Bao', 'mug', 2)")
    recorder, actors = Recorder(), []
    crossing = Crossing(lane.tap, recorder, lane.lock_waits, alike=alike, settled_s=settled_s)
    for number, (function, *arguments) in enumerate(jobs, start=1):
        process = f"buyer-{number}"
        recorder.begin(process)
        actors.append(Actor(process=process, running=lane.start(process, function, list(arguments))))
        lane.tap.watch(actors[-1].running, lambda: None)
    walk = crossing.walk(plan, actors)
    lane.tap.close_links()
    endings = tuple(actor.result.error or actor.result.kind for actor in actors if actor.result)
    left = {row["id"]: row["quantity"] - 1 for row in lane.rows("purchase")}["lamp"]
    return Crossed(walk, endings, len(lane.rows("inbox")), left, recorder.history("test", "test").calls)


def explore(lane: Lane, *jobs: tuple[str, ...], alike: bool) -> list[Crossed]:
    crossed: list[Crossed] = []

    def walker(plan: Plan) -> Walk:
        crossed.append(cross(lane, list(jobs), plan, alike=alike))
        return crossed[-1].walk

    yielded = list(all_schedules(walker))
    return [one for one in crossed if one.walk in yielded]


def test_read_then_write_sells_the_last_lamp_twice_in_every_schedule_but_the_serial_one(lane: Lane) -> None:
    runs = explore(lane, ("looks_then_writes", "lamp"), ("looks_then_writes", "lamp"), alike=True)
    assert len(runs) == 12
    assert [run.sold for run in runs].count(2) == 11 and runs[0].sold == 1


def test_a_lock_of_threads_does_not_keep_processes_apart(lane: Lane) -> None:
    runs = explore(lane, ("locks_a_thread", "lamp"), ("locks_a_thread", "lamp"), alike=True)
    assert [run.sold for run in runs].count(2) == 11


def test_a_row_lock_makes_the_second_wait_and_sells_once(lane: Lane) -> None:
    runs = explore(lane, ("locks", "lamp"), ("locks", "lamp"), alike=True)
    assert {run.sold for run in runs} == {1} and {run.left for run in runs} == {0}
    waits = [call for run in runs for call in run.calls if call.waits_for]
    assert {(call.process, call.waits_for) for call in waits} == {("buyer-2", ("buyer-1",))}
    assert {call.label for call in waits} == {"select purchase"}


def test_one_conditional_statement_sells_once_in_three_schedules(lane: Lane) -> None:
    runs = explore(lane, ("one_statement", "lamp"), ("one_statement", "lamp"), alike=True)
    assert len(runs) == 3 and {run.sold for run in runs} == {1}


def test_two_rows_in_two_orders_deadlock_and_whoever_closed_the_cycle_fails(lane: Lane) -> None:
    runs = explore(lane, ("two_items", "lamp", "mug"), ("two_items", "mug", "lamp"), alike=False)
    dead = [run for run in runs if any("deadlock" in ending for ending in run.endings)]
    assert dead and len(dead) < len(runs)
    for run in dead:
        (victim,) = [call for call in run.calls if "deadlock" in call.answer.lower() or call.outcome == "failed"]
        assert victim.waits_for == ("buyer-2" if victim.process == "buyer-1" else "buyer-1",)


@pytest.mark.parametrize(("level", "most"), [("REPEATABLE_READ", 2), ("SERIALIZABLE", 1)])
def test_write_skew_is_found_where_the_level_admits_it_and_nowhere_else(lane: Lane, level: str, most: int) -> None:
    runs = explore(lane, ("leaves_three", level, "lamp"), ("leaves_three", level, "mug"), alike=False)
    assert max(run.sold for run in runs) == most and runs[0].sold == 1
    failed = [run for run in runs if run.endings != ("returned", "returned")]
    assert bool(failed) == (level == "SERIALIZABLE"), [run.endings for run in failed]


def test_two_items_in_one_order_never_deadlock(lane: Lane) -> None:
    runs = explore(lane, ("two_items", "lamp", "mug"), ("two_items", "lamp", "mug"), alike=True)
    assert {run.endings for run in runs} == {("returned", "returned")}


def test_whoever_tries_again_at_once_gets_a_turn_when_something_has_changed(lane: Lane) -> None:
    runs = explore(lane, ("tries_at_once", "lamp"), ("tries_at_once", "lamp"), alike=True)
    assert {run.endings for run in runs} == {("returned", "returned")}
    assert 1 < len(runs) < 40 and max(len(run.walk.schedule) for run in runs) < 20


def test_readers_are_walked_in_one_order_of_their_reads(lane: Lane) -> None:
    runs = explore(lane, ("only_looks", "lamp"), ("only_looks", "lamp"), alike=False)
    assert len(runs) < 20  # of 20 orders of two times three calls


def test_the_same_plan_tells_the_same_story(lane: Lane) -> None:
    jobs = [("two_items", "lamp", "mug"), ("two_items", "mug", "lamp")]
    stories = [cross(lane, jobs, Plan(prefix=(0, 1, 1, 0)), alike=False).story for _ in range(5)]
    assert all(story == stories[0] for story in stories)
