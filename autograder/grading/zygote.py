"""Zygote: a clean process with one thread that has the heavy imports done; every run of learner code is a fork of it.

Started by exec (``python -m autograder.grading.zygote FD``), never by fork from a kernel or a judge, so it holds no
secrets, no threads and no connections. It speaks JSON lines with the judge over the socket FD:

    hello {sandbox, preload, scratch}          -> {protection}
    load  {cells, parts}                       -> {broken}, with the clients imported that the cells name
    start {run, function, arguments, ports}    -> {pid}, with three descriptors: answer, output, ending
    start {..., stays}                         -> {pid}, with a fourth, on which it hears of its next calls
    start {run, seed, ports}                   -> {pid}, with a fourth, the wire: a process in virtual time
    start {run, at, terms, crash_call, ports}  -> {pid}, with the wire, too: a worker of a sale under load
    kill  {run}                                -> {} when the process and all it started are gone

The *ending* pipe is the zygote's own: there it writes how the process ended, which no learner code can forge.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading import cells, confine, linux, namespaces, serving, strays, warmth
from autograder.grading.protocol import line
from autograder.grading.sandbox import LAYERS, Sandbox
from autograder.grading.subject_process import Descriptors, run_subject, send_reply

__all__ = ["main"]

_CLONE = Path(__file__).resolve().parents[2]
_NAMESPACE_LAYERS = ("users", "processes", "memory", "scratch")


@dataclass
class _Run:
    pid: int
    ending: int
    scratch: str


class _Zygote:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._runs: dict[int, _Run] = {}
        self._program = cells.Compiled()
        self._confinement: confine.Confinement | None = None
        self._namespaces: namespaces.ProcessNamespaces | None = None
        self._preload: list[str] = []
        self._scratch = ""
        self._wake: int | None = None
        self._judge: int | None = None

    def hello(self, request: dict[str, Any]) -> dict[str, Any]:
        """Enter namespaces, import, warm up, and find out which layers of the sandbox this system has."""
        self._scratch = request["scratch"]
        settings = Sandbox.from_json(request["sandbox"]) if request["sandbox"] is not None else None
        if hasattr(os, "pidfd_open"):
            self._judge = os.pidfd_open(request["judge"])
        root = os.geteuid() == 0
        report = self._enter_namespaces(settings) if settings else {}
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._wake = _wake_on_child()
        strays.adopt()
        self._preload = request["preload"]
        warmth.import_and_warm(warmth.without_big(self._preload))
        if settings:
            self._prepare(settings, report, request["judge"], root)
        gc.collect()
        gc.freeze()
        return {"protection": report}

    def _enter_namespaces(self, settings: Sandbox) -> dict[str, str]:
        if not linux.is_linux():
            return dict.fromkeys(_NAMESPACE_LAYERS, "only on Linux")
        report = namespaces.enter(set(settings.off), self._scratch, settings.scratch_mb)
        if not report["processes"]:
            self._namespaces = namespaces.ProcessNamespaces()
            report["processes"] = self._why_no_fork()
        return report

    def _why_no_fork(self) -> str:
        try:
            pid = self._namespaces.fork()
            if pid == 0:
                os._exit(0)
            try:
                _outer_pid(pid)
            finally:
                os.waitpid(pid, 0)
        except (OSError, AttributeError) as error:
            self._namespaces = None
            return getattr(error, "strerror", None) or str(error)
        return ""

    def _prepare(self, settings: Sandbox, report: dict[str, str], judge: int, root: bool) -> None:
        self._confinement = confine.Confinement(
            settings=settings,
            clone=_CLONE,
            scoped=self._namespaces is not None,
            own_users=not report["users"],
            root=root,
            never_signal=(judge, os.getpid(), os.getppid()),
        )
        self._confinement.prepare()
        self._try_steps()
        for layer in LAYERS:
            if layer not in report:
                report[layer] = self._confinement.off.get(layer, "")

    def _try_steps(self) -> None:
        """Put on each layer in a fork of its own; what the kernel refuses is off from now on."""
        for name, step in self._confinement.steps(self._scratch, [1]).items():
            apart = name == "number" and self._namespaces is not None
            reason = _fails_in_a_fork(step, self._namespaces.fork if apart else os.fork)
            for layer in {"landlock": ("files", "ports", "signals"), "rights": ()}.get(name, (name,)):
                if reason:
                    self._confinement.off.setdefault(layer, reason)

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Compile the learner's cells for all later runs, and import the clients that they name."""
        parts = request["parts"]
        self._program = cells.compile_program(request["cells"], parts)
        sources = [cell["source"] for of in (request["cells"], *parts.values()) for cell in of]
        warmth.import_and_warm(warmth.wanted_by(sources, self._preload))
        gc.collect()
        gc.freeze()
        return {"broken": list(self._program.broken)}

    def start(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        """Fork one run; it is confined before it executes the first line of the learner."""
        scratch = os.path.join(self._scratch, f"run{request['run']}")
        os.mkdir(scratch, 0o700)
        answer, output, ending, *wire = descriptors
        fork = self._namespaces.fork if self._namespaces else os.fork
        pid = fork()
        if pid == 0:
            self._become_subject(request, Descriptors(answer, output, ending, *wire), scratch)
        for fd in (answer, output, *wire):
            os.close(fd)
        self._runs[request["run"]] = _Run(pid, ending, scratch)
        return {"pid": _outer_pid(pid) if self._namespaces else pid}

    def _become_subject(self, request: dict[str, Any], descriptors: Descriptors, scratch: str) -> None:
        try:
            steps = self._confinement.steps(scratch, request["ports"]) if self._confinement else {}
            program = self._program
            run_subject(lambda: _act(program, request), descriptors, scratch, steps)
        finally:
            os._exit(70)

    def kill(self, request: dict[str, Any]) -> dict[str, Any]:
        """End the run and everything it started; when this returns they are gone."""
        run = self._runs.get(request["run"])
        if run is not None:
            strays.kill_group(run.pid)
            _, status = os.waitpid(run.pid, 0)
            self._ended(request["run"], status)
        return {}

    def serve(self) -> None:
        """Answer the judge until it closes the socket or ends; then end, and with us everything that runs."""
        while True:
            watched = [fd for fd in (self._control, self._wake, self._judge) if fd is not None]
            readable, _, _ = select.select(watched, [], [])
            if self._wake in readable:
                self._reap()
            if self._judge in readable or (self._control in readable and not self._answer_one()):
                break
        for run in list(self._runs):
            self.kill({"run": run})

    def _answer_one(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 4)
        while data and not data.endswith(b"\n"):
            more = self._control.recv(1 << 20)
            if not more:
                return False
            data += more
        if not data:
            return False
        request = json.loads(data)
        operation = request["op"]
        if operation == "start":
            answer = self.start(request, descriptors)
        else:
            answer = {"hello": self.hello, "load": self.load, "kill": self.kill}[operation](request)
        self._control.sendall(line(answer))
        return True

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake, 4096):
                pass
        for number, run in list(self._runs.items()):
            pid, status = os.waitpid(run.pid, os.WNOHANG)
            if pid:
                self._ended(number, status)

    def _ended(self, number: int, status: int) -> None:
        run = self._runs.pop(number)
        if self._namespaces is None:
            strays.kill_group(run.pid)
            strays.end_all({other.pid for other in self._runs.values()})
        with contextlib.suppress(OSError):
            os.write(run.ending, line({"status": os.waitstatus_to_exitcode(status)}))
        os.close(run.ending)
        try:
            os.rmdir(run.scratch)
        except OSError:
            shutil.rmtree(run.scratch, ignore_errors=True)


