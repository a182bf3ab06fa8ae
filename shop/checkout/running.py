"""The checkout, running: as one process or as several, real ones, that can be killed and started again."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

from shop.checkout.wire import Wire

__all__ = ["Answered", "Running"]

HERE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What became of one order."""

    ms: float
    said: dict[str, Any] | None = None
    """The confirmed order; None where it failed."""
    trouble: str = ""


class Running:
    """The checkout in processes of this machine; use it with ``with``.

    ``Running(("cart", "pricing", "stock"), ("recommendations",))`` starts two processes; the first must hold the cart.
    """

    def __init__(self, *processes: Sequence[str]) -> None:
        self.groups = [tuple(parts) for parts in processes]
        self._ports = _free_ports(len(self.groups))
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._wire = Wire(self._ports[0])

    def __enter__(self) -> Running:
        for number in range(len(self.groups)):
            self._start(number)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._wire.close()
        for process in self._running.values():
            process.kill()
            process.communicate()

    def order(self, order: dict[str, Any]) -> Answered:
        """Send one order to the cart."""
        begin = perf_counter()
        try:
            said = self._wire.ask("cart", order)
        except ConnectionError as error:
            return Answered(ms=1000 * (perf_counter() - begin), trouble=str(error))
        return Answered(ms=1000 * (perf_counter() - begin), said=said)

    def kill(self, part: str) -> tuple[str, ...]:
        """SIGKILL for the process that holds this part; says which parts died with it."""
        number = self._holding(part)
        process = self._running.pop(number)
        process.kill()
        process.communicate()
        return self.groups[number]

    def start_again(self, part: str) -> None:
        """Start the process that holds this part; it serves when this returns."""
        self._start(self._holding(part))

    def _holding(self, part: str) -> int:
        return next(number for number, parts in enumerate(self.groups) if part in parts)

    def _start(self, number: int) -> None:
        elsewhere = [
            f"{part}={port}"
            for other, port in enumerate(self._ports)
            if other != number
            for part in self.groups[other]
        ]
        command = [sys.executable, "-m", "shop.checkout.door", str(self._ports[number]), ",".join(self.groups[number]), *elsewhere]
        process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._running[number] = process
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"The process of {', '.join(self.groups[number])} did not start.")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
