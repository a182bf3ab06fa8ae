"""Inside the subject: answer one call after the other, as long as each leaves the process as it found it.

A fork, its sandbox and a client's first connection cost many times what a call costs. So a process that is to stay asks
for its next call, unless the last one has left a thread, a descriptor, a child, a file or a setting behind: then it ends,
and the next call begins in a fresh fork. The cells are executed anew for every call, and chance begins where it began, so
that a call finds nothing of the one before it in its own program.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import select
import signal
import threading
from collections.abc import Callable
from typing import Any

from autograder.grading import cells
from autograder.grading.subject_process import WIRE

__all__ = ["serve"]

PROCESSOR_S_MAX = 15.0
"""A process that has used so much ends after its call, long before the limit of its sandbox."""
DESCRIPTORS_MAX = 256
"""As many as the sandbox allows."""
_REQUEST_BYTES = 1 << 16
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGCHLD)


def serve(
    program: cells.Compiled, function: str, arguments: list[Any], say: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Answer calls until one leaves something behind; all replies but the last are said, the last is returned."""
    process, before, chance = os.getpid(), _surroundings(), random.getstate()
    while True:
        reply = cells.call(program, function, arguments)
        if os.getpid() != process or not _is_as(before):
            return reply
        say(reply | {"stays": True})
        request = _next_request()
        function, arguments = request["function"], request["arguments"]
        random.setstate(chance)


def _is_as(before: tuple[Any, ...]) -> bool:
    if threading.active_count() > 1 or _time_used_s() > PROCESSOR_S_MAX or _has_children():
        return False
    if _surroundings() == before:
        return True
    gc.collect()  # a connection that nobody has closed is closed with the last reference to it
    return _surroundings() == before


def _surroundings() -> tuple[Any, ...]:
    """What outlives a call: descriptors, files, the environment, the folder, what signals do."""
    handlers = [signal.getsignal(number) for number in _SIGNALS]
    return _descriptors(), os.listdir("."), dict(os.environ), os.getcwd(), handlers


def _descriptors() -> set[int]:
    """What is open; asked of the kernel in one call, since /proc is closed to learner code."""
    asked = select.poll()
    for descriptor in range(DESCRIPTORS_MAX):
        asked.register(descriptor, 0)
    return set(range(DESCRIPTORS_MAX)) - {descriptor for descriptor, event in asked.poll(0) if event & select.POLLNVAL}


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _time_used_s() -> float:
    """Processor time of this process so far."""
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def _next_request() -> dict[str, Any]:
    """What the judge asks next; where it asks nothing more, the process ends."""
    data = b""
    while not data.endswith(b"\n"):
        more = os.read(WIRE, _REQUEST_BYTES)
        if not more:
            os._exit(0)
        data += more
    return json.loads(data)
