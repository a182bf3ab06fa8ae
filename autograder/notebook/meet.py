"""Meet: two calls of the notebook's functions come at the same time, and every order of their statements is played."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagram import Diagram
from autograder.history import History
from autograder.notebook.asking import asked
from autograder.notebook.attempt import executed_cells
from autograder.notebook.trouble import quiet_trouble

__all__ = ["Anomalies", "Meeting", "anomalies", "meet", "meet_update"]

Basket = Mapping[str, int]


@dataclass(frozen=True)
class Meeting:
    """Every schedule of two calls, and what came of each."""

    schedules: Sequence[Mapping[str, Any]]
    """For each: its name in letters, its number of preemptions, what it broke (nothing where all holds), its errors."""
    history: History
    """Of the first schedule that breaks a rule; of the serial one where none does."""

    @property
    def count(self) -> int:
        """How many schedules there are, up to symmetry and commuting reads."""
        return len(self.schedules)

    @property
    def broken(self) -> int:
        """How many of them break a rule."""
        return sum(bool(one["broken"]) for one in self.schedules)

    @property
    def first(self) -> str:
        """What the first broken schedule breaks; fewest preemptions come first."""
        return next((str(one["broken"]) for one in self.schedules if one["broken"]), "")

    @property
    def errors(self) -> set[str]:
        """What the calls raised, in any schedule, by the name of the exception."""
        said = (error.split(": ")[1] for one in self.schedules for error in one["errors"])
        return set(said)

    def diagram(self, takeaway: str = "", *, title: str = "", limit: int = 15) -> Diagram:
        """The space-time diagram of the first schedule that breaks a rule, or of the serial one."""
        return Diagram(self.history, title=title, takeaway=takeaway, limit=limit)

    def __repr__(self) -> str:
        return f"{self.count} schedules, {self.broken} of them wrong"


@quiet_trouble
def meet(
    function: Callable[..., Any],
    *,
    shelf: str = "l1",
    baskets: Sequence[Basket] = ({"lamp": 1}, {"lamp": 1}),
    prices: bool = False,
) -> Meeting:
    """Play every schedule of two buyers who call ``function(at, command)`` at the same time, on the real Postgres.

    ``shelf`` says what there is: ``l1`` one lamp, ``l2m1`` two lamps and one mug. ``prices`` adds the rule that each price
    is the one of the unit that the buyer got.

    >>> meet(naive_reserve, shelf="l1")
    12 schedules, 11 of them wrong
    """
    request = {
        "do": "meet",
        "function": function.__name__,
        "shelf": shelf,
        "baskets": [list(basket.items()) for basket in baskets],
        "prices": prices,
        "cells": executed_cells(),
    }
    return _meeting(request)


@quiet_trouble
def meet_update(get: Callable[..., Any], put: Callable[..., Any], *, word: str = "cold") -> Meeting:
    """Play every schedule of a look ``get(at, product_id)`` and an update ``put(at, product_id, name, price)``.

    ``word`` says what is there before: ``cold`` a lamp that nobody has looked at, ``warm`` a cached one, ``new`` none yet.

    >>> meet_update(get_product, put_product)
    9 schedules, 2 of them wrong
    """
    request = {"do": "meet update", "get": get.__name__, "put": put.__name__, "word": word, "cells": executed_cells()}
    return _meeting(request)


def _meeting(request: Mapping[str, Any]) -> Meeting:
    result = asked(request)["played"]
    return Meeting(schedules=tuple(result["rows"]), history=History.from_lines(result["history"]))


@dataclass(frozen=True)
class Anomalies:
    """Which anomalies the server admits at which isolation level."""

    table: Mapping[str, Mapping[str, Any]]

    def possible(self, anomaly: str, level: str) -> bool:
        """Did some schedule show it?"""
        return bool(self.table[anomaly]["levels"][level][0])

    @property
    def schedules(self) -> int:
        """How many schedules were played in all."""
        return sum(count for row in self.table.values() for _, count in row["levels"].values())

    def _repr_html_(self) -> str:
        levels = list(next(iter(self.table.values()))["levels"])
        head = "".join(f"<th scope='col'>{html.escape(level.upper())}</th>" for level in levels)
        rows = "".join(self._row(name, row) for name, row in self.table.items())
        return f"<table><thead><tr><th scope='col'>anomaly</th>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _row(self, name: str, row: Mapping[str, Any]) -> str:
        cells = "".join(f"<td>{'possible' if seen else '–'}</td>" for seen, _ in row["levels"].values())
        says = html.escape(str(row["says"]))
        return f"<tr><th scope='row' style='text-align:left'>{html.escape(name)}<br><small>{says}</small></th>{cells}</tr>"

    def __repr__(self) -> str:
        lines = [
            f"{name:22}" + "  ".join(f"{level}: {'possible' if seen else '-':8}" for level, (seen, _) in row["levels"].items())
            for name, row in self.table.items()
        ]
        return "\n".join(lines)


@quiet_trouble
def anomalies() -> Anomalies:
    """Ask this Postgres: six anomalies, three isolation levels, every order of the statements."""
    return Anomalies(table=asked({"do": "anomalies"})["played"]["table"])
