"""The files of the repository as the rules look at them: what people write, without what is built or kept by tools."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_WRITTEN = {
    ".venv",
    ".git",
    ".fortnight",
    ".nbgrader",
    "work",
    "__pycache__",
    "_build",
    ".ipynb_checkpoints",
    ".pytest_cache",
}
STAGED = (Path("book/days"), Path("book/labs"))


def files(*patterns: str) -> Iterator[Path]:
    """The files that match, relative to the clone, in order."""
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}):
        relative = path.relative_to(ROOT)
        staged = any(relative.is_relative_to(folder) for folder in STAGED)
        if not NOT_WRITTEN & set(relative.parts) and not staged and not relative.parts[0].startswith(".venv"):
            yield relative


@cache
def syntax(path: Path) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def ours() -> list[Path]:
    """The Python that the course consists of."""
    return list(files("autograder/**/*.py", "shop/**/*.py"))


def python() -> list[Path]:
    """All Python that people write: the course, its tests, its benchmarks and the launcher."""
    return [
        *files("autograder/**/*.py", "shop/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "book/_ext/*.py", "*.py"),
        Path("fortnight"),
    ]


def prose() -> list[Path]:
    """What is written to be read."""
    return list(files("*.md", "manuscript/**/*.md", "book/**/*.md"))
