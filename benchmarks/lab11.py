"""What a check of lab 11 costs, and whether every learner's incident has one answer that its signals give away. It never passes or fails.

python benchmarks/lab11.py [REPETITIONS]          seconds of whole checks, until first counterexamples
python benchmarks/lab11.py --incidents [COUNT]    incidents of so many names: unique, solvable from the signals, alike in difficulty?
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.backends import Backends  # noqa: E402
from autograder.backends.databases import prepare_shop  # noqa: E402
from autograder.backends.postgres import Postgres  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.labs import find  # noqa: E402
from autograder.labs.lab11_incidents import Incident, code_of, incident_of  # noqa: E402
from tests.unit.incident_solver import breaches, shortcuts  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("11")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}
CORE = [task.name for task in LAB.tasks if task.graded and not task.stretch]


def cpu_s() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def whole_checks(backends: Backends, repetitions: int) -> None:
    """Wall and processor seconds of a whole check of every right program."""
    for path in programs(RIGHT):
        for what, tasks in (("core", CORE), ("core and stretch", None)):
            for _ in range(repetitions):
                begin, worked = time.perf_counter(), cpu_s()
                verdict = judge(LAB.name, program(path), backends=backends, tasks=tasks, lanes=2)
                took, work = time.perf_counter() - begin, cpu_s() - worked
                points = f"{verdict.points} of {verdict.points_max}"
                each = ", ".join(f"{task.task} {sum(one.coverage.reached + 1 for one in task.swept)}" for task in verdict.tasks)
                print(f"  {path.stem:22} {what:17} {took:5.1f} s, {work:5.1f} s of processors, {points}; runs: {each}   {load()}")


def wrong_programs(backends: Backends) -> None:
    """Seconds until each wrong program has its verdict."""
    for path in programs(WRONG):
        begin = time.perf_counter()
        [task] = judge(LAB.name, program(path), backends=backends, tasks=[TASKS[path.stem]], lanes=2).tasks
        named = task.mistake.name if task.mistake else "no name"
        print(f"  {path.stem:34} {task.kind:7} {time.perf_counter() - begin:5.1f} s   {named}   {load()}")


def incidents(count: int) -> None:
    """Draw the incidents of so many names; solve each from its signals alone; try what people try who do not read."""
    kinds: dict[str, list[Incident]] = defaultdict(list)
    unique = solved = 0
    right: Counter[str] = Counter()
    begin = time.perf_counter()
    for number in range(count):
        found = incident_of(code_of(f"learner {number} of a class"))
        kinds[found.kind].append(found)
        broken = breaches(found.signals)
        unique += len(broken) == 1
        solved += broken == [(found.component, found.first, frozenset(found.orders))]
        right.update(what for what, said in shortcuts(found.signals).items() if said in _truths(found))
    print(f"  {count} incidents: one contract is broken in {unique}, all three answers follow from the signals in {solved}")
    print(f"  {(time.perf_counter() - begin) / count:.2f} s to draw, run and solve one   {load()}")
    print("  how often a shortcut is right:")
    for what in shortcuts(next(iter(kinds.values()))[0].signals):
        print(f"    {what:64} {100 * right[what] / count:5.1f} %")
    print("  kind                    incidents  lines   touched  of them without 5xx  errors before the first bad line  its level")
    for kind, drawn in sorted(kinds.items()):
        print(f"  {kind:24} {len(drawn):8}  {_row(drawn)}")


def _truths(found: Incident) -> tuple[object, ...]:
    return found.component, found.first, frozenset(found.orders)


def _row(drawn: list[Incident]) -> str:
    lines = [len(one.signals.lines) for one in drawn]
    touched = [len(one.orders) for one in drawn]
    quiet = [_quiet(one) for one in drawn]
    before = [_errors_before(one) for one in drawn]
    levels = Counter(next(line["level"] for line in one.signals.lines if line["line"] == one.first) for one in drawn)
    return (
        f"{mean(lines):6.0f}   {mean(touched):5.1f} ({min(touched)}-{max(touched)})   {100 * mean(quiet):10.0f} %"
        f"   {mean(before):20.1f} ({min(before)}-{max(before)})        {levels.most_common(1)[0][0]}"
    )


def _quiet(one: Incident) -> float:
    failed = {line["order_id"] for line in one.signals.lines if line["event"] == "request.answered" and line["status"] >= 500}
    return len(set(one.orders) - failed) / len(one.orders)


def _errors_before(one: Incident) -> int:
    """ERROR lines that stand before the first bad one where a viewer sorts by the clocks."""
    names = [line["line"] for line in one.signals.lines]
    return sum(line["level"] == "error" for line in one.signals.lines[: names.index(one.first)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--incidents"]:
        incidents(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
    else:
        with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
            prepare_shop(server.address)
            here = Backends(postgres=server.address, redis="", kafka="", world="embedded")
            whole_checks(here, int(sys.argv[1]) if len(sys.argv) > 1 else 1)
            wrong_programs(here)
