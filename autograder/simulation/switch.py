"""Switch: carries every call from its caller to its callee and the answer back, through the network and the faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.simulation.ledger import Entry, Ledger, short
from autograder.simulation.network import Network
from autograder.simulation.parties import OUTCOMES, Asked, Ending, Party, text_of

__all__ = ["Strikes", "Switch", "Waiting"]

DISK = "disk"
"""The name under which each process calls its own disk."""
_DISK_S = 0.0001
Hear = Callable[[Ending, Any], None]


class Strikes(Protocol):
    """Knows where faults strike."""

    def at(self, entry: Entry) -> str:
        """The fault that strikes at this call: ``kill-before``, ``drop-after``, ...; nothing for most."""


class Crashable(Protocol):
    """A process, as the switch knows it."""

    running: bool
    incarnation: int

    def crash(self, text: str = "") -> None:
        """It is killed."""


@dataclass(eq=False)
class Waiting:
    """A call under way."""

    entry: Entry
    hear: Hear
    incarnation: int
    answered: bool = False


@dataclass
class Switch:
    """Everybody who can call and be called, and what is on its way."""

    loop: asyncio.AbstractEventLoop
    ledger: Ledger
    network: Network
    strikes: Strikes
    parties: dict[str, Party] = field(default_factory=dict)
    processes: dict[str, Crashable] = field(default_factory=dict)
    disks: Mapping[str, Party] = field(default_factory=dict)
    drawn: dict[str, Callable[..., bool]] = field(default_factory=dict)
    """By callee: are calls with these arguments recorded? All are, where nothing is said."""
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    """Methods without an effect, by callee."""
    waiting: dict[Waiting, None] = field(default_factory=dict)

    def call(
        self, caller: str, to: str, method: str, args: tuple[Any, ...], hear: Hear, *, recorded: bool = True
    ) -> Waiting:
        """Send a request; ``hear`` is called when the caller hears its answer, if it ever does."""
        process = self.processes.get(caller)
        incarnation = process.incarnation if process else 1
        recorded = recorded and (to not in self.drawn or self.drawn[to](*args))
        entry = self.ledger.begin(caller, to, method, args, incarnation=incarnation, recorded=recorded)
        entry.reads = method in self.reads.get(to, ())
        waiting = Waiting(entry, hear, incarnation)
        self.waiting[waiting] = None
        entry.fault = self.strikes.at(entry)
        if entry.fault == "kill-before":
            self._kill(waiting)
        elif entry.fault != "drop-before":
            self._send(waiting)
        return waiting

    def send(self, caller: str, to: str, method: str, args: tuple[Any, ...]) -> None:
        """One way: nobody waits."""
        waiting = self.call(caller, to, method, args, lambda ending, value: None)
        waiting.entry.one_way = True
        if not waiting.entry.fault.startswith("kill"):
            self.waiting.pop(waiting, None)

    def give_up(self, waiting: Waiting, why: str = "gave up") -> None:
        """The caller does not wait any longer."""
        if waiting in self.waiting:
            del self.waiting[waiting]
            self.ledger.heard(waiting.entry, "unknown", None, why)

    def forget(self, caller: str) -> None:
        """The caller is dead: nobody hears what it asked for."""
        for waiting in [waiting for waiting in self.waiting if waiting.entry.caller == caller]:
            del self.waiting[waiting]

    # ---- there

    def _send(self, waiting: Waiting) -> None:
        entry = waiting.entry
        if entry.callee == DISK:
            self.loop.call_later(_DISK_S, self._arrive, waiting)
            return
        delays = self.network.delays(entry.caller, entry.callee, twice=True)
        if not delays:
            entry.fault = entry.fault or "drop-before"
        if entry.fault == "duplicate" and len(delays) == 1:
            delays.append(self.network.delay(entry.caller, entry.callee))
        for delay in delays:
            self.loop.call_later(delay, self._arrive, waiting)

    def _arrive(self, waiting: Waiting) -> None:
        entry = waiting.entry
        if entry.callee != DISK and not self.network.passes(entry.caller, entry.callee):
            entry.fault = entry.fault or "drop-before"
            return
        if entry.one_way:
            self.ledger.heard(entry, "ok", None, "")
        party = self.disks.get(entry.caller) if entry.callee == DISK else self.parties.get(entry.callee)
        reply: Hear = lambda ending, value: self._reply(waiting, ending, value)
        if party is None or not party.running:
            reply("unreachable", "")
        else:
            party.take(Asked(entry.caller, entry.method, entry.args, reply))

    # ---- and back

    def _reply(self, waiting: Waiting, ending: Ending, value: Any) -> None:
        entry = waiting.entry
        if waiting.answered:
            return
        waiting.answered = True
        if entry.fault == "kill-after":
            self._kill(waiting)
            return
        if entry.one_way or waiting not in self.waiting:
            return
        if entry.callee == DISK:
            self.loop.call_later(_DISK_S, self._hear, waiting, ending, value)
            return
        delays = self.network.delays(entry.callee, entry.caller)
        if not delays or entry.fault == "drop-after":
            entry.fault = entry.fault or "drop-after"
            return
        self.loop.call_later(delays[0], self._hear, waiting, ending, value)

    def _hear(self, waiting: Waiting, ending: Ending, value: Any) -> None:
        entry = waiting.entry
        if waiting not in self.waiting:
            return
        if entry.callee != DISK and not self.network.passes(entry.callee, entry.caller):
            entry.fault = entry.fault or "drop-after"
            return
        del self.waiting[waiting]
        answer = text_of(ending, value) if ending != "ok" else "" if value is None else short(value)
        self.ledger.heard(entry, OUTCOMES[ending], value if ending == "ok" else None, answer)
        waiting.hear(ending, value)

    def _kill(self, waiting: Waiting) -> None:
        process = self.processes.get(waiting.entry.caller)
        if process is not None and process.running and process.incarnation == waiting.incarnation:
            process.crash()
