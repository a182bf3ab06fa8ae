"""A server process that we started: how it is launched, watched, quoted and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from autograder.backends.errors import BackendError, cannot_write, require_posix
from autograder.backends.privilege import Privilege, launch_words
from autograder.backends.processes import Identity, identify
from autograder.backends.state import make_folder

__all__ = ["ServerProcess"]

LOG_BYTES_MAX = 1 << 20


class ServerProcess:
    """One run of a server, our own child, writing to a log in its folder (without a folder: to a nameless one).

    It is our child and not a daemon's orphan, so that we reap it: a killed postmaster that nobody reaps stays a zombie,
    and Postgres's own tools take a zombie for a running server.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path | None,
        stop_signal: signal.Signals = signal.SIGTERM,
        privilege: Privilege = "plain",
        environment: Mapping[str, str] | None = None,
        pipes: bool = False,
    ) -> None:
        require_posix()
        self.name = name
        self.stop_signal = stop_signal
        self.log = make_folder(folder) / "log" if folder else None
        self._log = self._open_log()
        self._said = ""
        self.process = self._spawn(command, folder, privilege, environment, pipes)
        found = identify(self.process.pid)
        self.identity = found or Identity(pid=self.process.pid, started="ended at once")

    def _open_log(self) -> IO[bytes]:
        try:
            log = tempfile.TemporaryFile() if self.log is None else open(self.log, "a+b")
            if os.fstat(log.fileno()).st_size > LOG_BYTES_MAX:
                log.truncate(0)
        except OSError as error:
            raise cannot_write(self.log or Path(tempfile.gettempdir()), error) from error
        self._log_from = os.fstat(log.fileno()).st_size
        return log

    def _spawn(
        self,
        command: Sequence[str],
        folder: Path | None,
        privilege: Privilege,
        environment: Mapping[str, str] | None,
        pipes: bool,
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*launch_words(privilege, self.stop_signal), *command],
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else self._log,
                stderr=self._log,
                cwd=folder,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise BackendError(f"{self.name} cannot be run: {command[0]}: {error.strerror}.") from error

    def is_running(self) -> bool:
        """Does it run? (Reaps it when it does not.)"""
        return self.process.poll() is None

    def last_words(self) -> str:
        """What it wrote to its log in this run, the end of it."""
        if not self._log.closed:
            end = os.fstat(self._log.fileno()).st_size
            begin = max(self._log_from, end - 3000)
            self._said = os.pread(self._log.fileno(), end - begin, begin).decode(errors="replace").strip()
        return self._said

    def how_it_ended(self) -> str:
        """``exit code 1``, ``signal SIGKILL`` or ``still running``."""
        code = self.process.poll()
        if code is None:
            return "still running"
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def wait_ready(self, ready: Callable[[], bool], deadline: float) -> bool:
        """Wait until it is ready; False when it ended first. Past the (monotonic) deadline: killed, reported."""
        while not ready():
            if not self.is_running():
                return False
            if time.monotonic() > deadline:
                self.kill()
                raise BackendError(
                    f"{self.name} did not get ready in time; the end of its log: {_last(self.last_words())}"
                )
            time.sleep(0.003)
        return True

    def stop(self, timeout_s: float = 15.0) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reap()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        if self.is_running():
            self.process.kill()
        self._reap()

    def _reap(self) -> None:
        self.process.wait()
        self.last_words()
        for file in (self._log, self.process.stdin, self.process.stdout):
            if file is not None:
                file.close()


def _last(text: str) -> str:
    """The last line of a log."""
    return text.splitlines()[-1] if text else "(nothing)"
