"""What a world costs: start, memory, disk, seconds per crash point, the same for each. It never passes or fails.

python benchmarks/worlds.py [WORLD ...] [--repetitions N] [--points]

The complete matrix of verdicts is another command: python -m tests.worlds --whole (about an hour).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder import backends  # noqa: E402
from autograder.backends import BackendError, state_folder  # noqa: E402
from autograder.backends.native.jars import find_kafka  # noqa: E402
from autograder.backends.worlds import VARIABLE, WORLDS, WorldName, prepare  # noqa: E402
from benchmarks.backends import family, memory_mb  # noqa: E402
from benchmarks.lab06 import load, per_crash_point  # noqa: E402


def main() -> None:
    """Print the figures of each world that this machine has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="*", default=[], choices=[*WORLDS, []])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--points", action="store_true", help="also play lab 6 point by point: minutes")
    asked = parser.parse_args()
    for world in asked.worlds or WORLDS:
        try:
            prepare(world, state_folder(), print)
        except BackendError as error:
            print(f"{world}: left out. {error}")
            continue
        before = dict(os.environ)
        with tempfile.TemporaryDirectory(prefix="fortnight-bench-") as folder:
            _one(world, Path(folder), asked.repetitions, points=asked.points)
        os.environ.clear()
        os.environ.update(before)


def _one(world: WorldName, folder: Path, repetitions: int, *, points: bool) -> None:
    if world == "native":
        # The clone's jars, fetched already: a download is no start.
        os.environ["KAFKA_HOME"] = str(find_kafka())
    os.environ["FORTNIGHT_STATE"], os.environ[VARIABLE] = str(folder), world
    print(f"\n{world}   {load()}")
    begin = time.perf_counter()
    backends.connect().close()
    print(f"  first start          {time.perf_counter() - begin:6.1f} s")
    backends.stop()
    took = [_start_and_stop() for _ in range(repetitions)]
    print(f"  start again          {statistics.median(took):6.1f} s   best {min(took):.1f}, worst {max(took):.1f}")
    with backends.connect() as lease:
        if sys.platform == "linux" and world != "containers":
            print(f"  memory               {memory_mb(family(lease.status()['pid']), 'Pss'):6.0f} MB (PSS, all processes)")
        print(f"  disk                 {_disk_mb(folder):6.0f} MB (data of an empty shop)")
        if points:
            per_crash_point(lease.backends)
    backends.stop()


def _start_and_stop() -> float:
    begin = time.perf_counter()
    backends.connect().close()
    took = time.perf_counter() - begin
    backends.stop()
    return took


def _disk_mb(folder: Path) -> float:
    """What the files of a folder take on disk; Kafka's indexes are sparse."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_blocks * 512 for path in files) / 1e6


if __name__ == "__main__":
    main()
