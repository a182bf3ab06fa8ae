"""The judge's end of the socket to one zygote process: starting it, asking it, ending it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.grading import scratch_folders
from autograder.grading.protocol import line
from autograder.grading.sandbox import Protection, Sandbox

__all__ = ["SubjectUnavailable", "ZygoteLink"]

_CLONE = Path(__file__).resolve().parents[2]
_START_S, _ANSWER_S = 60.0, 20.0
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""All that a subject inherits: no secrets, and the same order of sets in every run."""


class SubjectUnavailable(RuntimeError):
    """No subject can be started: a fault of ours or of the system, never the learner's."""


class ZygoteLink:
    """One zygote process and the questions to it, one at a time."""

    def __init__(self, *, preload: Sequence[str], sandbox: Sandbox | None) -> None:
        self.alive = True
        self._scratch = scratch_folders.make()
        self._socket, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()
        with theirs:
            self._process = self._start(theirs.fileno())
        settings = sandbox.to_json() if sandbox is not None else None
        hello = {"op": "hello", "sandbox": settings, "preload": list(preload), "scratch": self._scratch}
        try:
            report = self.ask(hello | {"judge": os.getpid()}, within_s=_START_S)["protection"]
        except SubjectUnavailable:
            self.close()
            raise
        off = {layer: reason for layer, reason in report.items() if reason}
        self.protection = Protection(on=tuple(layer for layer, reason in report.items() if not reason), off=off)

    def _start(self, fd: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-s", "-m", "autograder.grading.zygote", str(fd)]
        return subprocess.Popen(
            command,
            cwd=_CLONE,
            env=_ENVIRONMENT | {"HOME": self._scratch, "TMPDIR": self._scratch},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )

    def is_there(self) -> bool:
        """Is the process alive at the other end of the socket?"""
        if not self.alive:
            return False
        with contextlib.suppress(BlockingIOError):
            return bool(self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], *, send: Sequence[int] = (), within_s: float = _ANSWER_S) -> dict[str, Any]:
        """Send one request, with descriptors, and wait for its answer; raises SubjectUnavailable when none comes."""
        if not self.alive:
            raise SubjectUnavailable("the process that starts learner programs has ended")
        data = line(request)
        try:
            sent = socket.send_fds(self._socket, [data], list(send)) if send else 0
            self._socket.sendall(data[sent:])
            return json.loads(self._answer(time.monotonic() + within_s))
        except (OSError, ValueError) as cause:
            self._lose()
            raise SubjectUnavailable(f"the process that starts learner programs has ended: {self._said()}") from cause

    def _answer(self, deadline: float) -> bytes:
        data = b""
        while not data.endswith(b"\n"):
            readable, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            more = self._socket.recv(1 << 20) if readable else b""
            if not more:
                raise OSError("no answer")
            data += more
        return data

    def _said(self) -> str:
        """The last line it wrote about its own trouble."""
        try:
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
        except (OSError, ValueError):
            lines = []
        return lines[-1] if lines else "it said nothing"

    def _lose(self) -> None:
        self.alive = False
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def close(self) -> None:
        """End the zygote, and with it every run; reap it and remove the scratch folder."""
        if self.alive:
            self.alive = False
            # A shutdown reaches the zygote even while a process that was forked meanwhile still holds our end.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()
        scratch_folders.remove(self._scratch)
