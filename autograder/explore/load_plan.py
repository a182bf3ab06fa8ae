"""The plan of a sale under load: who comes, what strikes at which counted event, what is watched, and where it ends.

Nothing in it is fired by a clock: a fault strikes when so many buyers have their answer, or when a worker sends its n-th
request. Clocks only end what would never end, and then the verdict is *did not finish*, which is unknown and not wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.invariants import Message

__all__ = ["LoadFault", "LoadPlan", "Probe", "strikes_for"]


@dataclass(frozen=True, kw_only=True)
class LoadFault:
    """SIGKILL for one process, at a counted event; it is started again at once, where it was.

    ``what`` is ``worker-1``, ``redis`` or ``gateway``. Exactly one of the counts is given: ``answered`` strikes when so many
    buyers have their final answer, ``call`` when this worker has sent its so many-th request (a worker only): the request
    has left, and its answer never arrives.
    """

    what: str
    answered: int = 0
    call: int = 0
    forgets: bool = False
    """Only ``redis``: does it come back empty, as without a file, or with the wrong one?"""

    def __post_init__(self) -> None:
        if self.forgets and self.what != "redis":
            raise ValueError(f"{self}: only redis can come back empty")
        if bool(self.answered) == bool(self.call) or (self.call and not self.what.startswith("worker-")):
            raise ValueError(f"{self}: give a count of answers, or (for a worker) of its calls")

    @property
    def why(self) -> str:
        """The counted event, in words."""
        return f"answer {self.answered:,}" if self.answered else f"client call {self.call:,}"

    @property
    def sentence(self) -> str:
        """What was planned."""
        return f"{self.what} killed at {self.why}{', and empty when it came back' if self.forgets else ''}"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One number that the sampler asks a backend for, again and again.

    ``ask`` is a query for ``postgres``, the words of a command for ``redis``, and ``charges`` or ``refunds`` for ``gateway``.
    """

    backend: Literal["postgres", "redis", "gateway"]
    ask: str


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """One sale under load. The defaults fit the sale of ``shop/sale.py``."""

    buyers: int
    terms: Any
    """What ``open_sale(at, terms)`` is given as its second argument."""
    request: Callable[[int, bool], Mapping[str, Any]]
    """The request of one buyer, the same with every repeat; the flag says whether something may have been done for it before."""
    final: frozenset[str]
    """The values of ``status`` after which a buyer asks no more. Everything else is a reason to ask again."""
    untouched: frozenset[str] = frozenset({"busy"})
    """The values of ``status`` that promise that nothing was done."""
    begin: str = ""
    """A statement that puts the stock into Postgres before anybody comes."""
    workers: int = 2
    faults: tuple[LoadFault, ...] = ()
    payments: Mapping[str, int] = field(default_factory=dict)
    """What the gateway does to every n-th charge, by behaviour: ``{"hangs up": 10, "declines": 8}``.

    ``declines`` is by purchase and not by request: a card is good or it is not (``shop.gateway.is_declined``).
    """
    probes: Mapping[str, Probe] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    """The tables that are read when all is over."""
    event_of: Callable[[Message], Mapping[str, Any]] | None = None
    """The event in a message of the topics, for ``ship``; without it nothing is delivered."""
    seed: str = "1"
    """Decides how long each buyer waits before asking again."""
    ask_s: float = 20.0
    """So long a buyer waits for one answer. Then nothing is known, and the same request is sent again."""
    answer_s: float = 60.0
    """So long a buyer asks at all."""
    tries_max: int = 200
    limit_s: float = 120.0
    """The watchdog: after so many seconds the sale is ended where it stands."""
    settle_s: float = 20.0
    """So long the work behind the answers may take when the last one is given."""
    hold_s: float = 0.0
    """So old a purchase must be before ``work`` may end it: after the last answer so long is waited, and work done again."""
    restarts_max: int = 25
    """So often a worker that ends by itself is started again."""

    def __post_init__(self) -> None:
        if self.buyers < 1 or self.workers < 1:
            raise ValueError("a sale needs at least one buyer and one worker")

    @property
    def worker_names(self) -> tuple[str, ...]:
        """``worker-1`` and so on."""
        return tuple(f"worker-{number}" for number in range(1, self.workers + 1))


def strikes_for(buyers: int, workers: int, *, seed: int = 1, stock: int = 1000) -> tuple[LoadFault, ...]:
    """The faults of a hard sale: Redis killed twice, the gateway once, and every worker at a call and at an answer.

    The counts are fractions of what will happen, shifted by the seed. Calls are counted low enough that every design makes
    so many: units that are sold need several each.
    """
    shift = (seed * 37) % 100 / 1000
    faults = [
        LoadFault(what="redis", answered=max(1, int(buyers * (0.15 + shift)))),
        LoadFault(what="gateway", answered=max(1, int(buyers * (0.35 + shift)))),
        LoadFault(what="redis", answered=max(1, int(buyers * (0.60 + shift)))),
    ]
    for number in range(1, workers + 1):
        calls = max(5, stock // (5 * workers))
        faults.append(LoadFault(what=f"worker-{number}", call=calls * number + (seed * 13) % 11))
        faults.append(LoadFault(what=f"worker-{number}", answered=max(1, int(buyers * (0.25 + shift + 0.45 * number / (workers + 1))))))
    return tuple(faults)
