"""Subject: the process with the learner's code, seen from the judge. A Zygote starts runs; a Running is one of them.

Whatever a subject does (hang, flood, exit, crash, lie, kill) becomes a Result of its run. An exception of this module
is always ours: :class:`SubjectUnavailable`, when no subject can be started at all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograder.explore.subject import RUN_LIMIT_S
from autograder.grading.program import Cell, Program
from autograder.grading.protocol import Result, line
from autograder.grading.running import Running
from autograder.grading.sandbox import Protection, Sandbox
from autograder.grading.warmth import CLIENTS
from autograder.grading.zygote_link import SubjectUnavailable, ZygoteLink
from autograder.values import plain

__all__ = ["Result", "Running", "SubjectUnavailable", "Zygote"]

_LIMIT_S = 3 * RUN_LIMIT_S
"""The conductor ends a run before: two processes that take turns have twice the limit of one."""


class Zygote:
    """Starts runs of one learner's program, each a fresh fork of a clean, warm, single-threaded process.

    A zygote that is lost (where a system cannot keep learner code from killing it) is replaced at the next start.
    """

    def __init__(self, *, preload: Sequence[str] = CLIENTS, sandbox: Sandbox | None = Sandbox()) -> None:
        self._preload, self._sandbox = tuple(preload), sandbox
        self._program: Program | None = None
        self._number = 0
        self._replaced = 0
        self._staying: dict[tuple[Any, ...], Running] = {}
        """By name and ports, those that wait for another call, or are in the middle of one."""
        self._link = self._open()

    @property
    def protection(self) -> Protection:
        """Which layers of the sandbox are on."""
        return self._link.protection

    @property
    def losses(self) -> int:
        """How many zygotes have died so far. Of a run in which that happened nobody can say how it would have ended."""
        return self._replaced + (not self._link.is_there())

    def load(self, program: Program) -> list[str]:
        """Take the learner's program for all later starts; the cells that are not Python, one sentence each."""
        self._program = program
        self._dismiss()
        if self._link.alive:
            with contextlib.suppress(SubjectUnavailable):
                return _load(self._link, program)
        return self._replace()

    def start(
        self,
        function: str,
        arguments: Sequence[Any],
        *,
        ports: Sequence[int] = (),
        limit_s: float = _LIMIT_S,
        stays_as: str = "",
    ) -> Running:
        """Fork, confine, execute the cells, call the function with these arguments.

        ``arguments`` are JSON or the shop's dataclasses; ``ports`` are the loopback ports that the subject may connect
        to; after ``limit_s`` seconds the run is ended as hung. Whoever is started with ``stays_as`` a name stays for the
        next start with that name, where its call leaves nothing behind. Raises SubjectUnavailable when nothing can be
        started.
        """
        self._number += 1
        asked = {"function": function, "arguments": [plain(argument) for argument in arguments]}
        if stays_as and (staying := self._staying.pop((stays_as, *ports), None)) is not None:
            if staying.again(line(asked), limit_s):
                self._staying[stays_as, *ports] = staying
                return staying
            staying.close()
        request = {"op": "start", "run": self._number, "ports": list(ports), "stays": bool(stays_as), **asked}
        running = self._start_somewhere(request, limit_s)
        if stays_as:
            self._staying[stays_as, *ports] = running
        return running

    def start_virtual(self, seed: str, wire: int, *, limit_s: float = _LIMIT_S) -> Running:
        """Fork, confine, and live in virtual time on a socket to the judge; ``seed`` decides all its random numbers."""
        return self._start_on_wire({"seed": seed, "ports": []}, wire, limit_s)

    def start_worker(
        self, at: Any, terms: Any, wire: int, *, crash_call: int, ports: Sequence[int], limit_s: float
    ) -> Running:
        """Fork, confine, and be a worker of a sale, on a socket to the judge: see ``grading/load_subject.py``."""
        request = {"at": plain(at), "terms": plain(terms), "crash_call": crash_call, "ports": list(ports)}
        return self._start_on_wire(request, wire, limit_s)

    def _start_on_wire(self, request: dict[str, Any], wire: int, limit_s: float) -> Running:
        self._number += 1
        return self._start_somewhere({"op": "start", "run": self._number, **request}, limit_s, wire)

    def _start_somewhere(self, request: dict[str, Any], limit_s: float, *wire: int) -> Running:
        if self._link.alive:
            with contextlib.suppress(SubjectUnavailable):
                return self._start(request, limit_s, *wire)
        self._replace()
        return self._start(request, limit_s, *wire)

    def _start(self, request: dict[str, Any], limit_s: float, *wire: int) -> Running:
        pipes = [os.pipe() for _ in range(3)]
        ours, theirs = socket.socketpair() if request.get("stays") else (None, None)
        link = self._link
        try:
            wires = [*wire, theirs.fileno()] if theirs else wire
            pid = link.ask(request, send=[*(writing for _, writing in pipes), *wires])["pid"]
        except SubjectUnavailable:
            for reading, _ in pipes:
                os.close(reading)
            raise
        finally:
            for _, writing in pipes:
                os.close(writing)
            if theirs:
                theirs.close()
        kill = _killer(link, request["run"], pid)
        return Running(pid=pid, descriptors=[reading for reading, _ in pipes], kill=kill, limit_s=limit_s, wire=ours)

    def _replace(self) -> list[str]:
        """A new zygote with the same program, for one that was lost."""
        self._link.close()
        self._replaced += 1
        self._link = self._open()
        return _load(self._link, self._program) if self._program is not None else []

    def _open(self) -> ZygoteLink:
        return ZygoteLink(preload=self._preload, sandbox=self._sandbox)

    def close(self) -> None:
        """End the zygote and every run that is left."""
        self._dismiss()
        self._link.close()

    def _dismiss(self) -> None:
        for running in self._staying.values():
            running.close()
        self._staying.clear()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _load(link: ZygoteLink, program: Program) -> list[str]:
    parts = {part.function: _told(part.cells) for part in program.parts}
    return link.ask({"op": "load", "cells": _told(program.cells), "parts": parts})["broken"]


def _told(cells: Iterable[Cell]) -> list[dict[str, str]]:
    return [{"name": cell.name, "source": cell.source} for cell in cells]


def _killer(link: ZygoteLink, run: int, pid: int) -> Callable[[], None]:
    """The zygote kills, since it is the parent: it knows whether the id is still that run's, and it reaps."""

    def kill() -> None:
        with contextlib.suppress(SubjectUnavailable):
            link.ask({"op": "kill", "run": run})
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    return kill
