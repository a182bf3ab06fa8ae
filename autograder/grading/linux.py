"""The system calls of Linux that Python 3.11 does not offer, through the C library. Can be imported elsewhere."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys

__all__ = [
    "CLONE_NEWIPC",
    "CLONE_NEWNS",
    "CLONE_NEWPID",
    "CLONE_NEWUSER",
    "die_with_parent",
    "drop_capabilities",
    "is_linux",
    "kernel",
    "machine",
    "mount",
    "no_new_privileges",
    "prctl",
    "setns",
    "syscall",
    "unshare",
]

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SIGKILL = 9
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def is_linux() -> bool:
    """Is this Linux? The sandbox of other systems is a process of its own with limits."""
    return _libc is not None


def machine() -> str:
    """The processor's name as the seccomp table knows it: ``x86_64`` or ``aarch64``."""
    return platform.machine()


def kernel() -> tuple[int, int]:
    """The kernel's version; (0, 0) where this is not Linux."""
    found = re.match(r"(\d+)\.(\d+)", platform.release()) if is_linux() else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _c_library() -> ctypes.CDLL:
    if _libc is None:
        raise OSError(38, "this needs Linux")
    return _libc


def syscall(number: int, *arguments: object, what: str) -> int:
    """One raw system call; raises OSError with ``what`` in its text."""
    return _checked(_c_library().syscall(ctypes.c_long(number), *arguments), what)


def unshare(flags: int) -> None:
    """Leave some namespaces; for CLONE_NEWPID the *next child* is the first process of the new one."""
    _checked(_c_library().unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Enter the namespace that ``fd`` stands for."""
    _checked(_c_library().setns(fd, kind), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None) -> None:
    """Mount a file system; None where the call wants a null pointer."""
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _checked(_c_library().mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]), f"mount {target}")


def prctl(option: int, *arguments: object) -> None:
    """One prctl; unused arguments are zero."""
    padded = [*arguments, *(ctypes.c_ulong(0) for _ in range(4 - len(arguments)))]
    _checked(_c_library().prctl(option, *padded), f"prctl {option}")


def die_with_parent() -> None:
    """Have the kernel end this process with SIGKILL when its parent ends."""
    prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(_SIGKILL))


def no_new_privileges() -> None:
    """No program that this process starts can gain rights, not even a setuid one; Landlock and seccomp want this."""
    prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1))


def drop_capabilities() -> None:
    """Give up every capability, those of root in a user namespace included."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_c_library().capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")
