"""What a check of lab 6 costs, and whether it says the same every time. It never passes or fails.

python benchmarks/lab06.py [REPETITIONS]            times per crash point, whole checks, first counterexamples, memory
python benchmarks/lab06.py --hunt REPETITIONS       the reference and every wrong program again and again: verdict and run
                          [--minutes 15] [--short]  for so long; until the mistake shows
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.backends import Backends  # noqa: E402
from autograder.backends.databases import prepare_shop  # noqa: E402
from autograder.backends.postgres import Postgres  # noqa: E402
from autograder.explore.scenario import Scenario, named, play, strikes  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.lanes import LaneSpec, open_lane  # noqa: E402
from autograder.grading.verdict import TaskVerdict, Verdict  # noqa: E402
from autograder.labs import find  # noqa: E402
from benchmarks.backends import family, memory_mb  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("6")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}
CORE = [task.name for task in LAB.tasks if task.graded and not task.stretch]


@contextmanager
def embedded() -> Iterator[Backends]:
    """A Postgres of our own; brokers are started by the lanes."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        prepare_shop(server.address)
        yield Backends(postgres=server.address, redis="", kafka="", world="embedded")


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def per_crash_point(backends: Backends) -> None:
    """Milliseconds per run on one lane, by scenario, with the undisturbed run as the measure."""
    with ExitStack() as cleanup:
        spec = LaneSpec(backends=backends, lab=LAB.name, program=program(RIGHT / "reference.py"))
        lane = open_lane(spec, cleanup)
        for task in LAB.tasks:
            for scenario in task.scenarios if task.graded else ():
                _time_scenario(scenario, lane)


def _time_scenario(scenario: Scenario, lane: object) -> None:
    quiet = [_played(scenario, lane, None) for _ in range(5)]
    history = play(scenario, lane, named(scenario, "06")).history
    faulted = [_played(scenario, lane, strike) for strike in strikes(scenario, history)]
    median = statistics.median(faulted) if faulted else 0.0
    print(
        f"  {scenario.name:16} undisturbed {statistics.median(quiet):6.0f} ms   with a fault {median:6.0f} ms"
        f" (x{median / statistics.median(quiet):.1f}, {len(faulted)} runs)   {load()}"
    )


def _played(scenario: Scenario, lane: object, strike: object) -> float:
    begin = time.perf_counter()
    play(scenario, lane, named(scenario, "06", strike))
    return (time.perf_counter() - begin) * 1000


def whole_checks(backends: Backends, repetitions: int) -> None:
    """Seconds of a whole check, core and with stretch, and the memory of everything that runs meanwhile."""
    for what, tasks in (("core", CORE), ("core and stretch", None)):
        took, worked, peak = [], [], 0.0
        for _ in range(repetitions):
            begin = _processor_s()
            with _watching_memory() as seen:
                took.append(judge(LAB.name, program(RIGHT / "reference.py"), backends=backends, tasks=tasks).seconds)
            peak = max(peak, *seen)
            worked.append(_processor_s() - begin)
        ordered = sorted(took)
        p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        print(
            f"  {what:18} p50 {statistics.median(took):5.1f} s   p95 {p95:5.1f} s   n={repetitions}"
            f"   processor {statistics.median(worked):5.1f} s without Postgres   memory at most {peak:.0f} MB (PSS)   {load()}"
        )


def _processor_s() -> float:
    """What this process and those that it has waited for have worked so far; it means something on a busy machine too."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextmanager
def _watching_memory() -> Iterator[list[float]]:
    seen, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            try:
                seen.append(memory_mb(family(os.getpid()), "Pss"))
            except OSError:
                continue  # a process ended while we looked

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def first_counterexamples(backends: Backends) -> None:
    """Seconds until the first broken run is told, per wrong program, and how many runs were looked at by then."""
    times, runs = {}, {}
    for path in programs(WRONG):
        begin, told, seen = time.monotonic(), [], []

        def listen(task: str, done: int, planned: int, broken: object, told: list = told, seen: list = seen) -> None:
            seen.append(done)
            if broken is not None:
                told.append((time.monotonic(), len(seen)))

        judge(
            LAB.name, program(path), backends=backends, tasks=[TASKS[path.stem]], progress=listen, enough=lambda _: bool(told)
        )
        times[path.stem], runs[path.stem] = told[0][0] - begin, told[0][1]
    slowest = sorted(times.items(), key=lambda item: -item[1])[:3]
    named_slowest = ", ".join(f"{name} {seconds:.1f} ({runs[name]} runs)" for name, seconds in slowest)
    middle = statistics.median(times.values()), statistics.median(runs.values())
    print(f"  median {middle[0]:.1f} s, {middle[1]:.0f} runs; slowest: {named_slowest}   {load()}")


def hunt(backends: Backends, repetitions: int, *, minutes: float, short: bool) -> None:
    """Does every repetition say the same? Round by round, so that a hunt that is out of time has met every program."""
    said: dict[str, Counter[str]] = {}
    end = time.monotonic() + 60 * minutes
    for path in [*programs(WRONG), RIGHT / "reference.py"] * repetitions:
        if time.monotonic() > end:
            break
        tasks = [TASKS[path.stem]] if path.stem in TASKS else None
        enough = partial(_shows, path.stem if short else "")
        verdict = judge(LAB.name, program(path), backends=backends, tasks=tasks, enough=enough)
        said.setdefault(path.stem, Counter())[_told(verdict)] += 1
    for name, found in said.items():
        common, times = found.most_common(1)[0]
        also = "" if times == found.total() else f"   ALSO {found}"
        print(f"  {name:28} {times} of {found.total()}: {common}{also}")


def _shows(mistake: str, task: TaskVerdict) -> bool:
    return task.mistake is not None and task.mistake.name == mistake


def _told(verdict: Verdict) -> str:
    return "; ".join(
        f"{task.task} {task.kind} {task.points}"
        + (f" rule {task.counterexample.violations[0].rule} {task.counterexample.name}" if task.counterexample else "")
        for task in verdict.tasks
    )


def _hunting() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description="The reference and every wrong program again and again.")
    options.add_argument("--hunt", type=int, metavar="REPETITIONS", required=True)
    options.add_argument("--minutes", type=float, default=24 * 60.0, help="begin no other program after so many minutes")
    options.add_argument("--short", action="store_true", help="play a wrong program until its mistake shows")
    return options


def main() -> None:
    """Print the figures."""
    with embedded() as backends:
        if "--hunt" in sys.argv:
            options = _hunting().parse_args()
            hunt(backends, options.hunt, minutes=options.minutes, short=options.short)
            return
        repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
        print("Time per run on one lane")
        per_crash_point(backends)
        print("Whole checks of the reference")
        whole_checks(backends, repetitions)
        print("First counterexample told")
        first_counterexamples(backends)


if __name__ == "__main__":
    main()
