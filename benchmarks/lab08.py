"""What a check of lab 8 costs, and whether every learner's system has one answer. It never passes or fails.

python benchmarks/lab08.py [REPETITIONS]        seconds of whole checks, until first counterexamples
python benchmarks/lab08.py --systems [COUNT]    systems of so many names: is the answer unique, how far is it from the metrics?
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.grading.judge import judge  # noqa: E402
from autograder.labs import find  # noqa: E402
from autograder.labs.lab08_systems import code_of, measured, truth_of  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("8")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}
CORE = [task.name for task in LAB.tasks if task.graded and not task.stretch]


def cpu_s() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def whole_checks(repetitions: int) -> None:
    """Wall and processor seconds of a whole check of every right program, core and with stretch."""
    for path in programs(RIGHT):
        for what, tasks in (("core", CORE), ("core and stretch", None)):
            for _ in range(repetitions):
                begin, worked = time.perf_counter(), cpu_s()
                verdict = judge(LAB.name, program(path), backends=None, tasks=tasks, lanes=2)
                took, work = time.perf_counter() - begin, cpu_s() - worked
                points = f"{verdict.points} of {verdict.points_max}"
                print(f"  {path.stem:28} {what:17} {took:5.1f} s, {work:5.1f} s of processors, {points}   {load()}")


def wrong_programs() -> None:
    """Seconds until each wrong program has its verdict."""
    for path in programs(WRONG):
        begin = time.perf_counter()
        [task] = judge(LAB.name, program(path), backends=None, tasks=[TASKS[path.stem]], lanes=2).tasks
        named = task.mistake.name if task.mistake else "no name"
        print(f"  {path.stem:28} {task.kind:7} {time.perf_counter() - begin:5.1f} s   {named}   {load()}")


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def systems(count: int) -> None:
    """The systems of so many names."""
    firsts: Counter[str] = Counter()
    margins, errors, wrong = [], [], 0
    for number in range(count):
        code = code_of(f"learner {number}")
        true, seen = truth_of(code), measured(code)
        limits = {name: seen.throughput_per_s / use.utilisation for name, use in seen.stations.items()}
        first, second = sorted(limits, key=limits.__getitem__)[:2]
        best, next_best = sorted(true.doubled_per_s.values(), reverse=True)[:2]
        firsts[true.scale_first] += 1
        margins.append(best / next_best)
        errors.append(min(2 * limits[first], limits[second]) / best - 1)
        wrong += first != true.scale_first
    print(f"  {count} systems: {dict(firsts)}")
    print(f"  the best doubling gives at least {min(margins):.2f} times what the next best gives")
    print(f"  computed from the metrics: {wrong} name another resource, {min(errors):+.1%} to {max(errors):+.1%} off")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--systems"]:
        systems(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
    else:
        whole_checks(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
        wrong_programs()
