"""Lab 9: what a schedule costs, how long a check takes, and what hammering with threads would have found.

    python benchmarks/lab09.py [TRIALS]

Hammering starts two threads on a barrier, each with connections of its own, and looks whether a rule was broken; TRIALS
times (200). Beside it stands the run that the schedule explorer found for the same program. Ratios are from this run on
this machine; nothing here passes or fails.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
import redis

from autograder.backends import Backends
from autograder.backends.databases import create_database, drop_database, in_database, prepare_shop
from autograder.backends.postgres import Postgres
from autograder.backends.redis import Redis
from autograder.explore.names import RunName
from autograder.explore.schedules import EVERY, ScheduleScenario
from autograder.explore.stage import Job
from autograder.grading.judge import judge
from autograder.grading.lanes import LaneSpec, open_lane
from autograder.grading.program import Cell, Program
from autograder.history import History
from autograder.invariants import State, Violation
from autograder.labs import Lab, add, find
from shop import Addresses
from tests.wrong.programs import program

LAB = find("9")
WRONG, RIGHT = ROOT / "tests" / "wrong" / LAB.name, ROOT / "tests" / "right" / LAB.name
GET_THEN_DECR = '''
import redis


def take(at):
    cache = redis.Redis.from_url(at.redis)
    if int(cache.get("left")) > 0:
        cache.decr("left")
        cache.rpush("sold", "lamp")
'''


@dataclass(frozen=True)
class Race:
    """One program, the two calls that meet, what is there before, and whether it went wrong."""

    name: str
    task: str
    calls: tuple[Callable[[ModuleType, Addresses], Any], Callable[[ModuleType, Addresses], Any]]
    wrong: Callable[[psycopg.Connection[Any], redis.Redis], bool]
    before: Callable[[ModuleType, Addresses], Any] = lambda module, at: None


def _stale(key: str) -> Callable[[psycopg.Connection[Any], redis.Redis], bool]:
    def wrong(session: psycopg.Connection[Any], cache: redis.Redis) -> bool:
        held, (price,) = cache.get(key), session.execute("select price from product").fetchone() or (0,)
        return held is not None and f'"price": {price}' not in held

    return wrong


def _lost_view(session: psycopg.Connection[Any], cache: redis.Redis) -> bool:
    counted = sum(views for (views,) in session.execute("select views from page_view"))
    return counted + sum(int(count) for count in cache.hgetall("views").values()) != 4


def _late_write(session: psycopg.Connection[Any], cache: redis.Redis) -> bool:
    price, token = session.execute("select price, token from price_tag").fetchone() or (0, 0)
    return token < int(cache.get("token:lamp") or 0)


RACES = (
    Race(
        "deletes_the_key", "get_product",
        (lambda m, at: m.get_product(at, "p-1"), lambda m, at: m.put_product(at, "p-1", "lamp", 8000)), _stale("p-1"),
    ),
    Race(
        "deletes_before_it_commits", "get_product",
        (lambda m, at: m.get_product(at, "p-1"), lambda m, at: m.put_product(at, "p-1", "lamp", 8000)), _stale("p-1"),
        before=lambda m, at: m.get_product(at, "p-1"),
    ),
    Race(
        "watches_a_missing_key", "get_product",
        (lambda m, at: m.get_product(at, "p-1"), lambda m, at: m.put_product(at, "p-1", "lamp", 8000)), _stale("p-1"),
    ),
    Race(
        "sets_after_the_commit", "put_through",
        (lambda m, at: m.put_through(at, "p-1", "lamp", 8000), lambda m, at: m.put_through(at, "p-1", "lamp", 7000)),
        _stale("shown:p-1"),
    ),
    Race(
        "reads_then_deletes", "views",
        (lambda m, at: m.flush(at), lambda m, at: m.record_view(at, "p-1")), _lost_view,
        before=lambda m, at: m.record_views(at, "p-1", 3),
    ),
    Race(
        "asks_whether_it_still_holds", "lock",
        (lambda m, at: m.reprice(at, "lamp", 8000), lambda m, at: (m.time_passes(at), m.reprice(at, "lamp", 7000))), _late_write,
    ),
)  # fmt: skip


def main() -> None:
    """Print everything."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        with Postgres(Path(one)) as server, Redis(Path(other), durable=False) as cache:
            prepare_shop(server.address)
            backends = Backends(postgres=server.address, redis="", kafka="", world="embedded")
            _checks(backends)
            _hammer(server.address, cache.address, backends, trials)


