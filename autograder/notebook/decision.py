"""Decisions of the reader's own: a scenario drawn from a name, and a chart that opens when the record is complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from autograder.diagram import Explorable, Frame
from autograder.diagram.bars import Row, bars
from autograder.invariants.tradeoffs import is_number
from autograder.labs.codes import code_of
from autograder.labs.lab13_records import read_record
from autograder.labs.lab13_scenarios import DECISIONS, LAB, Scenario, scenario_of
from autograder.labs.lab13_telling import knob, scenario_text
from autograder.notebook.answers import Answers, Record, answers_file
from autograder.notebook.card import Card, quoted
from autograder.notebook.trouble import Trouble, quiet_trouble

__all__ = ["Unlocked", "my_scenario", "unlock"]

LOADS = {"half of today": 0.5, "today": 1.0, "today and a half": 1.5}


@quiet_trouble
def my_scenario(decision: str, name: str) -> Card:
    """The scenario of one decision that belongs to this name: what was measured today, what will be, and the SLO."""
    if decision not in DECISIONS:
        raise Trouble(f"There is no decision {decision!r}; there are {', '.join(DECISIONS)}.")
    try:
        code = code_of(name, LAB)
    except ValueError as error:
        raise Trouble(str(error)) from None
    return Card(scenario_text(scenario_of(code, decision)))


class Unlocked:
    """A committed record as its reader would read it, and below it the chart of today."""

    def __init__(self, card: Card, chart: Explorable | None = None) -> None:
        self.card, self.chart = card, chart

    def _repr_html_(self) -> str:
        return self.card._repr_html_() + (self.chart.html() if self.chart else "")

    def __repr__(self) -> str:
        return repr(self.card) + (f"\n{self.chart.text()}" if self.chart else "")


@quiet_trouble
def unlock(function: Callable[[], Mapping[str, Any]]) -> Unlocked:
    """Commit the record that ``function`` returns, and open the chart of today. The first complete record is the one kept."""
    decision = function.__name__
    try:
        record = function()
    except NotImplementedError:
        return Unlocked(Card("The chart stays shut: the record is not written yet."))
    try:
        scenario, chosen, numbers = read_record(record, decision)
    except ValueError as error:
        return Unlocked(Card(f"The chart stays shut. {quoted(str(error))}"))
    missing = [name for name in scenario.asked if not is_number(numbers.get(name))]
    if missing:
        return Unlocked(Card(f"The chart stays shut: commit a number for {', '.join(f'`{name}`' for name in missing)} first."))
    answers, kept = Answers(answers_file()), f"l13-{decision}"
    first = answers.first("commit", kept)
    said = f"{chosen}; " + ", ".join(f"{name} {float(numbers[name]):.4g}" for name in scenario.asked)
    refused = ""
    if first is None:
        refused = answers.keep(Record(kind="commit", id=kept, at=datetime.now(timezone.utc), answer=said))
    parts = [_as_record(record, scenario, said, first.answer if first else said), refused]
    return Unlocked(Card("\n\n".join(filter(None, parts))), _chart(scenario))


def _as_record(record: Mapping[str, Any], scenario: Scenario, said: str, first: str) -> str:
    """The record in Nygard's form."""
    parts = [f"**{quoted(str(record.get('title') or scenario.decision.name))}**"]
    parts += [f"*{name.capitalize()}.* {quoted(str(record[name]))}" for name in ("status", "context") if record.get(name)]
    parts.append(f"*Decision.* {quoted(said)}")
    if record.get("consequences"):
        parts.append(f"*Consequences.* {quoted(str(record['consequences']))}")
    parts.append("Committed." if said == first else f"You committed first: {quoted(first)}. The check judges the record as it stands.")
    return "\n\n".join(parts)


def _chart(scenario: Scenario) -> Explorable:
    """What every option comes to today, and at other loads of today: never the scenario of the record."""
    frames = {(label,): _frame(scenario, load) for label, load in LOADS.items()}
    return Explorable(
        title="What each option comes to now",
        choices={knob(scenario.decision.name): tuple(LOADS)},
        frames=frames,
        fixed={"everything else": "as today"},
        start=("today",),
    )


def _frame(scenario: Scenario, load: float) -> Frame:
    decision, today = scenario.decision, scenario.decision.now(scenario.today, load)
    found = {one: decision.numbers(one, decision.play(one, today, seed=1)) for one in decision.options}
    rows = [
        Row(
            name=bound.number,
            values={one: values[bound.number] for one, values in found.items()},
            bound=bound.value,
            at_most=bound.at_most,
        )
        for bound in scenario.slo
    ]
    good = [one for one in decision.options if all(row.keeps(row.values[one]) for row in rows)]
    return Frame(svg=bars(rows), says=f"Meets the SLO: {'; '.join(good) or 'none of them'}.")
