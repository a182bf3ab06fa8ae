"""What may be asked of any function without knowing its shop: all or nothing, and a repeat that changes nothing.

Both compare the backends with two undisturbed runs: with none of the work done and with all of it. Columns that differ
between undisturbed runs (times, random ids) or come from a sequence are left out; so is how often a message is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.history import History
from autograder.invariants.state import Message, State
from autograder.invariants.violation import Violation

__all__ = ["Contents", "all_or_nothing", "contents", "difference", "repeating_completes"]

Contents = Mapping[str, tuple[str, ...]]
"""Table or topic to its rows or messages, as sorted text."""


def all_or_nothing(history: History, state: State) -> Violation | None:
    """Wherever it is killed or cut off, the function has done everything or nothing."""
    if state.known.get("struck") is not True:
        return None
    now, nothing, everything = (state.known[name] for name in ("now", "nothing", "everything"))
    if now in (nothing, everything):
        return None
    return Violation(
        rule=all_or_nothing.__name__,
        evidence=f"it was stopped half-way: {difference(everything, now)}",
    )


def repeating_completes(history: History, state: State) -> Violation | None:
    """Called again until it returns, the function leaves what one undisturbed call leaves."""
    if state.known.get("struck") is not False:
        return None
    if not state.known["returned"]:
        trouble = state.known.get("trouble") or "it did not say why"
        return Violation(rule=repeating_completes.__name__, evidence=f"it never returns again: {trouble}")
    now, everything = state.known["now"], state.known["everything"]
    if now == everything:
        return None
    return Violation(
        rule=repeating_completes.__name__,
        evidence=f"the repeat does not mend it: {difference(everything, now)}",
    )


def contents(
    tables: Mapping[str, Iterable[Mapping[str, Any]]], messages: Iterable[Message], left_out: frozenset[tuple[str, str]]
) -> Contents:
    """The backends as comparable text, without the columns that are left out (pairs of table and column)."""
    found: dict[str, tuple[str, ...]] = {}
    for table, rows in tables.items():
        kept = [{name: value for name, value in row.items() if (table, name) not in left_out} for row in rows]
        found[table] = tuple(sorted(_text(row) for row in kept))
    by_topic: dict[str, set[str]] = {}
    for message in messages:
        by_topic.setdefault(f"topic {message.topic}", set()).add(f"{message.key}: {message.value}" if message.key else str(message.value))
    return found | {topic: tuple(sorted(values)) for topic, values in by_topic.items()}


def difference(wanted: Contents, seen: Contents) -> str:
    """What is missing and what is too much, in one phrase."""
    parts = []
    for place in sorted({*wanted, *seen}):
        missing = _minus(wanted.get(place, ()), seen.get(place, ()))
        extra = _minus(seen.get(place, ()), wanted.get(place, ()))
        if missing and extra:
            parts.append(f"{place} holds {_some(extra)}, where one whole call leaves {_some(missing)}")
        elif missing:
            parts.append(f"{place} lacks {_some(missing)}")
        elif extra:
            parts.append(f"{place} has {_some(extra)} too much")
    return "; ".join(parts)


def _minus(these: tuple[str, ...], those: tuple[str, ...]) -> list[str]:
    left = list(those)
    found = []
    for one in these:
        if one in left:
            left.remove(one)
        else:
            found.append(one)
    return found


def _some(rows: list[str]) -> str:
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{rows[0][:90]}{more}"


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, default=str, ensure_ascii=False, sort_keys=True)
