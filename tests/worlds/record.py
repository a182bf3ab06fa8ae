"""The record of the last comparison: `book/data/worlds.json`, from which the book's page is made, and its table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import redis

from autograder.backends import Backends
from autograder.backends.native import native_versions
from autograder.backends.state import ROOT
from tests.worlds.comparison import Case, Said

__all__ = ["RECORD", "keep", "lines", "versions"]

RECORD = ROOT / "book" / "data" / "worlds.json"
IMAGE = re.compile(r"image:\s*(?:docker\.io/)?apache/kafka:(\S+)")


def versions(world: str, backends: Backends) -> Mapping[str, str]:
    """What the servers say that they are, by backend."""
    with psycopg.connect(backends.postgres) as connection:
        postgres = connection.execute("show server_version").fetchone()
    with redis.Redis.from_url(backends.redis) as client:
        info = client.info("server")
    valkey = info.get("valkey_version")
    kafka = {
        "native": lambda: f"Apache Kafka {native_versions()['Kafka']}",
        "containers": lambda: f"Apache Kafka {IMAGE.search((ROOT / 'compose.yaml').read_text(encoding='utf-8'))[1]}",
    }.get(world, lambda: "the embedded broker")
    return {
        "Postgres": f"PostgreSQL {postgres[0].split()[0] if postgres else '?'}",
        "Redis": f"Valkey {valkey}" if valkey else f"Redis {info['redis_version']}",
        "Kafka": kafka(),
    }


def lines(rows: Mapping[Case, Mapping[str, Said]]) -> Iterator[str]:
    """The table for a terminal: a line per program, a column per world, and a mark where two worlds differ."""
    worlds = list(next(iter(rows.values()))) if rows else []
    width = max((len(case.name) for case in rows), default=0)
    yield f"{'lab':<14} {'program':<{width}} " + " ".join(f"{world:<32}" for world in worlds)
    for case, told in rows.items():
        first = told[worlds[0]]
        same = all(first.agrees(other) for other in told.values())
        shown = " ".join(f"{cell(told[world]):<32}" for world in worlds)
        yield f"{case.lab:<14} {case.name:<{width}} {shown} {'' if same else '<- DIFFERS'}".rstrip()


def cell(said: Said) -> str:
    """One world's word on one program."""
    points = "" if said.points is None else f", {said.points} points"
    rules = f", rule {' '.join(said.rules)}" if said.rules else ""
    return f"{said.kind}{points}{rules}"


def keep(
    rows: Mapping[Case, Mapping[str, Said]],
    *,
    how: str,
    versions: Mapping[str, Mapping[str, str]],
    path: Path = RECORD,
    today: date | None = None,
) -> None:
    """Write the rows of these labs into the record; other labs' rows stay as they were."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for lab in dict.fromkeys(case.lab for case in rows):
        known[lab] = {
            "compared": (today or date.today()).isoformat(),
            "how": how,
            "versions": versions,
            "programs": [_row(case, told) for case, told in rows.items() if case.lab == lab],
        }
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def _row(case: Case, told: Mapping[str, Said]) -> dict[str, Any]:
    return {"program": case.name, "task": case.task, "worlds": {world: asdict(said) for world, said in told.items()}}
