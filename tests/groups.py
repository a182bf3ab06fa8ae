"""Which tests stay together on one worker, and which of these groups begin first.

A *group* is a file; where programs and notebooks are played (``[lab06-relay]``, ``[day06_outbox]``) a lab or a day of a
file is a group of its own; the files that look at the book's site, which runs the days, are one. Tests of a group share their set-up and what
they leave behind, so no group is ever split. Long groups begin first, so that no worker is left alone with one at the
end: `seconds.json` beside this file says how long each took when ``benchmarks/suite.py --keep`` last measured it. It
orders, and decides nothing else.

pytest-xdist's own ``loadgroup`` is not used: version 3.8.0 writes the group into ``Node._nodeid``, which pytest 9.2 no
longer reads, and so spreads single tests over the workers without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

__all__ = ["SECONDS", "GroupScheduling", "group_of", "kept_seconds", "longest_first"]

SECONDS = Path(__file__).parent / "seconds.json"
_SITE = ("tests/browser/test_book_pages.py", "tests/notebooks/test_days.py", "tests/repository/test_book_site.py")
"""The site is built once; whoever asked for it meanwhile on another worker would only wait."""
_PLAYED = ("tests/notebooks/test_labs.py", "tests/right/", "tests/wrong/")
_SUBJECT = re.compile(r"\[((?:lab|day)\d\d)")


def group_of(test: str) -> str:
    """The group of a test, by its id."""
    file, _, name = test.partition("::")
    if file in _SITE:
        return "the site"
    subject = _SUBJECT.search(name) if file.startswith(_PLAYED) else None
    return f"{file}[{subject[1]}]" if subject else file


def kept_seconds() -> dict[str, float]:
    """How long each group took when this was last measured."""
    return json.loads(SECONDS.read_text(encoding="utf-8"))


def longest_first(tests: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """The tests in the order of their groups; a group that was never measured may be long, and begins at once."""
    return sorted(tests, key=lambda test: (-seconds.get(group_of(test), float("inf")), group_of(test)))


class GroupScheduling(LoadScopeScheduling):
    """Deals whole groups to the workers, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