def _checks(backends: Backends) -> None:
    print("program, task                               wall s   cpu s  schedules  cpu ms per schedule or run")
    for path in sorted(RIGHT.glob("*.py")):
        wrote = program(path)
        for task in (task for task in LAB.tasks if task.graded and wrote.is_attempted(task.function)):
            began, used = time.perf_counter(), _cpu_s()
            verdict = judge(LAB.name, wrote, backends=backends, tasks=[task.name])
            wall, cpu = time.perf_counter() - began, _cpu_s() - used
            swept = [one for found in verdict.tasks for one in found.swept]
            schedules = sum(one.coverage.schedules for one in swept)
            runs = schedules + sum(one.coverage.planned + 1 for one in swept if not one.coverage.schedules)
            print(
                f"{path.stem + ', ' + task.name:42} {wall:8.1f} {cpu:7.1f} {schedules:10} {cpu * 1000 / max(runs, 1):12.1f}"
                f"   {verdict.kind}"
            )


def _cpu_s() -> float:
    """Processor time of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _hammer(postgres: str, cache: str, backends: Backends, trials: int) -> None:
    print(f"\nprogram                      hammering, {trials} trials    every schedule")
    for race in RACES:
        module = _module(race.name, (WRONG / f"{race.name}.py").read_text(encoding="utf-8"))
        with _database(postgres) as database:
            at = Addresses(postgres=database, redis=cache)
            missed = sum(not _trial(race, module, at) for _ in range(trials))
        verdict = judge(LAB.name, program(WRONG / f"{race.name}.py"), backends=backends, tasks=[race.task])
        run = next((one.name for found in verdict.tasks for swept in found.swept for one in swept.broken if RunName.parse(one.name).preempts), "nothing")
        print(f"{race.name:28} missed in {missed * 100 / trials:5.1f} %       found: {run}")
    missed = sum(not _decr_trial(cache) for _ in range(trials))
    print(f"{'get_then_decr':28} missed in {missed * 100 / trials:5.1f} %       found: {_decr_schedule(backends)}")


def _module(name: str, source: str) -> ModuleType:
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
    return module


@contextmanager
def _database(address: str) -> Iterator[str]:
    create_database(address, "hammer", schema=LAB.schema)
    yield in_database(address, "hammer")
    drop_database(address, "hammer")


def _trial(race: Race, module: ModuleType, at: Addresses) -> bool:
    """Two threads at once; was anything wrong?"""
    cache = redis.Redis.from_url(at.redis, decode_responses=True)
    cache.flushall()
    with psycopg.connect(at.postgres, autocommit=True) as session:
        for table in ("product", "page_view", "counted_batch", "price_tag"):
            session.execute(f"delete from {table}")
        session.execute("insert into product (id, name, price) values ('p-1', 'lamp', 9000)")
        session.execute("insert into price_tag (item) values ('lamp')")
        race.before(module, at)
        _together([lambda call=call: call(module, at) for call in race.calls])
        return race.wrong(session, cache)


def _together(calls: list[Callable[[], Any]]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        with suppress(psycopg.Error, redis.RedisError):
            call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _decr_trial(cache: str) -> bool:
    client, module = redis.Redis.from_url(cache), _module("get_then_decr", GET_THEN_DECR)
    client.flushall()
    client.set("left", 1)
    _together([lambda: module.take(Addresses(redis=cache))] * 2)
    return client.llen("sold") != 1


def _decr_schedule(backends: Backends) -> str:
    def sold_once(history: History, state: State) -> Violation | None:
        """One lamp is sold once."""
        sold = state.redis["sold"].value if "sold" in state.redis else []
        return None if len(sold) == 1 else Violation(rule="sold_once", evidence=f"sold {len(sold)} times")

    scenario = ScheduleScenario(
        name="decr", title="Two take the last lamp", input=("l1",), prepare=lambda stage: stage.lane.redis.ask("SET", "left", 1),
        calls=lambda stage: (Job("a", "take"), Job("b", "take")), finish=lambda stage: stage.snapshot("in the end", ()),
        rules=(sold_once,),
    )  # fmt: skip
    add(Lab(number=98, name="get_then_decr", title="", day="", rules=(), tasks=(), redis=True))
    wrote = Program(title="decr", cells=(Cell(id="decr", role="solution", source=GET_THEN_DECR, name="decr", task="decr"),))
    with ExitStack() as cleanup:
        lane = open_lane(LaneSpec(backends=backends, lab="get_then_decr", program=wrote), cleanup)
        played = scenario.play_on(lane, RunName(lab="98", scenario="decr", input=("l1",), schedule=EVERY))
    return f"{played.name} ({played.schedules} schedules)" if played.violations else "nothing"


if __name__ == "__main__":
    main()
