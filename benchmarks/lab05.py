"""What a check of lab 5 costs: points, seconds, seconds per point, and the first counterexample. It never passes or fails.

python benchmarks/lab05.py [REPETITIONS]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.backends import Backends  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.labs import find  # noqa: E402
from benchmarks.lab06 import embedded  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("5")
REFERENCE = HERE.parent / "right" / LAB.name / "reference.py"
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def whole_checks(backends: Backends, repetitions: int) -> None:
    """Each task of the reference, and all of them: points struck, seconds, seconds per point."""
    for name in [*(task.name for task in LAB.tasks if task.graded), None]:
        took, points = [], 0
        for _ in range(repetitions):
            verdict = judge(LAB.name, program(REFERENCE), backends=backends, tasks=[name] if name else None)
            took.append(verdict.seconds)
            points = sum(swept.coverage.reached for task in verdict.tasks for swept in task.swept)
        seconds = statistics.median(took)
        each = f"{1000 * seconds / points:.0f} ms per point" if points > 1 else "no points"
        print(f"  {name or 'all of them':14} {points:4} points   {seconds:6.1f} s   {each}   n={repetitions}   {load()}")


def first_counterexamples(backends: Backends) -> None:
    """Seconds until the first broken run is told, per wrong program."""
    times = {}
    for path in programs(HERE / LAB.name):
        begin, told = time.monotonic(), []

        def listen(task: str, done: int, planned: int, broken: object, told: list = told) -> None:
            if broken is not None:
                told.append(time.monotonic())

        tasks = [TASKS[path.stem]]
        judge(LAB.name, program(path), backends=backends, tasks=tasks, progress=listen, enough=lambda _: bool(told))
        times[path.stem] = told[0] - begin
    slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(times.items(), key=lambda one: -one[1])[:3])
    print(f"  median {statistics.median(times.values()):.1f} s; slowest: {slowest}   {load()}")


def main() -> None:
    """Print the figures."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with embedded() as backends:
        print("Whole checks of the reference")
        whole_checks(backends, repetitions)
        print("First counterexample told")
        first_counterexamples(backends)


if __name__ == "__main__":
    main()
