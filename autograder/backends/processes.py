"""Processes known by more than their number: a pid is reused, a pid with its start time is not."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Identity",
    "badge",
    "command_line",
    "end",
    "free_port",
    "identify",
    "is_gone",
    "is_running",
    "keep_port",
    "realm",
    "wait_until",
]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One process of this boot: its number and when it started."""

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """The process that has this number now; None when there is none, or only a zombie."""
    if Path("/proc/self/stat").exists():
        return _identify_by_proc(pid)
    return _identify_by_ps(pid)


def _identify_by_proc(pid: int) -> Identity | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return Identity(pid=pid, started=f"{boot}:{fields[19]}")


def _identify_by_ps(pid: int) -> Identity | None:
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    if not state or state.startswith("Z"):
        return None
    return Identity(pid=pid, started=" ".join(started.split()))


def badge(identity: Identity) -> str:
    """A process in one word, for the names of what it leaves behind if it is killed: number, start, and whose numbers.

    Containers may share a folder or a server, and not their process ids: the realm tells them apart.
    """
    return f"{identity.pid}_{hashlib.sha256(identity.started.encode()).hexdigest()[:12]}_{realm()}"


def is_gone(worn: str) -> bool:
    """Has the process with this badge ended? Never true for a process whose numbers are not ours to read."""
    pid, _, rest = worn.partition("_")
    if not pid.isdecimal() or rest.rpartition("_")[2] != realm():
        return False
    known = identify(int(pid))
    return known is None or badge(known) != worn


def realm() -> str:
    """Whose process ids these are."""
    try:
        place = os.stat("/proc/self/ns/pid")
    except OSError:
        return "0" * 8
    return f"{place.st_ino & 0xFFFFFFFF:08x}"


def is_running(identity: Identity) -> bool:
    """Does this very process still run? A zombie does not."""
    return identify(identity.pid) == identity


def command_line(pid: int) -> list[str]:
    """The words that the process was started with; empty when it is gone or not ours to see."""
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.split()


def end(identity: Identity, *, first: signal.Signals = signal.SIGTERM, grace_s: float = 5.0) -> None:
    """End this very process, politely and then not, and return when it no longer runs."""
    for number, patience_s in ((first, grace_s), (signal.SIGKILL, 10.0)):
        if not is_running(identity):
            return
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            return
        wait_until(lambda: not is_running(identity), patience_s)


def wait_until(holds: Callable[[], bool], timeout_s: float, *, every_s: float = 0.004) -> bool:
    """Wait until a condition holds; False when it still does not at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def free_port(preferred: int | None = None) -> int:
    """A loopback port that nobody listens on: the preferred one when it is free."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free loopback port")


def keep_port(port: int) -> socket.socket:
    """Hold a loopback port for the server that serves there, also while it is away; close the socket to let go.

    Else another program's server could be given the port for a moment, and be talked to. Begin before the server does.
    On Linux a bound socket that does not listen lets a server with SO_REUSEADDR in, refuses callers, and is passed over
    when the kernel chooses a port for others. Elsewhere it would keep the server out too: there nothing is held.
    """
    keeper = socket.socket()
    if sys.platform == "linux":
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", port))
    return keeper
