"""The flash sale at full size: 100,000 buyers at one instant before each design of day 14, calm and struck.

    python benchmarks/flash_sale.py [BUYERS [DESIGN ...]]

Designs are the functions of the day's notebook: open_row, open_fast_row, open_gate, open_queue. One unit for a hundred
buyers, two workers. Struck: each worker is killed twice, Redis twice, the gateway once, at counted events. Seconds and
megabytes are this machine's; nothing here passes or fails, a broken rule is printed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder.explore.load_record import Recording
from autograder.grading.sales import play_crowd

DESIGNS = ("open_row", "open_fast_row", "open_gate", "open_queue")
HEAD = ("design", "", "wall s", "settled s", "per s", "p50 s", "p99 s", "asked", "generator MB", "workers MB", "CPU s", "to Postgres", "to Redis", "paid", "left")
LIMIT_S = 180.0


def main() -> None:
    """Print one row for each sale."""
    buyers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    designs = sys.argv[2:] or DESIGNS
    print(" | ".join(HEAD), flush=True)
    for struck in (False, True):
        for row in _sales(buyers, designs, struck):
            print(" | ".join(row), flush=True)


def _sales(buyers: int, designs: Sequence[str], struck: bool) -> Iterator[tuple[str, ...]]:
    stock = max(10, buyers // 100)
    for design in designs:
        request = {
            "functions": [design], "buyers": buyers, "stock": stock, "workers": 2, "struck": struck, "seed": 1, "probes": {},
            "hold_s": 2.0, "ask_s": LIMIT_S / 3, "limit_s": LIMIT_S, "cells": _cells(),
        }  # fmt: skip
        [played] = play_crowd(request, lambda line: None)
        yield _row(design, struck, stock, played)


def _cells() -> list[str]:
    """The code of the day's notebook, as if all of it had been run."""
    page = json.loads((ROOT / "days" / "day14_flash_sale.ipynb").read_text("utf-8"))
    return ["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "code"]


def _row(design: str, struck: bool, stock: int, played: dict[str, Any]) -> tuple[str, ...]:
    recording = Recording.from_json(played["recording"])
    paid = sum(row["status"] == "paid" for row in recording.state["tables"]["purchase"])
    broken = [ruled["evidence"] for ruled in played["rules"] if ruled["decision"] == "broken"]
    notes = [recording.why, *broken, *recording.missed, f"{len(recording.faults)} killed" if struck else ""]
    return (
        design,
        "struck" if struck else "calm",
        f"{recording.wall_s:.1f}",
        f"{recording.settled_s:.1f}",
        f"{recording.per_s:,.0f}",
        f"{recording.latency.p50_ms / 1000:.1f}",
        f"{recording.latency.p99_ms / 1000:.1f}",
        f"{recording.requests:,}",
        f"{recording.generator_mb:.0f}",
        "+".join(f"{peak:.0f}" for peak in recording.worker_mb),
        f"{recording.generator_cpu_s:.0f}+{recording.workers_cpu_s:.0f}",
        f"{recording.calls.get('postgres', 0) / recording.buyers:.2f}",
        f"{recording.calls.get('redis', 0) / recording.buyers:.2f}",
        f"{paid:,}",
        f"{stock - paid}",
        *filter(None, notes),
    )


if __name__ == "__main__":
    main()
