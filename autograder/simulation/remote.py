"""Remote: a host whose code runs in a sandboxed process, in lockstep with the simulation's clock.

The judge says what the time is and what has arrived; the subject runs until all its tasks wait, and says what it sent and
when its next timer is due. Nothing that comes over the wire is trusted further than as something that the learner's code
sent: it is JSON of a known shape, or the subject has ended.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Protocol

from autograder.simulation.parties import Asked
from autograder.simulation.process import Born, Process
from autograder.simulation.streams import Streams
from autograder.simulation.stuck import Stuck
from autograder.simulation.switch import Switch, Waiting
from autograder.values import plain

__all__ = ["RemoteHost", "Wire"]

Row = list[Any]


class Wire(Protocol):
    """The way to a subject."""

    def exchange(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Say something and hear the answer; None when the subject has ended."""

    def kill(self) -> None:
        """SIGKILL for the subject and all it started."""

    def last_words(self) -> str:
        """Why the subject has ended, in one line."""


class RemoteHost:
    """One incarnation behind a wire."""

    def __init__(self, process: Process, born: Born, wire: Wire, switch: Switch, streams: Streams) -> None:
        self._process, self._wire, self._switch, self._streams = process, wire, switch, streams
        self._loop: Any = switch.loop
        self._numbers = 0
        self._asked: dict[int, Asked] = {}
        self._calls: dict[int, Waiting] = {}
        made_of = [plain(arg) for arg in born.args]
        self._inbox: list[Row] = [["make", born.name, list(born.peers), born.make, made_of, born.clock_off_s]]
        self._timer: float | None = None
        self._busy_until = 0.0
        self.gone = False

    @property
    def due(self) -> float | None:
        """When it wants to go on; None when it waits for the others."""
        if self.gone:
            return None
        if self._inbox:
            return max(self._loop.now, self._busy_until)
        return self._timer

    def pump(self) -> None:
        """Let it run at this moment until all its tasks wait."""
        arrived, self._inbox = self._inbox, []
        said = self._wire.exchange({"now": self._loop.now, "in": arrived})
        if said is None:
            self._process.ended(self._wire.last_words())
            return
        try:
            if "stuck" in said:
                raise Stuck("computing", f"{self._process.name} {said['stuck']}")
            self._timer = None if said["next"] is None else float(said["next"])
            self._busy_until = float(said["now"])
            for at, *row in said["out"]:
                self._at(float(at), row)
        except (KeyError, TypeError, ValueError, IndexError):
            self._process.ended("it wrote something of its own to the judge's wire")

    def _at(self, at: float, row: Row) -> None:
        """What it sent during a blocking sleep is sent when that moment comes."""
        if at > self._loop.now:
            self._loop.call_at(at, self._sent, row)
        else:
            self._sent(row)

    def _sent(self, row: Row) -> None:
        if self.gone:
            return
        kind, *rest = row
        actions: dict[str, Callable[..., None]] = {
            "call": self._call, "send": self._send, "answer": self._answer, "give up": self._give_up,
            "failed": self._process.failed, "connect": self._connect, "data": self._data, "close": self._close,
        }  # fmt: skip
        actions[kind](*rest)

    def _call(self, number: int, to: str, method: str, args: list[Any]) -> None:
        def hear(ending: str, value: Any) -> None:
            self._calls.pop(number, None)
            self.tell(["answer", number, ending, value])

        waiting = self._switch.call(self._process.name, str(to), str(method), tuple(args), hear)
        if waiting in self._switch.waiting:
            self._calls[number] = waiting

    def _send(self, to: str, method: str, args: list[Any]) -> None:
        self._switch.send(self._process.name, str(to), str(method), tuple(args))

    def _give_up(self, number: int) -> None:
        if number in self._calls:
            self._switch.give_up(self._calls.pop(number))

    def _answer(self, number: int, ending: str, value: Any, error: str) -> None:
        if error:
            self._process.failed(str(error))
        asked = self._asked.pop(number, None)
        if asked is not None and ending in ("ok", "refused", "unavailable", "broken"):
            asked.reply(ending, value)  # type: ignore[arg-type]

    # ---- byte streams

    def _connect(self, number: int, place: str) -> None:
        self._streams.connect(self._process.name, number, str(place), self.tell)

    def _data(self, number: int, data: str) -> None:
        self._streams.data(self._process.name, number, base64.b64decode(data))

    def _close(self, number: int) -> None:
        self._streams.close(self._process.name, number)

    # ---- from the others

    def tell(self, row: Row) -> None:
        """Something has arrived for it."""
        if not self.gone:
            self._inbox.append(row)

    def take(self, asked: Asked) -> None:
        """Call a method of the learner's."""
        self._numbers += 1
        self._asked[self._numbers] = asked
        self.tell(["ask", self._numbers, asked.method, list(asked.args), asked.caller])

    def kill(self) -> None:
        """End it."""
        self.gone = True
        self._wire.kill()
        self._streams.drop(self._process.name)

    def waits(self) -> list[str]:
        """Where its tasks wait."""
        said = None if self.gone else self._wire.exchange({"now": self._loop.now, "in": [], "waits": True})
        found = said.get("waits") if isinstance(said, dict) else None
        return [str(one)[:200] for one in found[:5]] if isinstance(found, list) else []
