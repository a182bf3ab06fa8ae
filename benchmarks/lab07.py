"""What a check of lab 7 costs: points, pairs, seconds, seconds per run. It never passes or fails.

python benchmarks/lab07.py [REPETITIONS]
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.backends import Backends  # noqa: E402
from autograder.explore.sweep import Swept  # noqa: E402
from autograder.grading.judge import judge  # noqa: E402
from autograder.grading.lanes import LaneSpec, open_lane  # noqa: E402
from autograder.grading.parts import with_reference_parts  # noqa: E402
from autograder.labs import find, lab07_pipelines  # noqa: E402
from benchmarks.lab06 import embedded, load  # noqa: E402
from tests.wrong.programs import HERE, program  # noqa: E402

LAB = find("7")
REFERENCE = HERE.parent / "right" / LAB.name / "reference.py"


def truth(backends: Backends) -> None:
    """Seconds to compute the truth about the twelve pipelines anew, on one lane."""
    with ExitStack() as cleanup:
        lane = open_lane(LaneSpec(backends=backends, lab=LAB.name, program=with_reference_parts(LAB, program(REFERENCE))), cleanup)
        begin, runs = time.perf_counter(), 0
        for name in lab07_pipelines.NAMES:
            lab07_pipelines.found(lane, name)
            runs += 1 + lab07_pipelines.steps_max(name)
        seconds = time.perf_counter() - begin
    print(f"  {runs} runs of 12 pipelines: {seconds:.1f} s, {seconds / runs * 1000:.0f} ms per run   {load()}")


def tasks(backends: Backends, repetitions: int) -> None:
    """Points, pairs and seconds of each task of the reference, and of the whole check."""
    for names in (["checkout"], ["recover"], None):
        verdicts = [judge(LAB.name, program(REFERENCE), backends=backends, tasks=names) for _ in range(repetitions)]
        swept = [one for task in verdicts[0].tasks for one in task.swept]
        points, pairs = sum(map(_points, swept)), sum(one.coverage.pairs for one in swept)
        seconds = statistics.median(verdict.seconds for verdict in verdicts)
        print(
            f"  {'whole check' if names is None else names[0]:12} {points} crash points, {pairs} pairs: {seconds:.1f} s,"
            f" {seconds / (points + pairs) * 1000:.0f} ms per point   {verdicts[0].kind}   n={repetitions}   {load()}"
        )


def _points(swept: Swept) -> int:
    return swept.coverage.planned - swept.coverage.pairs


def main() -> None:
    """Print the figures."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with embedded() as backends:
        print("The truth about the pipelines, computed anew")
        truth(backends)
        print("Checks of the reference on two lanes")
        tasks(backends, repetitions)


if __name__ == "__main__":
    main()
