"""Modules are small, say what they are, and say what they offer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, ours, python, syntax

LINES_MAX = 400
FUNCTION_LINES_MAX = 50
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc", "base"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(syntax(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def is_public(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")


def exported(path: Path) -> list[str] | None:
    for node in syntax(path).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets
        ):
            return list(ast.literal_eval(node.value))
    return None


def test_no_module_is_longer_than_400_lines():
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in python()}
    assert {path: lines for path, lines in lengths.items() if lines > LINES_MAX} == {}


def test_no_function_is_longer_than_50_lines():
    long = [
        f"{path}:{one.lineno} {one.name}: {one.end_lineno - one.lineno + 1} lines"
        for path in python()
        for one in functions(path)
        if one.end_lineno - one.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_module_has_a_name_that_says_nothing():
    assert [str(path) for path in python() if path.stem in SAY_NOTHING or SAY_NOTHING & set(path.parts)] == []


def test_every_module_opens_with_what_it_is():
    assert [str(path) for path in ours() if not ast.get_docstring(syntax(path))] == []


@pytest.mark.parametrize("path", [path for path in ours() if path.name not in ("__main__.py", "launch.py")], ids=str)
def test_a_module_says_what_it_offers(path):
    """`__all__` is there, names what exists, and what is public is in it or stands in the module for itself alone."""
    defined = [node.name for node in syntax(path).body if is_public(node)]
    offered = exported(path)
    if offered is None:
        assert defined == [], f"{path} defines {defined} and has no __all__"
        return
    named = {name for node in ast.walk(syntax(path)) for name in names_of(node)}
    assert [name for name in offered if name not in named] == []


def names_of(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    return []


def test_what_a_module_offers_is_documented():
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in ours()
        for node in syntax(path).body
        if is_public(node) and node.name in (exported(path) or []) and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_function_of_the_course_is_typed():
    untyped = [
        f"{path}:{one.lineno} {one.name}"
        for path in ours()
        for one in functions(path)
        if one.returns is None or any(argument.annotation is None for argument in arguments(one))
    ]
    assert untyped == []


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    every = function.args
    named = [*every.posonlyargs, *every.args, *every.kwonlyargs, *filter(None, [every.vararg, every.kwarg])]
    return [one for one in named if one.arg not in ("self", "cls")]
