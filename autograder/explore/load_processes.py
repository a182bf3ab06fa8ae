"""What a process has used, read from ``/proc``: memory and processor time. Zero where the system does not tell."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["cpu_s", "memory_mb", "peak_mb"]

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
_TICKS = os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory now, pages shared with its parent included."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return round(int(file.read().split()[1]) * _PAGE_MB, 1)
    return 0.0


def peak_mb(pid: int) -> float:
    """The most resident memory that it ever had."""
    with suppress(OSError, ValueError), open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def cpu_s(pid: int) -> float:
    """Processor time in user and system mode so far, children not included."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        after = file.read().rpartition(")")[2].split()
        return (int(after[11]) + int(after[12])) / _TICKS
    return 0.0
