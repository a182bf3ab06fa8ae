"""Running: one run of the learner's function, seen from the judge: wait for it, look at it, end it, have its result."""

from __future__ import annotations

import os
import select
import selectors
import socket
import time
from collections.abc import Callable

from autograder.grading import process_tree
from autograder.grading.endings import ending_of
from autograder.grading.protocol import REPLY_BYTES_MAX, STAYS, Result

__all__ = ["OUTPUT_BYTES_MAX", "Running"]

OUTPUT_BYTES_MAX = 1 << 20
"""A run that prints more is ended as flooded."""
_OUTPUT_BYTES_KEPT = 16_000
_QUIET_WITHOUT_PROC_S = 0.25
_CHUNK = 1 << 16


class Running:
    """One run that has been started: wait until :meth:`fileno` is readable, then :meth:`poll`."""

    def __init__(
        self,
        *,
        pid: int,
        descriptors: list[int],
        kill: Callable[[], None],
        limit_s: float,
        wire: socket.socket | None = None,
    ) -> None:
        self.pid = pid
        """The process, as this system's other processes see it."""
        self._kill = kill
        self._wire = wire
        """On which it hears of its next call, where it may stay for one."""
        self._ending, self._limit_s = bytearray(), limit_s
        self._begin()
        self._selector = selectors.DefaultSelector()
        self._order, self._open = tuple(descriptors), set(descriptors)
        self._takers = dict(zip(descriptors, (self._take_answer, self._take_output, self._take_ending), strict=True))
        for fd in descriptors:
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)

    def _begin(self) -> None:
        self._answer, self._output = bytearray(), bytearray()
        self._printed = 0
        self._verdict: tuple[str, str] | None = None
        self._result: Result | None = None
        self._look: process_tree.Look | None = None
        self._active_at = time.monotonic()
        self._deadline = self._active_at + self._limit_s

    def again(self, request: bytes, limit_s: float) -> bool:
        """Another call by the same process; False where it has ended, or is not to be asked again."""
        if self._wire is None or self._result is None or not self._open or self._drain():
            return False
        self._limit_s = limit_s
        self._begin()
        try:
            self._wire.sendall(request)
        except OSError:
            return False
        return True

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
        if not ended and self._wire is not None and self._verdict is None and self._answer.endswith(STAYS):
            self._result = ending_of(bytes(self._answer), b"", verdict=None, output=self._printed_text())
            return self._result
        return self._finish() if ended else None

    def wait(self) -> Result:
        """The result, however long its limit lets it take; for callers who wait for nothing else."""
        while (result := self.poll()) is None:
            select.select([self.fileno()], [], [], self.seconds_left)
        return result

    def kill(self) -> Result:
        """SIGKILL to the process and all it started: gone when this returns. A finished run stays as it was."""
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

    def waits_with_a_timeout(self) -> bool:
        """Is its main thread in a sleep, or in a wait that ends by itself? False where the system does not tell."""
        return self._result is None and process_tree.waits_with_a_timeout(self.pid)

    def close(self) -> None:
        """Kill the run if it is not over, and give its descriptors back."""
        self.kill()
        if self._open:  # it stayed for another call
            self._kill()
            self._drain()
            self._finish()

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
        if self._wire is not None:
            self._wire.close()
        self._result = ending_of(
            bytes(self._answer), bytes(self._ending), verdict=self._verdict, output=self._printed_text()
        )
        return self._result

    def _printed_text(self) -> str:
        text = self._output.decode("utf-8", errors="replace")
        more = self._printed - len(self._output)
        return f"{text}\n({more} more bytes were printed)" if more > 0 else text
