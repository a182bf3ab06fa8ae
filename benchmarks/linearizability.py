"""What the linearizability checker costs. It never passes or fails.

python benchmarks/linearizability.py        recorded histories (where they are), and histories of growing size
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.invariants.linearizability import Operation, Register, decide, smallest  # noqa: E402
from tests.unit.recorded_histories import FOLDER, object_of, recorded  # noqa: E402


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Milliseconds, and what came of it."""
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1_000, found


def of_a_real_register(clients: int, each: int) -> list[Operation]:
    """A linearizable history: every operation takes effect at a random moment between its call and its answer."""
    chance, moments = random.Random(1), []
    for client in range(clients):
        now = 0.0
        for _ in range(each):
            start, length = now + chance.random(), chance.random() * 4
            moments.append((start + chance.random() * length, start, start + length, client, chance.randint(0, 9)))
            now = start + length
    value, found = 0, []
    for _, start, end, client, dealt in sorted(moments):
        told = {"name": "read", "answer": value}
        if dealt < 5:
            value, told = dealt, {"name": "write", "argument": dealt}
        found.append(Operation(process=f"p{client}", start=start, end=end, **told))
    return found


def corpus() -> None:
    """All recorded histories."""
    if not FOLDER.is_dir():
        print("The recorded histories are not here (FORTNIGHT_CORPORA names their folder).")
        return
    histories = [(object_of(model), operations) for _, model, operations, _ in recorded()]
    times, kept = [], []
    for thing, operations in histories:
        spent, decision = timed(lambda thing=thing, operations=operations: decide(thing, operations))
        times.append(spent)
        if decision.linearizable is False and isinstance(thing, Register):
            spent, left = timed(lambda thing=thing, operations=operations: smallest(thing, operations))
            kept.append((len(operations), len(left), spent))
    print(f"{len(times)} recorded histories: {sum(times):.0f} ms in all, median {statistics.median(times):.2f}, most {max(times):.0f}")
    for before, after, spent in kept:
        print(f"  made smaller: {before} operations -> {after} in {spent:.1f} ms")


def growing() -> None:
    """Histories of a register that is what it should be."""
    for clients, each in ((3, 10), (5, 200), (10, 200), (10, 1_000)):
        history = of_a_real_register(clients, each)
        spent, decision = timed(lambda history=history: decide(Register(0), history))
        assert decision.linearizable
        print(f"{clients} clients x {each} operations: {spent:.1f} ms, {decision.tried} configurations")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    corpus()
    growing()
