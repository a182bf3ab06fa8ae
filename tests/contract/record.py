"""How much was asked of which world and when, for the book: FORTNIGHT_WRITE_CONTRACT=1 pytest tests/contract/kafka ...

Only what is asked of every world counts, so not the files named ``test_embedded_*``; a suite is noted when it was run.
Which servers a world had is written there by hand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.contract.under_test import SUITES

__all__ = ["write"]

RECORD = Path(__file__).parents[2] / "book" / "data" / "contract.yml"
HEAD = "# How many promises each world keeps, written by FORTNIGHT_WRITE_CONTRACT=1 pytest tests/contract/{kafka,...}.\n"


def write(world: str, passed: Iterable[str]) -> None:
    """Note the tests that passed, by suite."""
    found = Counter(match[1] for name in passed if (match := re.match(r"tests/contract/(\w+)/(?!test_embedded_)", name)))
    known = yaml.safe_load(RECORD.read_text("utf-8")) if RECORD.exists() else []
    row = next((row for row in known if row["world"] == world), {"world": world, **dict.fromkeys(SUITES, 0)})
    row.update({suite: found[suite] for suite in SUITES if found[suite]})
    row.setdefault("servers", "")
    row["on"] = datetime.now(UTC).date().isoformat()
    rows = sorted([other for other in known if other["world"] != world] + [row], key=lambda one: str(one["world"]))
    RECORD.write_text(HEAD + yaml.safe_dump(rows, sort_keys=True, allow_unicode=True), "utf-8")

