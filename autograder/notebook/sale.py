"""Sale: the notebook's own programs before a crowd of buyers, and before a few of them whose every call is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.diagram.sale import Ruling, SaleReport
from autograder.diagram.timeline import Timeline
from autograder.explore.load_picture import report_of, timeline_of
from autograder.explore.load_record import Recording
from autograder.notebook.asking import asked
from autograder.notebook.attempt import executed_cells
from autograder.notebook.check import Place
from autograder.notebook.experiment import Experiment, experiment_of
from autograder.notebook.trouble import quiet_trouble

__all__ = ["Sold", "few", "sale", "side_by_side"]


@dataclass(frozen=True)
class Sold:
    """One sale that was played: its recording, and what the rules say."""

    name: str
    recording: Recording
    rulings: tuple[Ruling, ...]
    stock: int

    @property
    def counts(self) -> Mapping[str, int]:
        """How many buyers were told what."""
        return self.recording.counts

    @property
    def paid(self) -> int:
        """Purchases that are paid, in the table."""
        return sum(row["status"] == "paid" for row in self.rows("purchase"))

    @property
    def left(self) -> int:
        """Units that nobody has when all is over."""
        return self.stock - self.paid

    @property
    def charges(self) -> int:
        """Charges that the gateway made."""
        return len(self.recording.state["charges"])

    @property
    def broken(self) -> tuple[str, ...]:
        """The evidence of each rule that is broken."""
        return tuple(ruling.evidence for ruling in self.rulings if ruling.decision == "broken")

    @property
    def kills(self) -> int:
        """How many processes were killed in it."""
        return len(self.recording.faults)

    def calls(self, backend: str) -> float:
        """Requests to this backend per buyer, as counted in the workers."""
        return self.recording.calls.get(backend, 0) / self.recording.buyers

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table in the end."""
        return list(self.recording.state["tables"][table])

    def timeline(self, takeaway: str = "", *, title: str = "") -> Timeline:
        """The sale, second by second."""
        return timeline_of(self.recording, title=title or self.name, takeaway=takeaway)

    def report(self, takeaway: str = "") -> SaleReport:
        """The whole report; ``.page("sale.html")`` writes it as a file that prints well."""
        return report_of(self.recording, self.rulings, title=self.name, takeaway=takeaway)

    def __repr__(self) -> str:
        told = ", ".join(f"{count:,} {word}" for word, count in self.counts.items())
        return f"<{self.name}: {told}; {self.charges:,} charges, {self.left} left, {self.kills} killed>"


@quiet_trouble
def side_by_side(
    *programs: Callable[..., Any],
    buyers: int = 5000,
    stock: int = 100,
    workers: int = 2,
    struck: bool = False,
    seed: int = 1,
    probes: Mapping[str, str] | None = None,
    hold_s: float = 0.5,
    limit_s: float = 90.0,
) -> list[Sold]:
    """Play one sale for each ``open_…(at, terms)``: all buyers at one instant, real workers, Redis, Postgres and gateway.

    ``struck``: workers, Redis and the gateway are killed at counted events and come back, answers of the gateway get lost,
    and one card in eight is declined. ``probes`` are further numbers to watch, by name: the words of a Redis command.

    >>> side_by_side(open_row, open_gate, struck=True)
    """
    request = {
        "do": "sales",
        "functions": [program.__name__ for program in programs],
        "buyers": buyers,
        "stock": stock,
        "workers": workers,
        "struck": struck,
        "seed": seed,
        "probes": dict(probes or {}),
        "hold_s": hold_s,
        "limit_s": limit_s,
        "cells": executed_cells(),
    }
    with Place() as place:
        played = asked(request, place.say)["played"]
        place.clear()
    return [_sold(program.__name__, stock, one) for program, one in zip(programs, played, strict=True)]


def sale(program: Callable[..., Any], **settings: Any) -> Sold:
    """Play one sale; the settings are those of :func:`side_by_side`.

    >>> sale(open_row, buyers=2000).timeline()
    """
    return side_by_side(program, **settings)[0]


def _sold(name: str, stock: int, played: Mapping[str, Any]) -> Sold:
    rulings = tuple(Ruling(**ruled) for ruled in played["rules"])
    return Sold(name=name, recording=Recording.from_json(played["recording"]), rulings=rulings, stock=stock)


@quiet_trouble
def few(
    program: Callable[..., Any],
    *buyers: str,
    stock: int = 1,
    strike: str = "",
    again: bool = True,
    work: bool = False,
    title: str = "",
) -> Experiment:
    """A few buyers, one after the other, each served by a process of its own whose every call is seen.

    ``strike`` as in ``experiment``: ``"kill-after decr #1"``. With ``again`` a buyer without a final answer asks again;
    with ``work`` the work behind the answers is done in the end.

    >>> few(open_decr, "Ada", "Bao", strike="kill-after decr #1").diagram()
    """
    request = {
        "do": "few",
        "function": program.__name__,
        "buyers": list(buyers),
        "stock": stock,
        "strike": strike,
        "again": again,
        "work": work,
        "title": title,
        "cells": executed_cells(),
    }
    return experiment_of(asked(request)["played"])
