"""Progress: a learner's points by day and by outcome, from the last full check of each lab."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.grading.receipt import handins_folder
from autograder.grading.scores import Score, last_scores
from autograder.labs import NAMES, Lab, Task, find

__all__ = ["OUTCOMES", "progress_text"]

DAYS = {
    1: "Consistency",
    2: "Idempotency",
    3: "Failure thinking",
    4: "Saga",
    5: "Kafka and delivery",
    6: "Outbox",
    7: "Review",
    8: "Scalability",
    9: "Caching",
    10: "Locking",
    11: "Observability",
    12: "Resilience",
    13: "Trade-offs",
    14: "Flash sale",
}
OUTCOMES = {
    "O1": "think in distributed-systems terms",
    "O2": "design a system that takes failures into account",
    "O3": "speak the language of engineers",
    "O4": "build production-grade solutions",
    "O5": "reason about the trade-offs of an architecture",
}


def progress_text() -> str:
    """Two tables: by day, with the days to come named as such, and by outcome; core and stretch apart."""
    scores = last_scores()
    labs = {lab.number: lab for lab in map(find, NAMES)}
    days = [("day", "topic", "core", "stretch", "last full check", "handed in")]
    days += [_day(number, topic, labs.get(number), scores) for number, topic in DAYS.items()]
    outcomes = [("outcome", "", "core", "stretch")]
    outcomes += [_outcome(outcome, list(labs.values()), scores) for outcome in OUTCOMES]
    nothing = "" if scores else "\nNo full check yet: `./fortnight check 6` records your first score.\n"
    return f"{_aligned(days)}\n\n{_aligned(outcomes)}\n\nA task counts for every outcome that it serves.\n{nothing}"


def _day(number: int, topic: str, lab: Lab | None, scores: Mapping[str, Score]) -> tuple[str, ...]:
    if lab is None:
        return (str(number), topic, "to come", "", "", "")
    score, tasks = scores.get(lab.name), [task for task in lab.tasks if task.graded]
    core, stretch = (_sum([task for task in tasks if task.stretch is kind], score) for kind in (False, True))
    return (str(number), topic, core, stretch, _minute(score.at) if score else "not yet", _handed_in(lab))


def _outcome(outcome: str, labs: Sequence[Lab], scores: Mapping[str, Score]) -> tuple[str, ...]:
    sums = []
    for kind in (False, True):
        got = most = 0
        for lab in labs:
            tasks = [task for task in lab.tasks if outcome in task.outcomes and task.graded and task.stretch is kind]
            got, most = got + _got(tasks, scores.get(lab.name)), most + sum(task.points_max for task in tasks)
        sums.append(f"{got} of {most}" if most else "")
    return (outcome, OUTCOMES[outcome], *sums)


def _sum(tasks: Sequence[Task], score: Score | None) -> str:
    return f"{_got(tasks, score)} of {sum(task.points_max for task in tasks)}" if tasks else ""


def _got(tasks: Sequence[Task], score: Score | None) -> int:
    return sum(score.points.get(task.name, 0) for task in tasks) if score is not None else 0


def _handed_in(lab: Lab) -> str:
    times = [row["at"] for row in _records(handins_folder() / "handins.jsonl") if _is_valid(row, lab)]
    return _minute(times[-1]) if times else ""


def _is_valid(row: Mapping[str, Any], lab: Lab) -> bool:
    return row.get("lab") == lab.name and row.get("state") == "valid" and isinstance(row.get("at"), str)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8", errors="replace").splitlines() if path.exists() else ():
        with suppress(ValueError):  # a line that a full disk cut short
            row = json.loads(line)
            if isinstance(row, dict):
                yield row


def _minute(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} UTC"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
