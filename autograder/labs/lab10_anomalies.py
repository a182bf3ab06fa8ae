"""The anomalies of lab 10 as transactions on one shelf, and how each is recognised in what a schedule came to.

The names are those of Berenson et al., A Critique of ANSI SQL Isolation Levels, 1995.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.explore.answers import BackendSheet
from autograder.explore.lane import Lane
from autograder.explore.scripts import Outcome, Script, outcomes
from autograder.invariants import stock as rule

__all__ = ["ANOMALIES", "LEVELS", "SHEET", "Anomaly", "is_possible", "matrix"]

LEVELS = ("read committed", "repeatable read", "serializable")
"""What Postgres has; it treats READ UNCOMMITTED as READ COMMITTED."""
LOOK = "select free from stock where item = '{item}'"
SHELF = (("lamp", 2), ("mug", 2))
POSSIBLE, IMPOSSIBLE = "possible", "impossible"
SERIALIZABLE_ENOUGH = "REPEATABLE READ is taken for serializable"
NO_LOST_UPDATES = "BEGIN and COMMIT are thought to stop lost updates"
STANDARD = "the table of the standard is asked, and not the server"
BELIEFS = {
    SERIALIZABLE_ENOUGH: (("write skew", "repeatable read"),),
    NO_LOST_UPDATES: (("lost update", "read committed"),),
    STANDARD: (("phantom", "repeatable read"),),
}


@dataclass(frozen=True)
class Anomaly:
    """Two transactions, and what must not be if they were alone."""

    name: str
    says: str
    """What goes wrong, in the shop's words."""
    scripts: tuple[Script, Script]
    seen: Callable[[Outcome], bool]


def _look(item: str) -> str:
    return LOOK.format(item=item)


def _set(item: str, free: int) -> str:
    return f"update stock set free = {free} where item = '{item}'"


def _both_committed(outcome: Outcome) -> bool:
    return not any(outcome.errors)


ANOMALIES = (
    Anomaly(
        "dirty read",
        "a buyer sees a number that was never committed",
        (Script((_set("lamp", 9), "rollback")), Script((_look("lamp"),))),
        lambda outcome: outcome.answers[1][0] == "9",
    ),
    Anomaly(
        "non-repeatable read",
        "one transaction looks twice and sees two numbers",
        (Script((_look("lamp"), _look("lamp"))), Script((_set("lamp", 1),))),
        lambda outcome: outcome.answers[0][0] != outcome.answers[0][1],
    ),
    Anomaly(
        "phantom",
        "one transaction counts twice, and a row has appeared",
        (
            Script(("select count(*) from reservation", "select count(*) from reservation")),
            Script(("insert into reservation (id, buyer, item, quantity) values ('r-1', 'Bao', 'mug', 1)",)),
        ),
        lambda outcome: outcome.answers[0][0] != outcome.answers[0][1],
    ),
    Anomaly(
        "read skew",
        "a lamp is exchanged for a mug, and somebody sees the shelf before on one side and after on the other",
        (Script((_look("lamp"), _look("mug"))), Script((_set("lamp", 1), _set("mug", 3)))),
        lambda outcome: outcome.answers[0][:2] in (("2", "3"), ("1", "2")),
    ),
    Anomaly(
        "lost update",
        "two buyers take one of two lamps each, and one lamp is still said to be free",
        (Script((_look("lamp"), _set("lamp", 1))), Script((_look("lamp"), _set("lamp", 1)))),
        lambda outcome: _both_committed(outcome) and outcome.answers[0][0] == outcome.answers[1][0] == "2",
    ),
    Anomaly(
        "write skew",
        "something must stay on the shelf; each buyer sees the other item there and takes the last of its own",
        (
            Script(("select sum(free) from stock", _set("lamp", 0))),
            Script(("select sum(free) from stock", _set("mug", 0))),
        ),
        lambda outcome: _both_committed(outcome) and outcome.after == {"lamp": 0, "mug": 0}
        and outcome.answers[0][0] == outcome.answers[1][0] == "4",
    ),
)  # fmt: skip


def is_possible(lane: Lane, anomaly: Anomaly, level: str) -> tuple[bool, int]:
    """Does some schedule show the anomaly at this level, and how many schedules are there?"""

    def reset() -> None:
        lane.database.execute("delete from reservation; delete from stock")
        for item, free in SHELF:
            lane.database.execute("insert into stock (item, free) values (%s, %s)", [item, free])

    def look() -> Any:
        return {row["item"]: row["free"] for row in lane.rows("stock")}

    found = outcomes(lane.shop_url, level, anomaly.scripts, reset=reset, look=look, lock_waits=lane.lock_waits)
    return any(anomaly.seen(outcome) for outcome in found), len(found)


def matrix(lane: Lane) -> Mapping[str, Mapping[str, bool]]:
    """For each anomaly and level: does the server admit it?"""
    return {anomaly.name: {level: is_possible(lane, anomaly, level)[0] for level in LEVELS} for anomaly in ANOMALIES}


def question(anomaly: str, level: str) -> str:
    """How the sheet asks for one cell of the matrix."""
    return f"{anomaly}, {level}"


def _truth(lane: Lane) -> Mapping[str, str]:
    return {
        question(anomaly, level): POSSIBLE if possible else IMPOSSIBLE
        for anomaly, levels in matrix(lane).items()
        for level, possible in levels.items()
    }


def _better_than_guessing(right: int, asked: int) -> float:
    """Half of the answers is what a coin gets right; only what is above earns anything."""
    return max(0.0, 2 * right / asked - 1)


def _belief(answers: Mapping[str, Any]) -> str:
    """The wrong belief that a sheet shows; nothing where it shows none that is known."""
    says = {key: [answers.get(question(name, level)) for name, level in cells] for key, cells in BELIEFS.items()}
    if set(says[NO_LOST_UPDATES]) == {IMPOSSIBLE}:
        return NO_LOST_UPDATES
    if says[STANDARD] == [POSSIBLE]:
        return STANDARD
    return SERIALIZABLE_ENOUGH if says[SERIALIZABLE_ENOUGH] == [IMPOSSIBLE] else ""


SHEET = BackendSheet(
    name="anomalies",
    title="Six anomalies, three isolation levels",
    function="anomalies",
    questions={question(one.name, level): (POSSIBLE, IMPOSSIBLE) for one in ANOMALIES for level in LEVELS},
    find=_truth,
    rule=rule.the_predictions_are_right,
    worth=_better_than_guessing,
    belief=_belief,
    needs=("anomalies",),
    read="Each level admits its own mistakes",
)
