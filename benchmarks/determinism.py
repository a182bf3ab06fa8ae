"""Is every schedule of two calls judged the same each time? Labs 9, 10 and 12, right and wrong programs.

    python benchmarks/determinism.py [LAB ...] [--world WORLD] [--repetitions N] [--only PROGRAM ...]

Each program is judged N times (100). Of every task in which two calls meet it prints how many times the verdict, the rules
broken, the counterexample, and of each story the number of schedules and the first broken run were those of the first time,
and what differed. Stories in which three calls meet are left out of the comparison: whom Postgres lets on first is its own
affair. The processor time is that of a whole judgement, start of the lanes included and that of the backends left out.
Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder import backends  # noqa: E402
from autograder.backends import Backends, state_folder  # noqa: E402
from autograder.backends.worlds import VARIABLE, WORLDS, prepare  # noqa: E402
from autograder.explore.schedules import ScheduleScenario  # noqa: E402
from autograder.explore.sweep import Swept  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.program import Program  # noqa: E402
from autograder.grading.verdict import TaskVerdict  # noqa: E402
from autograder.labs import Lab, find  # noqa: E402
from tests.wrong.programs import program, programs  # noqa: E402

Seen = tuple[object, ...]


def main() -> None:
    """Judge each program again and again, and print how often it came out alike."""
    parser = argparse.ArgumentParser()
    parser.add_argument("labs", nargs="*", default=["9", "10", "12"])
    parser.add_argument("--world", choices=WORLDS, default="embedded")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--only", nargs="*", default=[], help="names of programs")
    asked = parser.parse_args()
    prepare(asked.world, state_folder(), print)
    with tempfile.TemporaryDirectory(prefix="fortnight-bench-") as folder:
        os.environ["FORTNIGHT_STATE"], os.environ[VARIABLE] = folder, asked.world
        try:
            with backends.connect() as lease:
                for number in asked.labs:
                    _lab(find(number), lease.backends, asked.repetitions, asked.only)
        finally:
            backends.stop()


def _lab(lab: Lab, servers: Backends, repetitions: int, only: list[str]) -> None:
    print(f"\n{lab.name}, {servers.world}, load {os.getloadavg()[0]:.1f}\n{'program':36} alike      cpu s each   verdicts")
    wrong = {mistake.name: mistake.task for mistake in lab.mistakes}
    meeting = [task.name for task in lab.tasks if task.graded and _of_two(lab, task.name)]
    for kind in ("right", "wrong"):
        for path in programs(ROOT / "tests" / kind / lab.name):
            tasks = meeting if kind == "right" else [wrong[path.stem]] if wrong.get(path.stem) in meeting else []
            if tasks and path.stem in (only or [path.stem]):
                _program(lab, program(path), path.stem, tasks, servers, repetitions)


def _program(lab: Lab, source: Program, name: str, tasks: list[str], servers: Backends, repetitions: int) -> None:
    used, seen = _cpu_s(), []
    for _ in range(repetitions):
        verdict = judge(lab.name, source, backends=servers, tasks=tasks)
        seen.append(tuple(_seen(lab, task) for task in verdict.tasks))
    alike = sum(one == seen[0] for one in seen)
    each = (_cpu_s() - used) / repetitions
    kinds = ", ".join(sorted({str(task[1]) for one in seen for task in one}))
    print(f"{name:36} {alike:3} of {repetitions:3} {each:10.1f}   {kinds}", flush=True)
    for other in {one for one in seen if one != seen[0]}:
        print(f"    first: {seen[0]}\n    other: {other}", flush=True)


def _seen(lab: Lab, task: TaskVerdict) -> Seen:
    two = _of_two(lab, task.task)
    run = task.counterexample
    stories = tuple(_story(swept) for swept in task.swept if swept.scenario in two)
    return task.task, task.kind, task.broken_rules, run.name if run else "", stories


def _story(swept: Swept) -> Seen:
    return swept.scenario, swept.coverage.schedules, swept.broken[0].name if swept.broken else ""


def _of_two(lab: Lab, task: str) -> set[str]:
    """The task's stories in which exactly two calls meet: three meet within one preemption, and none of them is killed."""
    scenarios = (one for one in lab.task(task).scenarios if isinstance(one, ScheduleScenario))
    return {one.name for one in scenarios if one.preemptions_max != 1 or one.kills}


def _cpu_s() -> float:
    """Processor time of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
