"""Landlock: a process gives up, for good, all files and TCP ports but those on a list. Needs no rights (Linux 5.13+).

What a kernel can do is its ABI number: files from 1, TCP ports from 4, signals and abstract sockets from 6.
Source: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import stat
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.grading import linux

__all__ = ["Access", "abi", "open_paths", "restrict"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH, _RULE_PORT = 1, 2
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEVICE = 1, 2, 4, 8, 1 << 14, 1 << 15
_READ_ONLY = _EXECUTE | _READ_FILE | _READ_DIR
_FOR_PLAIN_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_SOCKET, _SCOPE_SIGNAL = 1, 2
_FIRST_DESCRIPTOR = 16
"""Above those that a fork gives new meanings to before it puts on the rules."""


@dataclass(frozen=True)
class Access:
    """An open path and what may be done beneath it."""

    fd: int
    rights: int


def abi() -> int:
    """What this kernel's Landlock can do; 0 where there is none."""
    try:
        return linux.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1), what="landlock")
    except OSError:
        return 0


def _all_file_rights(version: int) -> int:
    bits = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    return (1 << bits) - 1


def open_paths(paths: Iterable[str], *, writable: bool = False) -> list[Access]:
    """Open the paths that exist, once, so that every fork can add them to its rules without looking them up again."""
    wanted = _all_file_rights(abi()) if writable else _READ_ONLY
    opened = []
    for path in paths:
        try:
            low = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        fd = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
        os.close(low)
        is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        opened.append(Access(fd, wanted if is_folder else wanted & _FOR_PLAIN_FILES))
    return opened


def restrict(*, files: Sequence[Access] | None, ports: Sequence[int] | None, signals: bool) -> None:
    """Allow this process, and all it will start, these files and TCP ports only; None leaves that side open.

    ``signals`` also keeps its signals and abstract sockets among itself. Raises OSError when the kernel refuses.
    """
    version = abi()
    rights = _all_file_rights(version)
    rules = struct.pack(
        "=QQQ",
        0 if files is None else rights,
        0 if ports is None else _BIND_TCP | _CONNECT_TCP,
        _SCOPE_ABSTRACT_SOCKET | _SCOPE_SIGNAL if signals else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = linux.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(size), ctypes.c_uint32(0), what="landlock rules")
    try:
        for access in files or ():
            _add(ruleset, _RULE_PATH, struct.pack("=Qi", access.rights & rights, access.fd))
        for port in ports or ():
            _add(ruleset, _RULE_PORT, struct.pack("=QQ", _CONNECT_TCP, port))
        linux.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0), what="landlock")
    finally:
        os.close(ruleset)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    linux.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), rule, ctypes.c_uint32(0), what="landlock rule")
