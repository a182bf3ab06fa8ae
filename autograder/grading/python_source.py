"""Reading learners' Python without running it: what is wrong with a source, and its tree where nothing is."""

from __future__ import annotations

import ast
import warnings

__all__ = ["bound_by", "parse", "trouble"]

_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse(source: str) -> ast.Module | None:
    """The tree of a source; None when it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except _NOT_PYTHON:
            return None


def trouble(source: str) -> str:
    """Why the source is not Python: ``line 3: invalid syntax``; nothing when it is. ``await`` may stand outside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return f"line {error.lineno}: {error.msg}"
        except _NOT_PYTHON as error:
            text = str(error).splitlines()
            return f"not Python: {text[0] if text else type(error).__name__}"
    return ""


def bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement of the top level may bind, those of its branches included."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
