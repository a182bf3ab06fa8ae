"""The table of worlds: what each of them said of every program when they were last compared, from `data/worlds.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.labs import find

__all__ = ["RECORD", "worlds_table"]

RECORD = Path(__file__).resolve().parent.parent / "data" / "worlds.json"
HOW = {
    "whole": "every program was judged whole",
    "one run": "the reference was judged whole; of a wrong program the run that shows its mistake was played",
}


def worlds_table() -> str:
    """For each lab: when and with which versions, then one line per program."""
    known = json.loads(RECORD.read_text("utf-8"))
    return "\n".join(line for lab, record in known.items() for line in _lab(lab, record))


def _lab(lab: str, record: Mapping[str, Any]) -> Iterator[str]:
    found = find(lab)
    yield f"### Lab {found.number}: {found.title}\n"
    yield f"Last compared on {record['compared']}; {HOW[record['how']]}.\n"
    for world, servers in record["versions"].items():
        yield f"- **{world}**: {', '.join(servers.values())}"
    worlds = list(record["versions"])
    yield f"\n| program | {' | '.join(worlds)} | run |"
    yield f"|---|{'---|' * len(worlds)}---|"
    for row in record["programs"]:
        told = row["worlds"]
        cells = " | ".join(_cell(found, told[world]) for world in worlds)
        runs = " ".join(dict.fromkeys(f"`{said['run']}`" for said in told.values() if said["run"]))
        yield f"| {row['program'].replace('_', ' ')} | {cells} | {runs} |"
    yield ""


def _cell(lab: Any, said: Mapping[str, Any]) -> str:
    """One world's word on one program, with the rules by their numbers."""
    points = "" if said["points"] is None else f", {said['points']} points"
    numbers = sorted(lab.rule(name).number for name in said["rules"])
    rules = f", rule{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}" if numbers else ""
    return f"{said['kind']}{points}{rules}"
