"""What the embedded backends cost: start times cold and warm, memory, and a few ratios. It never passes or fails.

python benchmarks/backends.py [REPETITIONS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg  # noqa: E402

from autograder import backends  # noqa: E402
from autograder.backends.broker import PrivateBroker  # noqa: E402
from autograder.backends.databases import create_database, drop_database, reset, reset_statement  # noqa: E402
from autograder.backends.postgres import Postgres  # noqa: E402
from autograder.backends.redis import Redis  # noqa: E402


def milliseconds(work: Callable[[], Any], repetitions: int) -> float:
    """The median duration."""
    took = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        work()
        took.append((time.perf_counter() - begin) * 1000)
    return statistics.median(took)


def memory_mb(pids: list[int], field: str) -> float:
    """The sum of ``Pss`` (shared pages counted once) or ``Rss`` over processes; Linux only."""
    total_kb = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{field}:"):
                total_kb += int(line.split()[1])
    return total_kb / 1024


def family(pid: int) -> list[int]:
    """A process and its descendants; Linux only."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += parents.get(found[-1], [])
    return found


def together(folder: Path, repetitions: int) -> None:
    """connect() from nothing, from data, from a running supervisor; and what everything weighs."""
    print("\nconnect(): Postgres, Redis, Kafka and the supervisor, ms")
    cold = []
    for number in range(repetitions):
        os.environ["FORTNIGHT_STATE"] = str(folder / f"state{number}")
        cold.append(milliseconds(lambda: backends.connect().close(), 1))
        backends.stop()
    print(f"  cold (no data yet)   {statistics.median(cold):8.0f}   worst {max(cold):.0f}")
    warm = []
    for _ in range(repetitions):
        warm.append(milliseconds(lambda: backends.connect().close(), 1))
        backends.stop()
    print(f"  warm (data is there) {statistics.median(warm):8.0f}   worst {max(warm):.0f}")
    with backends.connect() as lease:
        again = milliseconds(lambda: backends.connect().close(), 20)
        print(f"  running              {again:8.1f}   1 : {statistics.median(warm) / again:.0f} of a warm start")
        if sys.platform == "linux":
            weigh(lease.status())
    print(f"  stop                 {milliseconds(backends.stop, 1):8.0f}")


def weigh(status: dict[str, Any]) -> None:
    """The memory of every part."""
    print("\nmemory, MB              PSS     RSS  processes")
    parts = {name: family(known["pid"]) for name, known in status["backends"].items()}
    parts["everything"] = family(status["pid"])
    parts["supervisor"] = [status["pid"]]
    for name, pids in parts.items():
        print(f"  {name:18}{memory_mb(pids, 'Pss'):8.1f}{memory_mb(pids, 'Rss'):8.1f}{len(pids):6}")


def one_by_one(folder: Path, repetitions: int) -> None:
    """Each launcher alone."""
    print("\none launcher alone, ms     first   again   after kill   stop")
    for server in (Postgres(folder / "pg"), Redis(folder / "redis"), Redis(folder / "fake", kind="fakeredis")):
        first = milliseconds(server.start, 1)
        stop = milliseconds(server.stop, 1)
        again = milliseconds(lambda server=server: (server.start(), server.stop()), repetitions) - stop
        server.start()
        server.kill()
        killed = milliseconds(server.start, 1)
        server.stop()
        name = server.name if not isinstance(server, Redis) else f"{server.name} ({server.kind})"
        print(f"  {name:22}{first:8.0f}{again:8.0f}{killed:10.0f}{stop:10.0f}")
    print(f"  {'private broker':22}{milliseconds(lambda: PrivateBroker().close(), repetitions):8.0f}")


def databases(folder: Path) -> None:
    """Resetting against making anew."""
    print("\na database for a run, ms")
    with Postgres(folder / "pg") as server:
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute("create role shop login")
        address = create_database(server.address, "lane")
        with psycopg.connect(address, autocommit=True) as connection:
            statement = reset_statement(connection)
            emptied = milliseconds(lambda: reset(connection, statement), 300)

        def remade() -> None:
            create_database(server.address, "copy", template="lane")
            drop_database(server.address, "copy")

        copied = milliseconds(remade, 5)
    print(f"  reset                {emptied:8.2f}")
    print(f"  copy and drop        {copied:8.1f}   1 : {copied / emptied:.0f} of a reset")


def main() -> None:
    """Print everything."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"Python {sys.version.split()[0]}, {sys.platform}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="fortnight-bench-") as name:
        folder = Path(name)
        one_by_one(folder, repetitions)
        databases(folder)
        together(folder, repetitions)


if __name__ == "__main__":
    main()
