"""Inside the subject: execute the learner's cells in a fresh ``__main__``, call one function, say what came of it.

Everything here runs beside learner code: what it says is trusted as what the function returned, and no further.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import linecache
import sys
import traceback
import types
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shop import parts

from autograder.values import plain, restored

__all__ = ["Compiled", "call", "compile_cells", "compile_program", "execute", "one_line"]


SHOP = "shop."


@dataclass(frozen=True)
class Compiled:
    """The learner's cells, compiled once, and those that are not Python, one sentence each."""

    codes: tuple[tuple[str, types.CodeType], ...] = ()
    broken: tuple[str, ...] = ()
    parts: Mapping[str, tuple[types.CodeType, ...]] = field(default_factory=dict)
    """What ``shop.parts`` holds, by the name of the function."""

    @property
    def names(self) -> set[str]:
        """What the learner's cells are called in a traceback, those of parts included."""
        return {name for name, _ in self.codes} | {code.co_filename for codes in self.parts.values() for code in codes}


def compile_program(cells: Sequence[dict[str, str]], parts: Mapping[str, Sequence[dict[str, str]]]) -> Compiled:
    """Compile a program and the parts that it may import; cells of a part that are not Python are left out."""
    seen: dict[str, tuple[types.CodeType, ...]] = {}
    compiled = {}
    for function, of in parts.items():
        key = "\0".join(cell["source"] for cell in of)
        if key not in seen:
            seen[key] = tuple(code for _, code in compile_cells(of).codes)
        compiled[function] = seen[key]
    return replace(compile_cells(cells), parts=compiled)


def compile_cells(cells: Sequence[dict[str, str]]) -> Compiled:
    """Compile cells given as name and source; tracebacks will show their lines."""
    codes, broken = [], []
    for cell in cells:
        name, source = cell["name"], cell["source"]
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                codes.append((name, compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)))
        except SyntaxError as error:
            broken.append(f"{name}, line {error.lineno}: {error.msg}")
        except (ValueError, RecursionError, MemoryError) as error:
            broken.append(f"{name}: {type(error).__name__}: {error}")
    return Compiled(tuple(codes), tuple(broken))


class _Nothing:
    """Stands for the notebook's own functions (check, setup, quiz): every use of it does nothing."""

    def __call__(self, *_arguments: object, **_named: object) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class _SilentModule(types.ModuleType):
    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


def call(program: Compiled, function: str, arguments: list[Any]) -> dict[str, Any]:
    """Execute the cells and call the function; the reply for the judge. Raises nothing but what ends a process.

    A function of the shop (``shop.parts.relay``) is called without the learner's cells, unless it says that it
    ``needs_program``: then they are executed first, and it finds them in ``__main__``.
    """
    of_the_shop = _of_the_shop(program, function) if function.startswith(SHOP) else None
    if of_the_shop is not None and not getattr(of_the_shop, "needs_program", False):
        return _attempt(lambda: of_the_shop(*[restored(item) for item in arguments]), program.names)
    names, broken = execute(program)
    cells = program.names
    target = of_the_shop or names.get(function)
    if not callable(target):
        reply = {"kind": "no function", "error": f"no cell defines {function}()"}
    else:
        reply = _attempt(lambda: _finish(target(*[restored(item) for item in arguments])), cells)
    return reply | {"broken_cells": broken}


def _begin(program: Compiled) -> None:
    """What the program may import that is not itself."""
    sys.modules["autograder.notebook"] = _SilentModule("autograder.notebook")
    parts.fill(program.parts)


def _of_the_shop(program: Compiled, function: str) -> Any:
    _begin(program)
    module, _, name = function.rpartition(".")
    return getattr(importlib.import_module(module), name)


def execute(program: Compiled) -> tuple[dict[str, Any], list[str]]:
    """Execute the cells in a fresh ``__main__``: what they define, and one sentence for each that failed."""
    _begin(program)
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    cells = program.names
    broken = list(program.broken)
    for name, code in program.codes:
        failure = _attempt(lambda code=code: _finish(eval(code, main.__dict__)), cells)
        if failure["kind"] != "returned":
            broken.append(f"{_place(failure, name)}: {failure['error']}")
    return main.__dict__, broken


def _finish(value: Any) -> Any:
    return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


async def _awaited(value: Any) -> Any:
    return await value


def _attempt(action: Any, cells: set[str]) -> dict[str, Any]:
    try:
        value = action()
    except SystemExit as stop:
        return {"kind": "exited", "error": f"SystemExit: {stop.code}"}
    except BaseException as error:
        return {"kind": "raised", "error": one_line(error), **_trimmed(error, cells)}
    try:
        return {"kind": "returned", "value": plain(value)}
    except (TypeError, ValueError, RecursionError):
        return {"kind": "returned", "error": f"it returned a {type(value).__name__}, which JSON cannot say"}


def one_line(error: BaseException) -> str:
    """An exception as one line, whatever its own text does."""
    try:
        text = (str(error).splitlines() or [""])[0]
    except BaseException:
        text = "(its text cannot be read)"
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def _trimmed(error: BaseException, cells: set[str]) -> dict[str, Any]:
    """The traceback from the learner's first cell on, without the frames of libraries between and after."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in cells]
    if not frames:
        return {"traceback": "", "line": None}
    shown = "".join(traceback.format_list(frames[-12:]))
    return {"traceback": f"{shown}{one_line(error)}\n", "line": frames[-1].lineno, "cell": frames[-1].filename}


def _place(failure: dict[str, Any], name: str) -> str:
    if failure.get("line") is None:
        return name
    return f"{failure['cell']}, line {failure['line']}"
