"""A room for clients behind a tap: the client runs in a thread (or a process), the tap in the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.tap import Request, Tap

__all__ = ["Room"]

PATIENCE_S = 30.0


@dataclass
class Room:
    """A tap that forwards everything and remembers it."""

    tap: Tap
    requests: list[Request] = field(default_factory=list)
    answers: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tap.on_request = lambda request: self.requests.append(request) or "forward"
        self.tap.on_answer = lambda request: self.answers.append(request) or "forward"

    def labels(self) -> list[str]:
        """What was asked, in order."""
        return [request.label for request in self.requests]

    def texts(self) -> list[str]:
        """What was asked and answered, as a reader sees it."""
        return [f"{request.text} -> {request.answer}" for request in self.requests]

    def until(self, condition: Callable[[], object]) -> None:
        """Let the tap work until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.tap.poll(0.01)
            assert time.monotonic() < deadline, f"it never came to that; asked so far: {self.labels()}"

    def play(self, client: Callable[[], Any]) -> Any:
        """Run a client to its end; what it returned or raised."""
        told = self.start(client)
        self.until(lambda: told)
        self.tap.poll(0)
        kind, value = told[0]
        if kind == "raised":
            raise value
        return value

    def start(self, client: Callable[[], Any]) -> list[tuple[str, Any]]:
        """Run a client beside the test; its outcome appears in the list."""
        told: list[tuple[str, Any]] = []

        def run() -> None:
            try:
                told.append(("returned", client()))
            except BaseException as error:
                told.append(("raised", error))

        threading.Thread(target=run, daemon=True).start()
        return told
