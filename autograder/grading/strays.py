"""Strays: processes that learner code started and left behind, where no process namespace takes them all at once.

On Linux the zygote adopts every orphan below it, so none leaves its sight; elsewhere the process group is all we have.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

from autograder.grading import linux

__all__ = ["adopt", "end_all", "kill_group"]

_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS_MAX = 1000


def adopt() -> None:
    """Become the parent of every orphan among our descendants, where the system can do that."""
    if linux.is_linux():
        with contextlib.suppress(OSError):
            linux.prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))


def kill_group(leader: int) -> None:
    """SIGKILL to a run's process group, and to the leader itself in case it has no group yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(leader, signal.SIGKILL)


def end_all(keep: set[int]) -> None:
    """Kill and reap the orphans that we adopted, and theirs, until only the runs in ``keep`` are our children.

    An orphan whose session belongs to a run that still lives is left to that run's own end.
    """
    if not linux.is_linux():
        return
    for _ in range(_ROUNDS_MAX):
        orphans = [pid for pid, session in _children() if pid not in keep and session not in keep]
        if not orphans:
            return
        for pid in orphans:
            kill_group(pid)
        for pid in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[tuple[int, int]]:
    """Our direct children as (process, session)."""
    me, found = os.getpid(), []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
            after_name = stat.read().rpartition(b") ")[2].split()
            if int(after_name[1]) == me:
                found.append((int(name), int(after_name[3])))
    return found
