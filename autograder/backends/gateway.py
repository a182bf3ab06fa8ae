"""The payment gateway as a process of ours, and its sandbox: a door on a port of its own, through which it is told to misbehave."""

from __future__ import annotations

import json
import socket
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from signal import SIGKILL
from typing import Any

from autograder.backends.errors import BackendError
from autograder.backends.processes import Identity, free_port
from autograder.backends.server import ServerProcess
from autograder.backends.state import python_path

__all__ = ["GatewayServer", "Sandbox"]

START_TIMEOUT_S = 20.0
ASK_TIMEOUT_S = 10.0


class Sandbox:
    """What only the judge and a notebook may tell the gateway. Everything it is told ends with :meth:`reset`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection = HTTPConnection(address.removeprefix("http://"), timeout=ASK_TIMEOUT_S)

    def reset(self) -> None:
        """As if nothing had ever happened: no charge, no key, no plan, and the clock is right."""
        self._ask("POST", "/reset")

    def misbehave(
        self, behaviour: str, *, what: str = "charge", number: int = 1, of: str = "", every: bool = False
    ) -> None:
        """Treat the ``number``-th charge (or refund) that reaches the gateway from the reset on so; ``of`` one purchase only.

        With ``every`` each ``number``-th of all.

        ``behaviour`` is one of ``shop.gateway.BEHAVIOURS``: silent, hangs up, drops, late, declines, unavailable, tells twice.
        """
        self._ask("POST", "/misbehave", {"what": what, "number": number, "behaviour": behaviour, "of": of, "every": every})

    def pass_time(self, seconds: float) -> None:
        """The gateway's clock jumps ahead."""
        self._ask("POST", "/pass_time", {"seconds": seconds})

    def webhook(self, address: str) -> None:
        """Tell this URL of every charge and refund from now on; an empty one tells nobody."""
        self._ask("POST", "/webhook", {"address": address})

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """What was really done, in order: ``charges`` and ``refunds``."""
        return self._ask("GET", "/ledger")

    def counts(self) -> dict[str, int]:
        """How many ``charges`` and ``refunds`` that was."""
        return self._ask("GET", "/counts")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body)
        for attempt in (1, 2):
            try:
                self._connection.request(method, path, data)
                response = self._connection.getresponse()
                said = json.loads(response.read())
                break
            except (OSError, HTTPException, ValueError) as error:
                # A connection that was kept may have ended with a gateway that has been started again since.
                self._connection.close()
                if attempt == 2:
                    raise BackendError(f"The payment gateway's sandbox at {self.address} does not answer: {error}.") from error
        if response.status != 200:
            raise ValueError(said["error"])
        return said


class GatewayServer:
    """One payment gateway, loopback only. What it knows ends with it, unless there is a file in which it writes that down."""

    name = "Gateway"

    def __init__(self, *, port: int | None = None, control_port: int | None = None, written: Path | None = None) -> None:
        self._port = port
        self._control_port = control_port
        self._written = written
        self._server: ServerProcess | None = None

    def __enter__(self) -> GatewayServer:
        self.launch()
        self.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    @property
    def port(self) -> int:
        """The port it listens on, or will."""
        if self._port is None:
            self._port = free_port()
        return self._port

    @property
    def control_port(self) -> int:
        """The port of its sandbox."""
        if self._control_port is None:
            self._control_port = free_port()
        return self._control_port

    @property
    def address(self) -> str:
        """Its URL, as in ``shop.Addresses``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def control_address(self) -> str:
        """The URL of its sandbox."""
        return f"http://127.0.0.1:{self.control_port}"

    @property
    def identity(self) -> Identity | None:
        """The server process, when it was started."""
        return self._server.identity if self._server else None

    def sandbox(self) -> Sandbox:
        """The door to tell it what to do."""
        return Sandbox(self.control_address)

    def launch(self) -> None:
        """Start it without waiting; :meth:`wait` waits. What still ran of an earlier start is killed first."""
        self.kill()
        self._port, self._control_port = free_port(self._port), free_port(self._control_port)
        command = [sys.executable, "-m", "shop.gateway", str(self._port), str(self._control_port)]
        command += [str(self._written)] if self._written is not None else []
        self._server = ServerProcess(
            self.name, command, folder=None, stop_signal=SIGKILL, environment={"PYTHONPATH": python_path()}
        )

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it takes connections; raises BackendError with its last words when it does not start."""
        deadline = time.monotonic() + timeout_s
        while self._server is None or not self._server.wait_ready(self._listens, deadline):
            said = self._server.last_words() if self._server else ""
            if "in use" not in said or time.monotonic() > deadline:
                self.kill()
                raise BackendError(f"The payment gateway does not start: {said.splitlines()[-1] if said else 'no reason given'}.")
            self.launch()

    def is_running(self) -> bool:
        """Does it run?"""
        return self._server is not None and self._server.is_running()

    def how_it_ended(self) -> str:
        """How its last run ended."""
        return self._server.how_it_ended() if self._server else "never started"

    def stop(self) -> None:
        """End it; there is nothing that it would have to write down."""
        self.kill()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        if self._server:
            self._server.kill()

    def _listens(self) -> bool:
        for port in (self.port, self.control_port):
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
            except OSError:
                return False
        return True
