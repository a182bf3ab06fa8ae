"""Lab 10: what a schedule costs, how long a check takes, and what hammering with threads would have found.

    python benchmarks/lab10.py [TRIALS]

Hammering starts two threads on a barrier, each with a connection of its own, and looks whether a rule was broken; TRIALS
times (200). The schedule explorer's column says how many schedules it needed for the same program. Ratios are from this
run on this machine; nothing here passes or fails.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg

from autograder.backends import Backends
from autograder.backends.databases import create_database, drop_database, in_database, prepare_shop
from autograder.backends.postgres import Postgres
from autograder.grading.judge import judge
from autograder.labs import find
from autograder.labs.lab10_scenarios import shelf_of
from shop import Addresses, Reserve
from tests.wrong.programs import program

LAB = find("10")
WRONG, RIGHT = ROOT / "tests" / "wrong" / LAB.name, ROOT / "tests" / "right" / LAB.name
LAMP, BASKETS = (("lamp", 1),), ((("lamp", 1), ("mug", 1)), (("mug", 1), ("lamp", 1)))
HAMMERED: tuple[tuple[str, str, str, Any], ...] = (
    ("looks_then_takes", "reserve", "l1", (LAMP, LAMP)),
    ("locks_after_the_look", "reserve", "l1", (LAMP, LAMP)),
    ("prices_an_old_look", "reserve_optimistic", "l3", (LAMP, LAMP)),
    ("takes_in_cart_order", "reserve_cart", "l2m2", BASKETS),
    ("gives_back_later", "reserve_cart", "l1m0", (BASKETS[0], LAMP)),
)


def main() -> None:
    """Print everything."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        prepare_shop(server.address)
        backends = Backends(postgres=server.address, redis="", kafka="", world="embedded")
        _checks(backends)
        _hammer(server.address, backends, trials)


def _checks(backends: Backends) -> None:
    print("check                                wall s   cpu s  schedules  cpu ms per schedule")
    core = [task.name for task in LAB.tasks if task.graded and not task.stretch]
    for path in sorted(RIGHT.glob("*.py")):
        began, used = time.perf_counter(), _cpu_s()
        verdict = judge(LAB.name, program(path), backends=backends, tasks=core)
        wall, cpu = time.perf_counter() - began, _cpu_s() - used
        count = sum(one.coverage.schedules for task in verdict.tasks for one in task.swept)
        print(f"{path.stem:34} {wall:8.1f} {cpu:7.1f} {count:10} {cpu * 1000 / count:12.1f}   {verdict.kind}")


def _cpu_s() -> float:
    """Processor time of this process and of all children that have ended."""
    return sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def _hammer(address: str, backends: Backends, trials: int) -> None:
    print(f"\nprogram                      hammering, {trials} trials    every schedule")
    tasks = {mistake.name: mistake.task for mistake in LAB.mistakes}
    for name, function, shelf, baskets in HAMMERED:
        module = _module(WRONG / f"{name}.py")
        with _database(address) as database:
            missed = sum(not _trial(database, getattr(module, function), shelf, baskets) for _ in range(trials))
        verdict = judge(LAB.name, program(WRONG / f"{name}.py"), backends=backends, tasks=[tasks[name]])
        run = verdict.tasks[0].counterexample
        print(f"{name:28} missed in {missed * 100 / trials:5.1f} %       found: {run.name if run else 'nothing'}")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _database(address: str) -> Iterator[str]:
    create_database(address, "hammer", schema=LAB.schema)
    yield in_database(address, "hammer")
    drop_database(address, "hammer")


def _trial(address: str, function: Callable[..., bool], shelf: str, baskets: Any) -> bool:
    """Two threads at once; was anything wrong?"""
    had, answers, errors = shelf_of(shelf), {}, []
    with psycopg.connect(address, autocommit=True) as judge_session:
        judge_session.execute("delete from reservation; delete from stock")
        for item, count in had.items():
            judge_session.execute("insert into stock (item, free) values (%s, %s)", [item, count])
        barrier = threading.Barrier(len(baskets))

        def buy(number: int) -> None:
            command = Reserve(reservation_id=f"r-{number}", buyer=f"buyer {number}", lines=baskets[number])
            barrier.wait()
            try:
                answers[number] = function(Addresses(postgres=address), command)
            except psycopg.Error as error:
                errors.append(error)

        threads = [threading.Thread(target=buy, args=(number,)) for number in range(len(baskets))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return bool(errors) or _is_wrong(judge_session, had, baskets, answers)


def _is_wrong(session: psycopg.Connection[Any], had: dict[str, int], baskets: Any, answers: dict[int, bool]) -> bool:
    kept = session.execute("select item, sum(quantity), array_agg(price order by price) from reservation group by item").fetchall()
    free = dict(session.execute("select item, free from stock").fetchall())
    if any(total > had[item] for item, total, _ in kept):
        return True
    if any(len(prices) > 1 and len(set(prices)) == 1 and prices[0] for _, _, prices in kept):
        return True
    return any(
        answer is False and all(free[item] >= count for item, count in baskets[number]) for number, answer in answers.items()
    )


if __name__ == "__main__":
    main()
