"""The import rule: history <- backends, tap, invariants, diagram <- explore <- labs <- grading <- cli, notebook."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.repository.tree import ours, syntax

GROUND = {"history", "values", "backends", "tap", "invariants", "diagram", "faults", "simulation"}

MAY_IMPORT = {
    "history": set(),
    "shop": set(),
    "values": {"shop"},
    "backends": set(),
    "tap": {"history"},
    "invariants": {"history"},
    "diagram": {"history"},
    "faults": {"history"},
    "simulation": {"history", "values", "shop"},
    "explore": GROUND,
    "labs": GROUND | {"explore", "shop"},
    "grading": GROUND | {"explore", "labs", "shop"},
    "notebook": GROUND | {"explore", "labs", "grading", "shop"},
    "manuscript": {"labs", "notebook"},
    "cli": GROUND | {"explore", "labs", "grading", "notebook", "manuscript"},
    "autograder": set(),
}
"""What the parts of the course may import, beside themselves."""


def part_of(path: Path) -> str:
    """`autograder/tap/sql.py` is part of tap, `autograder/history.py` of history, `shop/events.py` of shop."""
    if path.parts[0] == "shop":
        return "shop"
    return "autograder" if path.name == "__init__.py" and len(path.parts) == 2 else path.with_suffix("").parts[1]


def imported(path: Path) -> set[str]:
    """The parts that a module imports, wherever in it."""
    package = path.with_suffix("").parts[:-1]
    names: list[str] = []
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            names += [f"{base}.{alias.name}" for alias in node.names] if base == "autograder" else [base]
    split = [name.split(".") for name in names]
    return {
        name[1] if name[0] == "autograder" and len(name) > 1 else name[0]
        for name in split
        if name[0] in ("autograder", "shop")
    }


def test_every_part_of_the_course_has_its_place():
    assert {part_of(path) for path in ours()} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_stands_below_it(part):
    wrong = {
        str(path): sorted(imported(path) - MAY_IMPORT[part] - {part})
        for path in ours()
        if part_of(path) == part and imported(path) - MAY_IMPORT[part] - {part}
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("autograder/tap/sql.py", "tap"),
        ("autograder/history.py", "history"),
        ("shop/events.py", "shop"),
        ("autograder/__init__.py", "autograder"),
    ],
)
def test_a_path_tells_its_part(path, parts):
    assert part_of(Path(path)) == parts
