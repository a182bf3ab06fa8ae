"""Namespaces of Linux: the zygote moves into its own, and every fork becomes the first process of one more.

A process namespace means that when its first process is killed the kernel kills and reaps everything it had started,
however it tried to get away; and that no process inside can name one outside. Needs user namespaces, or root.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from autograder.grading import linux

__all__ = ["ProcessNamespaces", "enter"]

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_RECURSIVE, _MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
_INSIDE_ID = 1000

Report = dict[str, str]
"""Layer to nothing (it is on) or to the reason why it is off."""


def enter(off: set[str], scratch: str, scratch_mb: int) -> Report:
    """Move this process into namespaces of its own, each that the system grants; call it early, with one thread.

    With process namespaces the caller goes on in a child while the parent waits for it and ends as it ends.
    """
    report: Report = {}
    _attempt(report, off, "users", _own_users)
    _attempt(report, off, "memory", lambda: linux.unshare(linux.CLONE_NEWIPC))
    _attempt(report, off, "scratch", lambda: _own_scratch(scratch, scratch_mb))
    _attempt(report, off, "processes", lambda: linux.unshare(linux.CLONE_NEWPID))
    if not report["processes"]:
        _go_on_as_child()
    return report


def _attempt(report: Report, off: set[str], layer: str, action: Callable[[], None]) -> None:
    if layer in off:
        report[layer] = "switched off"
        return
    try:
        action()
        report[layer] = ""
    except OSError as error:
        report[layer] = error.strerror or str(error)


def _own_users() -> None:
    user, group = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_INSIDE_ID} {user} 1")
    _write("/proc/self/gid_map", f"{_INSIDE_ID} {group} 1")


def _own_scratch(scratch: str, size_mb: int) -> None:
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount(None, "/", None, _MS_RECURSIVE | _MS_PRIVATE, None)
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    linux.mount("tmpfs", scratch, "tmpfs", flags, f"size={size_mb}m,nr_inodes=4096,mode=700")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _go_on_as_child() -> None:
    child = os.fork()
    if child:
        os.closerange(0, 256)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 255)
    linux.die_with_parent()


class ProcessNamespaces:
    """Makes the next fork the first process of a fresh process namespace; for a zygote that is in one itself."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self) -> int:
        """Like os.fork(), into a new namespace; the caller's later plain forks stay in its own."""
        linux.unshare(linux.CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            linux.setns(self._own, linux.CLONE_NEWPID)
            raise
        if pid:
            linux.setns(self._own, linux.CLONE_NEWPID)
        return pid
