"""The first steps of a fork: its own session and descriptors, confined; then the learner's function, then the end.

The answer goes over a descriptor that is not inherited by programs the learner starts. A learner who writes to it on
purpose can lie about what the function returned, and about nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading import linux
from autograder.grading.protocol import REPLY_BYTES_MAX, line

__all__ = ["WIRE", "Descriptors", "run_subject", "send_reply"]

_ANSWER, _ENDING = 3, 4
WIRE = 4
"""Where the wire is; the ending's place is free by then."""
_DESCRIPTORS_MAX = 1024


@dataclass(frozen=True)
class Descriptors:
    """The writing ends of the pipes to the judge."""

    answer: int
    output: int
    ending: int
    wire: int | None = None
    """A socket to the judge, for a subject that lives in virtual time or stays for more than one call: its place is
    :data:`WIRE` when learner code runs."""


def run_subject(
    action: Callable[[], dict[str, Any]],
    descriptors: Descriptors,
    scratch: str,
    layers: Mapping[str, Callable[[], None]],
) -> None:
    """Become the subject, run the action, send its reply, and end the process. Does not return."""
    os.setsid()
    _own_descriptors(descriptors)
    _plain_signals()
    _own_surroundings(scratch)
    for name, put_on in layers.items():
        try:
            put_on()
        except BaseException as error:
            os.write(_ENDING, line({"sandbox": f"{name}: {error}"}))
            os._exit(70)
    if descriptors.wire is not None:
        os.dup2(_ENDING + 1, WIRE, inheritable=False)
    os.closerange(_ENDING if descriptors.wire is None else WIRE + 1, _DESCRIPTORS_MAX)
    me = os.getpid()
    reply = action()
    if os.getpid() != me:
        os._exit(0)  # A child that the learner forked came back too; only the first process answers.
    send_reply(reply)
    os._exit(0)


def _own_descriptors(descriptors: Descriptors) -> None:
    """Nothing on stdin, output on 1 and 2, the judge on 3 and 4; the rest is closed before learner code runs."""
    ours = [os.open(os.devnull, os.O_RDONLY), descriptors.output, descriptors.output]
    ours += [descriptors.answer, descriptors.ending]
    ours += [descriptors.wire] if descriptors.wire is not None else []
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _DESCRIPTORS_MAX // 2) for fd in ours]
    for place, fd in enumerate(high):
        os.dup2(fd, place, inheritable=place < _ANSWER)
    sys.stdin = open(0, closefd=False)
    sys.stdout = _text_stream(1)
    sys.stderr = _text_stream(2)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def _text_stream(fd: int) -> io.TextIOWrapper:
    return open(fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _plain_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if linux.is_linux():
        linux.die_with_parent()


def _own_surroundings(scratch: str) -> None:
    os.chdir(scratch)
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    sys.argv = ["subject"]


def send_reply(reply: dict[str, Any]) -> None:
    """Tell the judge what came of a call."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    try:
        data = line(reply)
    except (TypeError, ValueError, RecursionError):
        data = line({"kind": "raised", "error": "what it returned has no end"})
    view = memoryview(data)[: REPLY_BYTES_MAX + 1]
    with contextlib.suppress(OSError):
        while view:
            view = view[os.write(_ANSWER, view) :]
