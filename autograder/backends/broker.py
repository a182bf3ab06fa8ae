"""The Kafka broker's process: a durable one for notebooks, private ones in memory for judges."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.backends.errors import BackendError
from autograder.backends.processes import Identity, free_port
from autograder.backends.server import ServerProcess
from autograder.backends.state import python_path

__all__ = ["Broker", "PrivateBroker"]

START_TIMEOUT_S = 20.0
PROGRAM = "autograder.backends.kafka"


class Broker:
    """One broker process; its topics and its log live in its folder, or without a folder in memory.

    It ends with us: it serves until its standard input closes.
    """

    name = "Kafka"

    def __init__(
        self,
        folder: Path | None,
        *,
        port: int | None = None,
        options: Sequence[str] = (),
        program: Sequence[str] = ("-m", PROGRAM),
    ) -> None:
        self.folder = folder
        self.options = tuple(options)
        self.program = tuple(program)
        self._port = port
        self._server: ServerProcess | None = None
        self._hello: dict[str, Any] = {}

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Its bootstrap address, ``127.0.0.1:port``."""
        if not self._hello:
            raise BackendError("The Kafka broker has no address before it is started: call start() first.")
        return str(self._hello["bootstrap"])

    @property
    def port(self) -> int:
        """The port of its (first) listener."""
        return int(self.address.split(",")[0].rpartition(":")[2])

    @property
    def identity(self) -> Identity | None:
        """The broker process, when it was started."""
        return self._server.identity if self._server else None

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting; :meth:`wait` waits. After a crash it comes back on the port it had."""
        self.kill()
        # The broker chooses a first port itself: nobody can take that one between our look and its bind.
        self._port = free_port(self._port) if self._port else 0
        command = [sys.executable, *self.program, "--port", str(self._port), *self.options]
        if self.folder:
            command += ["--data-dir", str(self.folder / "data")]
        self._hello = {}
        self._server = ServerProcess(
            self.name, command, folder=self.folder, environment={"PYTHONPATH": python_path()}, pipes=True
        )

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it serves; raises BackendError with its last words when it cannot."""
        deadline = time.monotonic() + timeout_s
        while self._server is None or not self._server.wait_ready(self._has_said_hello, deadline):
            said = self._server.last_words() if self._server else ""
            if "address already in use" not in said.lower() or time.monotonic() > deadline:
                self.kill()
                raise self._refusal(said)
            self._port = None
            self.launch()
        self._port = self.port

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

    def op(self, name: str, /, **arguments: Any) -> Any:
        """Ask the broker's control port to do something; raises BackendError with its reason when it refuses."""
        port = int(self._hello.get("control", 0))
        try:
            with socket.create_connection(("127.0.0.1", port), 5.0) as link, link.makefile("rwb") as lines:
                link.settimeout(30.0)
                lines.write(json.dumps({"op": name, **arguments}).encode() + b"\n")
                lines.flush()
                answer = json.loads(lines.readline())
        except (OSError, ValueError) as error:
            raise BackendError(f"The Kafka broker did not answer {name!r}: it {self._state()} ({error}).") from error
        if "error" in answer:
            raise BackendError(f"The Kafka broker refuses {name!r}: {answer['error']}")
        return answer.get("ok")

    def _state(self) -> str:
        return "runs" if self.is_running() else f"has ended ({self.how_it_ended()})"

    def _has_said_hello(self) -> bool:
        pipe = self._server.process.stdout if self._server else None
        if self._hello or pipe is None:
            return bool(self._hello)
        if select.select([pipe], [], [], 0.003)[0]:
            line = pipe.readline()
            self._hello = json.loads(line) if line.startswith(b"{") else {}
        return bool(self._hello)

    def _refusal(self, said: str) -> BackendError:
        if "No space left" in said:
            return BackendError(f"The disk is full: the Kafka broker cannot write {self.folder}. Free some space.")
        line = said.splitlines()[-1].rstrip(".") if said else "it ended without a word"
        if "No module named 'kafka'" in line:
            line += f". Mend it with `{sys.executable} -m pip install kafka-python`"
        story = f" The whole story is in {self.folder / 'log'}." if self.folder else ""
        return BackendError(f"The Kafka broker does not start: {line}.{story}")


class PrivateBroker:
    """A broker in memory for one judge: started at once, gone with the ``with`` block or with :meth:`close`."""

    def __init__(self, *, options: Sequence[str] = (), program: Sequence[str] = ("-m", PROGRAM)) -> None:
        self._broker = Broker(None, options=options, program=program)
        self._broker.start()

    def __enter__(self) -> PrivateBroker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def bootstrap(self) -> str:
        """Its address, ``127.0.0.1:port``."""
        return self._broker.address

    def op(self, name: str, /, **arguments: Any) -> Any:
        """Ask its control port to do something; see :meth:`Broker.op`."""
        return self._broker.op(name, **arguments)

    def is_running(self) -> bool:
        """Does it run?"""
        return self._broker.is_running()

    def close(self) -> None:
        """End it and forget everything it held."""
        self._broker.kill()
