"""Lab 2: what a point costs, how long a full check takes, and when a broken program shows its first counterexample.

    python benchmarks/lab02.py

Prints points (runs of crash points and schedules), seconds, and milliseconds per point for the reference and for every
right program; then the seconds until each wrong program has shown its mistake. Nothing here passes or fails.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder.backends.databases import prepare_shop
from autograder.backends.postgres import Postgres
from autograder.labs import find
from tests.wrong.programs import HERE, end_hunts, programs, verdict_on

LAB = "lab02_idempotency"


def points_of(verdict: object) -> int:
    """Runs and schedules that stand behind a verdict."""
    swept = [one for task in verdict.tasks for one in task.swept]
    return sum(one.coverage.schedules or 1 + one.coverage.reached for one in swept)


def measured(what: Callable[[], object]) -> tuple[object, float]:
    """A value, and the seconds that it took."""
    began = time.perf_counter()
    value = what()
    return value, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    tasks = {mistake.name: mistake.task for mistake in find(LAB).mistakes}
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        prepare_shop(server.address)
        print(f"{'full check':34}{'points':>8}{'seconds':>9}{'ms/point':>10}")
        for path in programs(ROOT / "tests" / "right" / LAB):
            verdict, seconds = measured(lambda path=path: verdict_on(path, LAB, None, server.address))
            points = points_of(verdict)
            print(f"{path.stem:34}{points:8}{seconds:9.1f}{1000 * seconds / points:10.0f}")
        print(f"\n{'until the mistake shows':34}{'':8}{'seconds':>9}")
        for path in programs(HERE / LAB):
            task = [tasks[path.stem]]
            _, seconds = measured(lambda path=path, task=task: verdict_on(path, LAB, task, server.address, until=path.stem))
            print(f"{path.stem:34}{'':8}{seconds:9.1f}")
        end_hunts()


if __name__ == "__main__":
    main()
