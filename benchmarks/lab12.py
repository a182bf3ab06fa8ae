"""Lab 12: how long a check takes, what a schedule costs, and what hammering the limiter with threads would have found.

    python benchmarks/lab12.py [TRIALS]

Hammering lets two threads, each with an instance of the gate and a connection of its own, begin at a barrier and make
three calls each for a bucket of three; TRIALS times (200). A trial notices a mistake when not exactly three calls got
through. Beside it stands the run in which the judge found the same mistake. Nothing here passes or fails.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import redis as redis_client  # noqa: E402
from redis.asyncio import Redis  # noqa: E402

from autograder.backends import Backends  # noqa: E402
from autograder.backends.databases import prepare_shop  # noqa: E402
from autograder.backends.postgres import Postgres  # noqa: E402
from autograder.backends.redis import Redis as Server  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.labs import find  # noqa: E402
from tests.wrong.programs import program  # noqa: E402

LAB = find("12")
WRONG, RIGHT = ROOT / "tests" / "wrong" / LAB.name, ROOT / "tests" / "right" / LAB.name
THREADS, BURST, RATE = 2, 3, 0.001
HAMMERED = (
    "reads_then_writes", "takes_a_lost_race_for_a_no", "asks_its_own_clock", "counts_in_windows", "forgets_too_early",
    "expires_in_a_second_command",
)  # fmt: skip


def main() -> None:
    """Print everything."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        prepare_shop(server.address)
        backends = Backends(postgres=server.address, redis="", kafka="", world="embedded")
        _checks(backends)
        _hammer(backends, trials)


def _checks(backends: Backends) -> None:
    print(f"check                         wall s   cpu s   verdict      load {os.getloadavg()[0]:.1f}")
    core = [task.name for task in LAB.tasks if task.graded and not task.stretch]
    for path in sorted(RIGHT.glob("*.py")):
        _check(backends, path, core)
    _check(backends, RIGHT / "reference.py", None)
    print("\nschedules of two calls        count   cpu ms per schedule")
    for path in sorted(RIGHT.glob("*.py")):
        _schedules(backends, path)


def _check(backends: Backends, path: Path, tasks: list[str] | None) -> None:
    began, used = time.perf_counter(), _cpu_s()
    verdict = judge(LAB.name, program(path), backends=backends, tasks=tasks)
    what = f"{path.stem}{'' if tasks else ', with stretch'}"
    print(f"{what:28} {time.perf_counter() - began:7.1f} {_cpu_s() - used:7.1f}   {verdict.kind}")


def _schedules(backends: Backends, path: Path) -> None:
    """Every schedule of the stories in which two calls meet, on a lane that is open already."""
    from contextlib import ExitStack

    from autograder.explore.names import RunName
    from autograder.grading.lanes import LaneSpec, open_lane

    meetings = [scenario for scenario in LAB.task("admit").scenarios if scenario.engine == "backends"]
    with ExitStack() as cleanup:
        lane = open_lane(LaneSpec(backends=backends, lab=LAB.name, program=program(path)), cleanup)
        count, used = 0, _cpu_s()
        for scenario in meetings:
            count += sum(1 for _ in scenario.every(lane, RunName(lab="12", scenario=scenario.name, input=scenario.input)))
        used = _cpu_s() - used
    print(f"{path.stem:28} {count:7} {used * 1000 / count:10.1f}")


def _cpu_s() -> float:
    """Processor time of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _hammer(backends: Backends, trials: int) -> None:
    print(f"\nprogram                      hammering, {trials} trials    the judge")
    tasks = {mistake.name: mistake.task for mistake in LAB.mistakes}
    for name in HAMMERED:
        module = _module(WRONG / f"{name}.py")
        with _server() as address:
            missed = sum(_trial(address, module) == BURST for _ in range(trials))
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
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), durable=False)
        server.launch()
        server.wait()
        try:
            yield server.address
        finally:
            server.kill()


def _trial(address: str, module: ModuleType) -> int:
    """How many calls got through."""
    with redis_client.Redis.from_url(address) as store:
        store.flushall()
    barrier, through = threading.Barrier(THREADS), []

    async def calls() -> None:
        async with Redis.from_url(address, decode_responses=True) as redis:
            await redis.ping()
            barrier.wait()
            for _ in range(BURST):
                through.append(await module.admit(redis, "Ada", RATE, BURST) == 0)

    threads = [threading.Thread(target=lambda: asyncio.run(calls())) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(through)


if __name__ == "__main__":
    main()
