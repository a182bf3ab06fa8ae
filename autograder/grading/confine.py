"""Confine one fork: the layers of the sandbox that each run puts on itself before any learner code is executed.

The zygote prepares what can be prepared once (open paths, the filter's bytes) and tries every layer in a fork of its
own, so that a layer either is on in every run or is reported as off.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading import landlock, linux, seccomp
from autograder.grading.sandbox import Sandbox

__all__ = ["Confinement", "readable_paths"]

_FIRST_REUSED_ID = 300
_COUNTS_PER_USER_NAMESPACE = (5, 14)
_COUNTS_PER_PROCESS_NAMESPACE = (6, 14)
_SYSTEM_PATHS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
)


def readable_paths(clone: Path) -> list[str]:
    """What Python needs: the system's libraries, this Python, its packages and the shop; nothing else of the clone."""
    wanted = [*_SYSTEM_PATHS, sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix]
    wanted += [sysconfig.get_path("stdlib"), os.path.dirname(os.path.realpath(sys.executable))]
    found: list[str] = []
    for path in dict.fromkeys(os.path.realpath(path) for path in wanted if os.path.isdir(path)):
        found += _all_but(path, str(clone))
    return [*found, *_SYSTEM_FILES, str(clone / "shop")]


def _all_but(path: str, forbidden: str) -> list[str]:
    """The folder, or what is in it beside the way to ``forbidden``: rules of Landlock can only add."""
    if os.path.commonpath([path, forbidden]) != path:
        return [path]
    if path == forbidden:
        return []
    below = [entry.path for entry in os.scandir(path)]
    return [kept for entry in below for kept in _all_but(entry, forbidden)]


@dataclass
class Confinement:
    """The prepared layers; ``off`` names those that this system or the caller does without."""

    settings: Sandbox
    clone: Path
    scoped: bool
    """Is there a process namespace, so that no process outside can be named?"""
    own_users: bool = False
    """Is there a user namespace? Without one a limit of processes would count all that this account runs."""
    root: bool = False
    """Is the account root outside of its user namespace?"""
    never_signal: tuple[int, ...] = ()
    off: dict[str, str] = field(default_factory=dict)
    _readable: list[landlock.Access] = field(default_factory=list)
    _filter: bytes = b""

    def prepare(self) -> None:
        """Open the paths, assemble the filter, and note what this kernel cannot do."""
        self.off = {layer: "switched off" for layer in self.settings.off}
        if not (self._counts_account() or self._counts_namespace()):
            self.off.setdefault("number", self._why_not_counted())
        if not linux.is_linux():
            for layer in ("files", "ports", "signals", "calls"):
                self.off.setdefault(layer, "only on Linux")
            return
        version = landlock.abi()
        for layer, needed in (("files", 1), ("ports", 4), ("signals", 6)):
            if version < needed:
                self.off.setdefault(layer, f"this kernel's Landlock is version {version}, this needs {needed}")
        if not seccomp.is_supported(linux.machine()):
            self.off.setdefault("calls", f"no table for {linux.machine()}")
        if "files" not in self.off:
            self._readable = landlock.open_paths([*readable_paths(self.clone), *self.settings.reads])
            self._readable += landlock.open_paths(["/dev/null"], writable=True)
        if "calls" not in self.off:
            open_signals = not self.scoped and "signals" in self.off
            protected = self.never_signal if open_signals else ()
            self._filter = seccomp.program(linux.machine(), never_signal=protected)

    def steps(self, scratch: str, ports: Sequence[int]) -> dict[str, Callable[[], None]]:
        """What a fork does to itself, in this order; the filter last, since it would refuse the others."""
        steps: dict[str, Callable[[], None]] = {"limits": self._limit, "number": self._limit_number}
        landlocked = {"files", "ports", "signals"} - self.off.keys()
        if linux.is_linux():
            steps["rights"] = _give_up_rights
        if landlocked:
            steps["landlock"] = lambda: self._landlock(scratch, ports, landlocked)
        if self._filter:
            steps["calls"] = lambda: seccomp.restrict(self._filter)
        return {name: step for name, step in steps.items() if name not in self.off}

    def _landlock(self, scratch: str, ports: Sequence[int], layers: set[str]) -> None:
        files = None
        if "files" in layers:
            files = [*self._readable, *landlock.open_paths([scratch], writable=True)]
        landlock.restrict(files=files, ports=ports if "ports" in layers else None, signals="signals" in layers)

    def _limit(self) -> None:
        settings = self.settings
        wanted = {
            "RLIMIT_CORE": 0,
            "RLIMIT_DATA": settings.memory_mb << 20,
            "RLIMIT_CPU": settings.processor_s,
            "RLIMIT_FSIZE": settings.file_mb << 20,
            "RLIMIT_NOFILE": settings.open_files,
        }
        for name, value in wanted.items():
            if hasattr(resource, name):
                _lower(getattr(resource, name), value)

    def _why_not_counted(self) -> str:
        if not linux.is_linux():
            return "only on Linux"
        if self.root:
            return "for root this needs Linux 6.14 and a process namespace"
        return "this needs Linux 5.14 and a user namespace"

    def _counts_account(self) -> bool:
        """Does the limit of an account hold? It never does for root, whatever its name in a namespace."""
        return self.own_users and not self.root and linux.kernel() >= _COUNTS_PER_USER_NAMESPACE

    def _counts_namespace(self) -> bool:
        """Has a process namespace a limit of its own? In older kernels this would set the whole system's."""
        return self.scoped and linux.kernel() >= _COUNTS_PER_PROCESS_NAMESPACE

    def _limit_number(self) -> None:
        if self._counts_account():
            _lower(resource.RLIMIT_NPROC, self.settings.processes)
        if self._counts_namespace() and os.getpid() == 1:
            _limit_namespace(self.settings.processes)


def _limit_namespace(processes: int) -> None:
    """Leave so many ids: the kernel reuses those from 300 on, so we begin there and end ``processes`` later."""
    with contextlib.suppress(OSError), open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(_FIRST_REUSED_ID))
    with open("/proc/sys/kernel/pid_max", "w") as limit:
        limit.write(str(_FIRST_REUSED_ID + processes))


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (limit, limit))


def _give_up_rights() -> None:
    linux.no_new_privileges()
    linux.drop_capabilities()
