"""Lab 14: how long the whole grade takes, a hundred thousand buyers, who finds which mistake, and false alarms.

    python benchmarks/lab14.py                     the whole grade of the reference, task by task, and one sale of 100,000
    python benchmarks/lab14.py --right             every task for every right program
    python benchmarks/lab14.py --matrix            every wrong program before every task: what finds it?
    python benchmarks/lab14.py --chaos N [BUYERS]  N sales with other strikes for each right program: how many false alarms?

Times are of this machine, as busy as it was. Nothing here passes or fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
MATRIX = "--matrix" in sys.argv
os.environ.setdefault("FORTNIGHT_BUYERS", "1000" if MATRIX or "--right" in sys.argv else "100000")

from autograder.backends import Backends  # noqa: E402
from autograder.backends.databases import prepare_shop  # noqa: E402
from autograder.backends.postgres import Postgres  # noqa: E402
from autograder.explore.load import play_load  # noqa: E402
from autograder.explore.names import RunName  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.load_lane import open_live_lane  # noqa: E402
from autograder.grading.parts import with_reference_parts  # noqa: E402
from autograder.labs import find  # noqa: E402
from autograder.labs.lab14_rush import BUYERS, plan_of  # noqa: E402
from tests.wrong.programs import program  # noqa: E402

LAB = find("14")
RIGHT, WRONG = ROOT / "tests" / "right" / LAB.name, ROOT / "tests" / "wrong" / LAB.name
RUSH = LAB.scenario("rush")
TASKS = [task.name for task in LAB.tasks if task.graded]


def main() -> None:
    """Print what was asked for."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder)) as server:
        prepare_shop(server.address)
        backends = Backends(postgres=server.address, redis="", kafka="", world="embedded")
        print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        if "--chaos" in sys.argv:
            place = sys.argv.index("--chaos")
            count = int(sys.argv[place + 1])
            _chaos(backends, count, int(sys.argv[place + 2]) if len(sys.argv) > place + 2 else 2_000)
        elif MATRIX:
            for path in sorted(WRONG.glob("*.py")):
                _tasks(backends, path)
        else:
            for path in sorted(RIGHT.glob("*.py")) if "--right" in sys.argv else [RIGHT / "reference.py"]:
                _tasks(backends, path)
            if "--right" not in sys.argv:
                _sale(backends, RIGHT / "reference.py", BUYERS, 1)


def _tasks(backends: Backends, path: Path) -> None:
    """Every task of one program, each judged alone."""
    wrote, whole_s = program(path), 0.0
    for name in TASKS:
        if not wrote.is_attempted(LAB.task(name).function):
            continue
        began = time.perf_counter()
        [verdict] = judge(LAB.name, wrote, backends=backends, tasks=[name]).tasks
        seconds = time.perf_counter() - began
        whole_s += seconds
        runs = sum(one.coverage.planned + 1 for one in verdict.swept)
        print(f"{path.stem:34} {name:10} {verdict.kind:8} {verdict.points:3} of {verdict.points_max:3} {runs:4} runs {seconds:6.1f} s", flush=True)
    print(f"{path.stem:34} all of it in {whole_s:.0f} s", flush=True)


def _sale(backends: Backends, path: Path, buyers: int, seed: int) -> tuple[str, ...]:
    """One sale, and the rules that it breaks."""
    with ExitStack() as cleanup:
        lane = open_live_lane(backends, with_reference_parts(LAB, program(path)), cleanup, topics=LAB.topics)
        plan = plan_of(buyers, seed)
        recording = play_load(lane, plan)
    played = RUSH.judged(RunName(lab="14", scenario="rush", input=(f"b{buyers}", f"s{seed}")), recording, plan)
    print(
        f"{path.stem:16} {buyers:,} buyers, strikes {seed}: {recording.wall_s:.1f} s to the last answer, {recording.settled_s:.1f} s to rest;"
        f" {len(recording.faults)} killed; {recording.counts}; generator {recording.generator_mb:.0f} MB and"
        f" {recording.generator_cpu_s:.0f} s of processor, workers {max(recording.worker_mb, default=0):.0f} MB; {recording.why or 'finished'}",
        flush=True,
    )
    for one in played.violations:
        print(f"                 {one.rule}: {one.evidence}", flush=True)
    return tuple(one.rule for one in played.violations)


def _chaos(backends: Backends, count: int, buyers: int) -> None:
    for path in sorted(RIGHT.glob("*.py")):
        alarms = [broken for seed in range(1, count + 1) if (broken := _sale(backends, path, buyers, seed))]
        print(f"{path.stem}: {len(alarms)} false alarms in {count} sales", flush=True)


if __name__ == "__main__":
    main()