def _act(program: cells.Compiled, request: dict[str, Any]) -> dict[str, Any]:
    """What the subject does: answer calls, live on a wire in virtual time, or be a worker of a sale under load."""
    if "terms" in request:
        from autograder.grading import load_subject  # imported beforehand where such subjects are started

        return load_subject.host(program, request["at"], request["terms"], request["crash_call"])
    if request.get("stays"):
        return serving.serve(program, request["function"], request["arguments"], send_reply)
    if "seed" not in request:
        return cells.call(program, request["function"], request["arguments"])
    from autograder.grading import virtual_subject  # imported beforehand where such subjects are started

    return virtual_subject.live(program, request["seed"])


def _wake_on_child() -> int:
    """A descriptor that becomes readable whenever a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _fails_in_a_fork(step: Any, fork: Callable[[], int]) -> str:
    """Why this layer cannot be put on; nothing when it can."""
    reading, writing = os.pipe()
    pid = fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            step()
        except BaseException as error:
            os.write(writing, (getattr(error, "strerror", None) or repr(error)).encode()[:200])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reason = pipe.read()
    os.waitpid(pid, 0)
    return reason.decode(errors="replace")


def _outer_pid(pid: int) -> int:
    """The child's id as the judge sees it; /proc still speaks the judge's language here."""
    fd = os.pidfd_open(pid)
    try:
        with open(f"/proc/self/fdinfo/{fd}") as info:
            return next(int(row.split()[1]) for row in info if row.startswith("Pid:"))
    finally:
        os.close(fd)


def main() -> None:
    """Serve the judge at the other end of the socket whose number is the only argument."""
    with socket.socket(fileno=int(sys.argv[1])) as control:
        _Zygote(control).serve()


if __name__ == "__main__":
    main()
