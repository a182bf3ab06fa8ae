"""Subject: the process with the learner's code, seen from the judge. A Zygote starts runs; a Running is one of them.

Whatever a subject does (hang, flood, exit, crash, lie, kill) becomes a Result of its run. An exception of this module
is always ours: :class:`SubjectUnavailable`, when no subject can be started at all.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

from autograder.grading import process_tree
from autograder.grading.endings import ending_of
from autograder.grading.program import Program
from autograder.grading.protocol import REPLY_BYTES_MAX, Result, to_json
from autograder.grading.sandbox import Protection, Sandbox
from autograder.grading.warmth import CLIENTS
from autograder.grading.zygote_link import SubjectUnavailable, ZygoteLink

__all__ = ["OUTPUT_BYTES_MAX", "Result", "Running", "SubjectUnavailable", "Zygote"]

OUTPUT_BYTES_MAX = 1 << 20
"""A run that prints more is ended as flooded."""
_OUTPUT_BYTES_KEPT = 16_000
_LIMIT_S = 30.0
_QUIET_WITHOUT_PROC_S = 0.25
_CHUNK = 1 << 16


class Zygote:
    """Starts runs of one learner's program, each a fresh fork of a clean, warm, single-threaded process.

    A zygote that is lost (where a system cannot keep learner code from killing it) is replaced at the next start.
    """

    def __init__(self, *, preload: Sequence[str] = CLIENTS, sandbox: Sandbox | None = Sandbox()) -> None:
        self._preload, self._sandbox = tuple(preload), sandbox
        self._program: Program | None = None
        self._number = 0
        self._link = self._open()

    @property
    def protection(self) -> Protection:
        """Which layers of the sandbox are on."""
        return self._link.protection

    def load(self, program: Program) -> list[str]:
        """Take the learner's program for all later starts; the cells that are not Python, one sentence each."""
        self._program = program
        if self._link.alive:
            with contextlib.suppress(SubjectUnavailable):
                return _load(self._link, program)
        return self._replace()

    def start(
        self, function: str, arguments: Sequence[Any], *, ports: Sequence[int] = (), limit_s: float = _LIMIT_S
    ) -> Running:
        """Fork, confine, execute the cells, call the function with these arguments.

        ``arguments`` are JSON or the shop's dataclasses; ``ports`` are the loopback ports that the subject may connect
        to; after ``limit_s`` seconds the run is ended as hung. Raises SubjectUnavailable when nothing can be started.
        """
        self._number += 1
        request = {"op": "start", "run": self._number, "function": function, "ports": list(ports)}
        request["arguments"] = [to_json(argument) for argument in arguments]
        if self._link.alive:
            with contextlib.suppress(SubjectUnavailable):
                return self._start(request, limit_s)
        self._replace()
        return self._start(request, limit_s)

    def _start(self, request: dict[str, Any], limit_s: float) -> Running:
        pipes = [os.pipe() for _ in range(3)]
        link = self._link
        try:
            pid = link.ask(request, send=[writing for _, writing in pipes])["pid"]
        except SubjectUnavailable:
            for reading, _ in pipes:
                os.close(reading)
            raise
        finally:
            for _, writing in pipes:
                os.close(writing)
        kill = _killer(link, request["run"], pid)
        return Running(pid=pid, descriptors=[reading for reading, _ in pipes], kill=kill, limit_s=limit_s)

    def _replace(self) -> list[str]:
        """A new zygote with the same program, for one that was lost."""
        self._link.close()
        self._link = self._open()
        return _load(self._link, self._program) if self._program is not None else []

    def _open(self) -> ZygoteLink:
        return ZygoteLink(preload=self._preload, sandbox=self._sandbox)

    def close(self) -> None:
        """End the zygote and every run that is left."""
        self._link.close()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _load(link: ZygoteLink, program: Program) -> list[str]:
    cells = [{"name": cell.name, "source": cell.source} for cell in program.cells]
    return link.ask({"op": "load", "cells": cells})["broken"]


def _killer(link: ZygoteLink, run: int, pid: int) -> Callable[[], None]:
    """The zygote kills, since it is the parent: it knows whether the id is still that run's, and it reaps."""

    def kill() -> None:
        with contextlib.suppress(SubjectUnavailable):
            link.ask({"op": "kill", "run": run})
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    return kill


