"""What a check of lab 4 costs: points, seconds, seconds per point; first counterexamples. It never passes or fails.

python benchmarks/lab04.py             the reference, task by task, then the whole; then every wrong program
python benchmarks/lab04.py --check     the reference alone
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.backends import Backends  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.labs import find  # noqa: E402
from benchmarks.lab06 import embedded, load  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("4")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}


def checks(backends: Backends) -> None:
    """Every task of the reference by itself, then the core, then everything."""
    graded = [task for task in LAB.tasks if task.graded]
    for task in graded:
        _check(backends, task.name, [task.name])
    _check(backends, "core", [task.name for task in graded if not task.stretch])
    _check(backends, "core and stretch", None)


def _check(backends: Backends, what: str, tasks: list[str] | None) -> None:
    begun = _processor_s()
    verdict = judge(LAB.name, program(RIGHT / "reference.py"), backends=backends, tasks=tasks)
    covered = [swept.coverage for task in verdict.tasks for swept in task.swept]
    points, pairs = sum(one.planned for one in covered), sum(one.pairs for one in covered)
    each = f"{1000 * verdict.seconds / points:4.0f} ms per point" if points else "no points   "
    print(
        f"  {what:18} {points:4} points, {pairs:3} of them pairs   {verdict.seconds:5.1f} s   {each}"
        f"   processor {_processor_s() - begun:5.1f} s without Postgres   {load()}",
        flush=True,
    )


def _processor_s() -> float:
    """What this process and those that it has waited for have worked; it means something on a busy machine too."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def first_counterexamples(backends: Backends) -> None:
    """Seconds until the first broken run is told, per wrong program."""
    times = {}
    for path in programs(WRONG):
        begun, told = time.monotonic(), []

        def listen(task: str, done: int, planned: int, broken: object, told: list = told) -> None:
            if broken is not None:
                told.append(time.monotonic())

        judge(
            LAB.name, program(path), backends=backends, tasks=[TASKS[path.stem]], progress=listen, enough=lambda _: bool(told)
        )
        times[path.stem] = told[0] - begun
    slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(times.items(), key=lambda item: -item[1])[:3])
    print(f"  median {statistics.median(times.values()):.1f} s; slowest: {slowest}   {load()}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="the reference alone")
    arguments = parser.parse_args()
    with embedded() as backends:
        print("The reference:")
        checks(backends)
        if not arguments.check:
            print("Seconds until a wrong program's first counterexample is told:")
            first_counterexamples(backends)


if __name__ == "__main__":
    main()
