"""What is taken of a cell: Python without notebook commands; of a learner's free cells only what defines names."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Sequence

from autograder.grading.python_source import bound_by, parse

__all__ = ["definitions_only", "names_bound", "names_used", "used_by", "without_magics"]

_LINE_MAGIC = re.compile(r"^\s*(?:%|!|\?|(?:[\w.,\s\[\]'\"]+=\s*[%!]))|\?\s*$")
_MEASURES = re.compile(r"^\s*%%(?:time|timeit|capture|prun)\b")


def without_magics(source: str) -> tuple[str, bool]:
    """The cell without IPython's lines (``%time``, ``!ls``, ``name?``), and whether there were any.

    A cell that is Python as it stands is left alone, so a ``%`` that continues an expression stays. Lines keep their
    numbers. The rest of a cell in another language (``%%bash``) goes as a whole.
    """
    if parse(source) is not None:
        return source, False
    lines = source.split("\n")
    first = next((place for place, text in enumerate(lines) if text.strip()), 0)
    if lines[first].lstrip().startswith("%%") and not _MEASURES.match(lines[first]):
        return "", True
    kept = [_placeholder(text) if _LINE_MAGIC.search(text) else text for text in lines]
    return ("\n".join(kept), True) if kept != lines else (source, False)


def _placeholder(text: str) -> str:
    """``pass`` at the same depth, so that a block which held only magics stays a block."""
    return text[: len(text) - len(text.lstrip())] + "pass"


def definitions_only(source: str, known: Iterable[str]) -> str:
    """The imports, functions, classes and constants of a cell that is Python; everything else becomes empty lines.

    A constant is a name bound to literals and to names that are ``known`` already or bound before it, without a call.
    """
    names = {*dir(builtins), *known}
    kept = []
    tree = parse(source)
    for node in tree.body if tree else []:
        if _is_definition(node, names):
            kept.append(node)
            names |= bound_by(node)
    return _only(source, kept)


def used_by(functions: Iterable[str], sources: Sequence[str]) -> list[str]:
    """Of these cells what the functions use, and what that uses; every other statement becomes empty lines.

    A day's cells import what draws its plots; each process of a run would import it again.
    """
    trees = [parse(source) for source in sources]
    nodes = [(place, node) for place, tree in enumerate(trees) for node in (tree.body if tree else [])]
    kept = {number for number, (_, node) in enumerate(nodes) if _is_for_everybody(node)}
    open_names, seen = set(functions), set()
    while open_names:
        seen |= open_names
        fresh = {number for number, (_, node) in enumerate(nodes) if number not in kept and open_names & set(bound_by(node))}
        kept |= fresh
        used = {name for number in fresh for name in _named_in(nodes[number][1])}
        open_names = used - seen
    return [_only(source, [nodes[number][1] for number in sorted(kept) if nodes[number][0] == place]) for place, source in enumerate(sources)]


def _is_for_everybody(node: ast.stmt) -> bool:
    """``from __future__`` and ``import *``: nobody names what they bring."""
    return isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*")


def names_used(source: str) -> set[str]:
    """Every name that stands in a cell; none when it is not Python."""
    tree = parse(source)
    return _named_in(tree) if tree else set()


def _named_in(tree: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}


def names_bound(source: str) -> set[str]:
    """The names that the top level of a cell binds; none when it is not Python."""
    tree = parse(source)
    return {name for node in (tree.body if tree else []) for name in bound_by(node)}


def _is_definition(node: ast.stmt, names: set[str]) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) for target in node.targets) and _is_constant(node.value, names)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.value is not None and _is_constant(node.value, names)
    if isinstance(node, ast.Try):
        parts = [*node.body, *node.orelse, *node.finalbody, *(part for each in node.handlers for part in each.body)]
        return all(_is_definition(part, names) or isinstance(part, ast.Pass) for part in parts)
    return False


_ALLOWED_IN_CONSTANTS = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.JoinedStr, ast.FormattedValue),
    *(ast.Name, ast.Attribute, ast.expr_context, ast.operator, ast.unaryop),
)


def _is_constant(value: ast.expr, names: set[str]) -> bool:
    nodes = list(ast.walk(value))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return all(isinstance(node, _ALLOWED_IN_CONSTANTS) for node in nodes) and used <= names


def _only(source: str, nodes: list[ast.stmt]) -> str:
    """The statements at their own line numbers, every other line empty."""
    lines = source.encode().splitlines()
    kept: list[list[bytes]] = [[] for _ in lines]
    for node in nodes:
        starts = [node, *getattr(node, "decorator_list", [])]
        first = min(start.lineno for start in starts)
        column = node.col_offset if first == node.lineno else 0
        part = lines[first - 1 : node.end_lineno]
        part[-1] = part[-1][: node.end_col_offset]
        part[0] = part[0][column:]
        for place, text in enumerate(part, first - 1):
            kept[place].append(text)
    return "\n".join(b"; ".join(parts).decode() for parts in kept)
