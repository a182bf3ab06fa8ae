"""The watch on containers: which of them died, from Docker's own events, without asking again and again."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

__all__ = ["DeathWatch"]


class DeathWatch:
    """Reads what ``docker events`` prints: a JSON line for every container of the project that dies."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._rest = b""
        self._out_of_memory: set[str] = set()
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)

    def is_running(self) -> bool:
        """Does it still watch? It ends with the daemon."""
        return self._process.poll() is None

    def deaths(self) -> dict[str, str]:
        """The services whose containers died since the last call, and how."""
        died = {}
        for line in self._lines():
            event = json.loads(line)
            about = _attributes(event)
            service = about.get("com.docker.compose.service", "")
            if event.get("Action") == "oom":
                self._out_of_memory.add(service)
            elif event.get("Action") == "die":
                died[service] = self._how(service, about.get("exitCode", "?"))
        return died

    def _how(self, service: str, exit_code: str) -> str:
        if service in self._out_of_memory:
            self._out_of_memory.discard(service)
            return "out of memory"
        return "signal SIGKILL" if exit_code == "137" else f"exit code {exit_code}"

    def _lines(self) -> list[bytes]:
        assert self._process.stdout is not None
        try:
            while data := os.read(self._process.stdout.fileno(), 1 << 16):
                self._rest += data
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        return lines

    def close(self) -> None:
        """End the watch."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _attributes(event: dict[str, Any]) -> dict[str, str]:
    """The labels and the exit code of the container; they lie in the one part of an event that has parts of its own."""
    return next((part["Attributes"] for part in event.values() if isinstance(part, dict)), {})
