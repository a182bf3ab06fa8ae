"""What the threads of a process tree are doing, read from /proc: asleep or not, and the processor time they used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Look", "is_asleep", "look"]

Look = dict[int, tuple[str, str]]
"""Thread to its state (``S`` sleeps) and the processor time it has used so far."""


def look(pid: int) -> Look | None:
    """One look at every thread of the process and its descendants; None where the system does not tell."""
    if not Path(f"/proc/{pid}/task").is_dir():
        return None
    return {thread: state for process in _tree(pid) for thread, state in _threads(process)}


def is_asleep(before: Look | None, now: Look | None) -> bool:
    """Did every thread sleep at both looks, without any processor time in between?"""
    return bool(now) and before == now and all(state == "S" for state, _ in now.values())


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in _names(f"/proc/{pid}/task"):
        for child in _read(f"/proc/{pid}/task/{thread}/children").split():
            yield from _tree(int(child))


def _threads(pid: int) -> Iterator[tuple[int, tuple[str, str]]]:
    for thread in _names(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{thread}"
        fields = _read(f"{folder}/stat").rpartition(") ")[2].split()
        if fields and fields[0] not in "ZX":
            used = _read(f"{folder}/schedstat") or f"{fields[11]} {fields[12]}"
            yield int(thread), (fields[0], used)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
