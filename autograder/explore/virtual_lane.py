"""Virtual lane: a source of subjects, and nothing else; network, services and time are made anew for every run."""

from __future__ import annotations

import json
import os
import select
import socket
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.explore.subject import Running, Subjects
from autograder.simulation.clock import real_time
from autograder.simulation.process import Born

__all__ = ["SubjectWire", "VirtualLane", "VirtualSubjects"]

SILENT_S = 30.0
"""Seconds of real time in which a subject must say something; its processor time has a smaller limit of its own."""
MESSAGE_BYTES_MAX = 8 << 20
_CHUNK = 1 << 16


class VirtualSubjects(Subjects, Protocol):
    """Starts subjects in virtual time, too."""

    def start_virtual(self, seed: str, wire: int) -> Running:
        """A subject that lives on this socket."""


@dataclass(frozen=True)
class VirtualLane:
    """Where scenarios in virtual time are played."""

    subjects: VirtualSubjects

    def launch(self, born: Born) -> SubjectWire:
        """A subject for one incarnation of a process."""
        ours, theirs = socket.socketpair()
        with real_time(), theirs:
            running = self.subjects.start_virtual(born.seed, theirs.fileno())
        return SubjectWire(ours, running)


class _Silent(Exception):
    """The subject will not answer any more; the text says why."""


class SubjectWire:
    """The way to one subject: JSON lines, a question and an answer in turn."""

    def __init__(self, ours: socket.socket, running: Running) -> None:
        self._socket, self._running = ours, running
        self._buffer = b""
        self._words = ""

    def exchange(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Say something and hear the answer; None when the subject has ended, or says what nobody can read."""
        with real_time():
            try:
                self._socket.sendall(json.dumps(message).encode() + b"\n")
                line = self._line()
            except _Silent as silent:
                self._words = self._words or str(silent)
                return None
            except OSError:
                self._words = self._words or self._ending()
                return None
        return self._read(line)

    def _read(self, line: bytes) -> dict[str, Any] | None:
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            self._words = "it wrote something of its own to the judge's wire"
            return None
        return answer

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += self._more()
            if len(self._buffer) > MESSAGE_BYTES_MAX:
                raise _Silent(f"it sent more than {MESSAGE_BYTES_MAX >> 20} MB at once")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _more(self) -> bytes:
        """What came next; what the subject prints is taken meanwhile, so that it never waits for us."""
        ours, theirs = self._socket.fileno(), self._running.fileno()
        while True:
            readable, _, _ = select.select([ours, theirs], [], [], SILENT_S)
            if not readable:
                raise _Silent(f"it was silent for {SILENT_S:g} seconds")
            if ours in readable:
                data = os.read(ours, _CHUNK)
                if data:
                    return data
                raise _Silent(self._ending())
            if (result := self._running.poll()) is not None:
                raise _Silent(result.error or result.kind)

    def _ending(self) -> str:
        """The wire is closed: how did the process end?"""
        while (result := self._running.poll()) is None:
            if not select.select([self._running.fileno()], [], [], SILENT_S)[0]:
                return "it closed the judge's wire"
        return result.error or f"its process {result.kind}"

    def kill(self) -> None:
        """SIGKILL for the subject and all it started."""
        with real_time():
            self._running.kill()
            self._socket.close()

    def last_words(self) -> str:
        """Why the subject has ended, in one line."""
        return self._words or "its process ended"
