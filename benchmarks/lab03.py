"""What a check of lab 3 costs: it runs in virtual time, so all of it is computing. It never passes or fails.

python benchmarks/lab03.py [REPETITIONS]        times per run, whole checks, first counterexamples
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.explore.scenario import named  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.lanes import LaneSpec, open_virtual_lane  # noqa: E402
from autograder.labs import find  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("3")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}
CORE = [task.name for task in LAB.tasks if task.graded and not task.stretch]


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def cpu_s() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def per_run() -> None:
    """Seconds of each scenario's undisturbed run on one lane, and how much virtual time passes in one."""
    with ExitStack() as cleanup:
        lane = open_virtual_lane(LaneSpec(backends=None, lab=LAB.name, program=program(RIGHT / "reference.py")), cleanup)
        for scenario in [scenario for task in LAB.tasks if task.graded for scenario in task.scenarios]:
            _time_run(scenario, lane)


def _time_run(scenario: Any, lane: Any) -> None:
    begin = time.perf_counter()
    played = scenario.play_on(lane, named(scenario, "03"))
    took_s = time.perf_counter() - begin
    virtual_s = played.history.last_tick() / 1e6
    print(f"  {scenario.name:12} {took_s:5.2f} s for {virtual_s:4.0f} virtual s that it draws (x{virtual_s / took_s:.0f})   {load()}")


def whole_checks(repetitions: int) -> None:
    """Wall and processor seconds of a whole check, core and with stretch."""
    for what, tasks in (("core", CORE), ("core and stretch", None)):
        took, worked = [], cpu_s()
        for _ in range(repetitions):
            took.append(judge(LAB.name, program(RIGHT / "reference.py"), backends=None, tasks=tasks).seconds)
        each = (cpu_s() - worked) / repetitions
        median = statistics.median(took)
        print(f"  {what:18} median {median:5.1f} s, {each:5.1f} s of processor   n={repetitions}   {load()}")


def first_counterexamples() -> None:
    """Seconds until the first broken run is told, per wrong program."""
    times = {}
    for path in programs(WRONG):
        begin, told = time.monotonic(), []

        def listen(task: str, done: int, planned: int, broken: object, told: list[float] = told) -> None:
            if broken is not None:
                told.append(time.monotonic())

        judge(LAB.name, program(path), backends=None, tasks=[TASKS[path.stem]], progress=listen)
        times[path.stem] = told[0] - begin
    slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(times.items(), key=lambda item: -item[1])[:3])
    print(f"  median {statistics.median(times.values()):.1f} s; slowest: {slowest}   {load()}")


def main() -> None:
    """Print the figures."""
    print("One run on one lane")
    per_run()
    print("Whole checks of the reference")
    whole_checks(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print("First counterexample told")
    first_counterexamples()


if __name__ == "__main__":
    main()