class Running:
    """One run that has been started. Register :meth:`fileno` where you wait, and call :meth:`poll` when it is readable."""

    def __init__(self, *, pid: int, descriptors: list[int], kill: Callable[[], None], limit_s: float) -> None:
        self.pid = pid
        """The process, as this system's other processes see it."""
        self._kill = kill
        self._answer, self._output, self._ending = bytearray(), bytearray(), bytearray()
        self._printed = 0
        self._verdict: tuple[str, str] | None = None
        self._result: Result | None = None
        self._look: process_tree.Look | None = None
        self._active_at = time.monotonic()
        self._deadline, self._limit_s = self._active_at + limit_s, limit_s
        self._selector = selectors.DefaultSelector()
        self._order, self._open = tuple(descriptors), set(descriptors)
        self._takers = dict(zip(descriptors, (self._take_answer, self._take_output, self._take_ending), strict=True))
        for fd in descriptors:
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)

    def fileno(self) -> int:
        """Readable when :meth:`poll` has something to do; stays the same until the result is there."""
        return self._selector.fileno()

    @property
    def seconds_left(self) -> float:
        """Until the run counts as hung; poll again by then even if nothing becomes readable."""
        return max(0.0, self._deadline - time.monotonic())

    def poll(self) -> Result | None:
        """Take what the subject sent, enforce the limits, and give the result when the run is over."""
        if self._result is not None:
            return self._result
        ended = self._drain()
        if not ended and self._verdict is None and time.monotonic() >= self._deadline:
            self._end_as("hung", f"it was still running after {self._limit_s:g} seconds")
            ended = self._drain()
        return self._finish() if ended else None

    def wait(self) -> Result:
        """The result, however long its limit lets it take; for callers who wait for nothing else."""
        while (result := self.poll()) is None:
            select.select([self.fileno()], [], [], self.seconds_left)
        return result

    def kill(self) -> Result:
        """SIGKILL to the process and all it started; when this returns they are gone. A finished run stays as it was."""
        if self.poll() is None:
            self._end_as("killed", "the judge killed it")
            self._drain()
            self._finish()
        assert self._result is not None
        return self._result

    def quiet(self) -> bool:
        """Has every thread of the subject slept since the last time you asked, without using the processor?

        Where the system does not show threads: has the subject been silent for a quarter of a second?
        """
        if self._result is not None:
            return False
        before, self._look = self._look, process_tree.look(self.pid)
        if self._look is None:
            return time.monotonic() - self._active_at >= _QUIET_WITHOUT_PROC_S
        return process_tree.is_asleep(before, self._look)

    def close(self) -> None:
        """Kill the run if it is not over, and give its descriptors back."""
        self.kill()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_as(self, kind: str, error: str) -> None:
        self._verdict = self._verdict or (kind, error)
        self._kill()

    def _drain(self) -> bool:
        """Read what is there; True once the zygote has said how the process ended, or is gone itself.

        The ending is looked at first: when it is there, everything that the subject wrote is there too.
        """
        for fd in reversed(self._order):
            if fd in self._open:
                self._read_all(fd)
        return self._order[-1] not in self._open or self._ending.endswith(b"\n")

    def _read_all(self, fd: int) -> None:
        """Take what is there, and close our end when the other is closed."""
        wanted = True
        while wanted:
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                self._selector.unregister(fd)
                os.close(fd)
                self._open.remove(fd)
                return
            self._active_at = time.monotonic()
            wanted = self._takers[fd](data)

    def _take_answer(self, data: bytes) -> bool:
        room = REPLY_BYTES_MAX + 1 - len(self._answer)
        self._answer += data[:room]
        if room <= len(data) and self._verdict is None:
            self._end_as("garbled", f"its answer is larger than {REPLY_BYTES_MAX >> 20} MB")
        return self._verdict is None

    def _take_output(self, data: bytes) -> bool:
        self._printed += len(data)
        self._output += data[: max(0, _OUTPUT_BYTES_KEPT - len(self._output))]
        if self._printed > OUTPUT_BYTES_MAX and self._verdict is None:
            self._end_as("flooded", f"it printed more than {OUTPUT_BYTES_MAX >> 20} MB")
        return self._verdict is None

    def _take_ending(self, data: bytes) -> bool:
        self._ending += data
        return True

    def _finish(self) -> Result:
        for fd in self._open:
            os.close(fd)
        self._open = set()
        self._selector.close()
        self._result = ending_of(
            bytes(self._answer), bytes(self._ending), verdict=self._verdict, output=self._printed_text()
        )
        return self._result

    def _printed_text(self) -> str:
        text = self._output.decode("utf-8", errors="replace")
        more = self._printed - len(self._output)
        return f"{text}\n({more} more bytes were printed)" if more > 0 else text
