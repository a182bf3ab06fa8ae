"""`./fortnight test --worlds`: every program of every lab with backends, in every world that this machine has.

By default a right program named reference is judged whole and of a wrong one its kept counterexample is played;
`--whole` judges every program whole. Ends with 1 when two worlds differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from autograder.backends import BackendError, Backends, state_folder
from autograder.backends.worlds import WORLDS, open_world, prepare
from autograder.labs import find
from tests.worlds.comparison import Case, Said, cases, differences, labs_with_backends, of_one_run, of_the_judge
from tests.worlds.record import cell, keep, lines, versions


def main() -> int:
    """Compare, print the table, keep it when asked to."""
    asked = _arguments()
    labs = [find(name) for name in asked.lab] if asked.lab else labs_with_backends()
    chosen = [case for lab in labs for case in cases(lab, only_reference=not asked.whole) if _wanted(case, asked.program)]
    rows: dict[Case, dict[str, Said]] = {case: {} for case in chosen}
    known = {}
    for world in asked.world or _usable():
        with tempfile.TemporaryDirectory() as folder, open_world(world, Path(folder)) as opened:
            backends, _ = opened.addresses()
            known[world] = versions(world, backends)
            print(f"{world}: {', '.join(known[world].values())}", flush=True)
            _ask(rows, world, backends, whole=asked.whole)
    for line in lines(rows):
        print(line)
    return _conclude(rows, known, asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fortnight test --worlds", description=__doc__.splitlines()[0])
    parser.add_argument("--world", action="append", choices=WORLDS, help="compare these (default: all that can be used)")
    parser.add_argument("--lab", action="append", help="compare these labs (default: all with backends)")
    parser.add_argument("--program", action="append", help="compare these programs (default: all)")
    parser.add_argument("--whole", action="store_true", help="judge wrong programs whole, too: an hour")
    parser.add_argument("--record", action="store_true", help="keep the result for the book")
    return parser.parse_args()


def _wanted(case: Case, programs: list[str] | None) -> bool:
    return not programs or case.name in programs


def _usable() -> list[str]:
    """Embedded, and each other world that this machine has; why another one is left out is said."""
    usable = []
    for world in WORLDS:
        try:
            prepare(world, state_folder(), print)
            usable.append(world)
        except BackendError as error:
            print(f"{world}: left out. {error}")
    return usable


def _ask(rows: Mapping[Case, dict[str, Said]], world: str, backends: Backends, *, whole: bool) -> None:
    for case, told in rows.items():
        one = case.run and not whole
        told[world] = of_one_run(case, backends) if one else of_the_judge(case, backends)
        print(f"  {case.lab} {case.name}: {cell(told[world])} {told[world].run}".rstrip(), flush=True)


def _conclude(rows: Mapping[Case, Mapping[str, Said]], known: Mapping[str, Mapping[str, str]], asked: argparse.Namespace) -> int:
    found = differences(rows)
    for sentence in found:
        print(sentence)
    if len(known) < 2:
        print("Only one world was asked: nothing was compared.")
    elif not found:
        print(f"{len(rows)} programs in {len(known)} worlds: one verdict.")
    if asked.record and len(known) > 1:
        keep(rows, how="whole" if asked.whole else "one run", versions=known)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
