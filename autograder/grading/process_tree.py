"""What the threads of a process tree are doing, read from /proc: asleep or not, and the processor time they used."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Look", "is_asleep", "look", "waits_with_a_timeout"]

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


_SLEEPS = {"x86_64": {35, 230}, "aarch64": {101, 115}}
"""nanosleep and clock_nanosleep."""
_FUTEX = {"x86_64": 202, "aarch64": 98}
_FUTEX_TIMEOUT = 4
"""Where /proc/PID/syscall has futex's timeout: the fourth argument, behind the number of the call."""


def waits_with_a_timeout(pid: int) -> bool:
    """Is the main thread of this process in a sleep, or waiting for another thread with a timeout? Linux only."""
    machine = platform.machine()
    try:
        words = Path(f"/proc/{pid}/syscall").read_text().split()
        number = int(words[0])
    except (OSError, ValueError, IndexError):
        return False
    if number in _SLEEPS.get(machine, ()):
        return True
    return number == _FUTEX.get(machine) and int(words[_FUTEX_TIMEOUT], 16) != 0
