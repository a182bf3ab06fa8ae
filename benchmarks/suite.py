"""Where the test suite's time goes: seconds by folder, by lab or day, and by group. It never passes or fails.

python benchmarks/suite.py [--keep] [--read JUNIT.XML] [PYTEST OPTIONS]

Runs the suite as ``./fortnight test`` does, then reads pytest's own account of it (``--read`` reads one that is there
already, as .ci/run does). A test's seconds are those of its set-up, call and tear-down, on a worker of its own; the
*share* is the seconds by the number of workers: what the folder adds to the suite on a quiet machine. ``--keep`` writes
`tests/seconds.json`, by which long groups begin first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder.cli.verbs.test import WORKERS, command  # noqa: E402
from tests.groups import SECONDS, group_of  # noqa: E402

SUBJECT = re.compile(r"\[((?:lab|day)\d\d)|test_((?:lab)\d\d)")
TOP = 25


def main() -> None:
    """Run or read, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="write tests/seconds.json")
    parser.add_argument("--read", type=Path, help="pytest's --junitxml of a run that was")
    asked, words = parser.parse_known_args()
    if asked.read:
        tests = dict(read(asked.read))
    else:
        with tempfile.TemporaryDirectory() as folder:
            account = Path(folder) / "account.xml"
            run([*words, f"--junitxml={account}"])
            tests = dict(read(account))
    show("folder", added(tests, folder_of))
    show("lab or day", added(tests, subject_of))
    show("group", added(tests, group_of), TOP)
    if asked.keep:
        keep(added(tests, group_of))


def run(words: list[str]) -> None:
    """Run the suite; what it cost in all."""
    before, begin = os.times(), time.perf_counter()
    subprocess.run(command(words), cwd=ROOT, check=False)
    after, took = os.times(), time.perf_counter() - begin
    user = after.children_user - before.children_user
    system = after.children_system - before.children_system
    print(f"\nwhole suite {took:.0f} s; processor {user:.0f} s user and {system:.0f} s system, servers that outlive their parents aside")


def read(account: Path) -> Iterator[tuple[str, float]]:
    """Every test of an account with its seconds."""
    for case in xml.parse(account).iter("testcase"):
        yield f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}", float(case.get("time", 0))


def folder_of(test: str) -> str:
    """The folder of a test."""
    return test.partition("::")[0].rpartition("/")[0]


def subject_of(test: str) -> str:
    """The lab or the day that a test is about."""
    found = SUBJECT.search(test)
    return (found[1] or found[2]) if found else "none of them"


def added(tests: Mapping[str, float], by: object) -> dict[str, float]:
    """Seconds by what ``by`` says of a test, the most first."""
    sums: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        sums[by(test)] += seconds  # type: ignore[operator]
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def show(title: str, seconds: Mapping[str, float], top: int | None = None) -> None:
    """One table."""
    print(f"\n{title:<70}{'seconds':>9}{'share':>9}")
    for name, took in list(seconds.items())[:top]:
        print(f"{name:<70}{took:>9.1f}{took / WORKERS:>9.1f}")


def keep(seconds: Mapping[str, float]) -> None:
    """Write down how long groups take, rounded, so that another run on a quiet machine changes little."""
    kept = {group: round(took) for group, took in sorted(seconds.items())}
    SECONDS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
