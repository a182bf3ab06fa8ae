"""What a check of lab 1 costs, and whether it says the same every time. It never passes or fails.

python benchmarks/lab01.py                          each task of the reference, and every wrong program until it is named
python benchmarks/lab01.py --again REPETITIONS      the reference again and again: verdict, points and runs
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.verdict import Verdict  # noqa: E402
from autograder.labs import find  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("1")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}


def judged(path: Path, tasks: Sequence[str] | None) -> tuple[Verdict, float, float]:
    """The verdict, wall seconds, and processor seconds of the judge and everything that it started."""
    before, began = _processor_s(), time.perf_counter()
    verdict = judge(LAB.name, program(path), backends=None, tasks=tasks, lanes=2)
    return verdict, time.perf_counter() - began, _processor_s() - before


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def runs_of(verdict: Verdict) -> int:
    """How many runs were planned."""
    return sum(1 + swept.coverage.planned for task in verdict.tasks for swept in task.swept)


def each_task() -> None:
    """The reference, task by task."""
    for task in LAB.tasks:
        if task.graded:
            verdict, wall_s, processor_s = judged(RIGHT / "reference.py", [task.name])
            print(f"{task.name:16} {runs_of(verdict):4} runs {wall_s:6.1f} s wall {processor_s:6.1f} s processor  {verdict.kind}")


def each_mistake() -> None:
    """Every wrong program."""
    for path in programs(WRONG):
        verdict, wall_s, processor_s = judged(path, [TASKS[path.stem]])
        [task] = verdict.tasks
        named = task.mistake.name if task.mistake else "no name"
        print(f"{path.stem:28} {wall_s:6.1f} s wall {processor_s:6.1f} s processor  {task.kind}, {named}")


def again(repetitions: int) -> None:
    """Does the reference get the same verdict, points and runs every time?"""
    said = Counter()
    for _ in range(repetitions):
        verdict, _, _ = judged(RIGHT / "reference.py", None)
        said[verdict.kind, verdict.points, runs_of(verdict)] += 1
    for (kind, points, runs), times in said.items():
        print(f"{times} times: {kind}, {points} points, {runs} runs")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    if sys.argv[1:2] == ["--again"]:
        again(int(sys.argv[2]))
    else:
        each_task()
        each_mistake()
