"""Recorded histories with known verdicts, which are not part of this repository, and the objects that they speak to.

They are data of jepsen-io/knossos (EPL-1.0), packed as EDN. ``FORTNIGHT_CORPORA`` names the folder that holds
``linearizability/knossos.tar.xz`` and ``linearizability/expected.json``; otherwise a folder ``shared/corpora`` beside the
clone is looked for.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.invariants.linearizability import UNKNOWN, Operation, Register
from autograder.invariants.linearizability.objects import IMPOSSIBLE

__all__ = ["FOLDER", "Mutex", "Registers", "object_of", "recorded"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("FORTNIGHT_CORPORA", ROOT.parent / "shared" / "corpora")) / "linearizability"
_TOKEN = re.compile(r'[\[\](){}]|"[^"]*"|[^\s,#\[\](){}"]+')


@dataclass(frozen=True)
class Mutex:
    """Held or not: only a free one can be acquired, only a held one released."""

    start: bool = False

    def alone(self, key: Hashable) -> Mutex:
        return self

    def only_reads(self, operation: Operation) -> bool:
        return False

    def after(self, state: Hashable, operation: Operation) -> Hashable:
        wanted = operation.name == "acquire"
        return IMPOSSIBLE if state == wanted else wanted

    def in_words(self, states: Any) -> str:
        return f"the mutex could only be {' or '.join('held' if state else 'free' for state in states)}"

    def told(self, operation: Operation) -> str:
        return f"{operation.process} {operation.name}d it"


@dataclass(frozen=True)
class Registers:
    """Several registers, read and written together: the argument is a tuple of (read or write, name, value)."""

    start: frozenset[tuple[str, int]] = frozenset({("x", 0), ("y", 0)})

    def alone(self, key: Hashable) -> Registers:
        return self

    def only_reads(self, operation: Operation) -> bool:
        return all(kind == "read" for kind, _, _ in operation.argument)  # type: ignore[union-attr]

    def after(self, state: Hashable, operation: Operation) -> Hashable:
        values = dict(state)  # type: ignore[call-overload]
        for kind, name, value in operation.argument:  # type: ignore[union-attr]
            if kind == "write":
                values[name] = value
            elif value is not None and values[name] != value:
                return IMPOSSIBLE
        return frozenset(values.items())

    def in_words(self, states: Any) -> str:
        return f"the registers could only be {[sorted(state) for state in states]}"

    def told(self, operation: Operation) -> str:
        return f"{operation.process} did {operation.argument}"


def object_of(model: str) -> Register | Registers | Mutex:
    """The object that a set of histories speaks to."""
    return {"knossos-cas": Register(0), "knossos-multi": Registers(), "knossos-mutex": Mutex()}[model]


def recorded() -> Iterator[tuple[str, str, list[Operation], bool]]:
    """Name, model, operations and verdict of every history."""
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    with tarfile.open(FOLDER / "knossos.tar.xz") as packed:
        texts = {one.name.removeprefix("./"): packed.extractfile(one) for one in packed if one.isfile()}
        for name, known in expected.items():
            file = next(file for path, file in texts.items() if path.endswith(name) and file is not None)
            yield name, known["model"], _operations(file.read().decode()), known["linearizable"]


def _operations(text: str) -> list[Operation]:
    pending: dict[Any, tuple[int, dict[str, Any]]] = {}
    found: list[Operation] = []
    for at, event in enumerate(_events(text)):
        process = event.get(":process")
        if not isinstance(process, int):
            continue  # the nemesis, which broke things
        if event[":type"] == ":invoke":
            pending[process] = (at, event)
            continue
        began, asked = pending.pop(process)
        if event[":type"] == ":ok":
            found.append(_operation(asked, event, began, at))
        elif event[":type"] == ":info":
            found.append(_operation(asked, asked, began, None))
    found += [_operation(asked, asked, began, None) for began, asked in pending.values()]
    return found


def _operation(asked: dict[str, Any], said: dict[str, Any], start: int, end: int | None) -> Operation:
    name, argument, answer = asked[":f"][1:], asked.get(":value"), said.get(":value")
    told: dict[str, Any] = {"argument": argument}
    if name == "read":
        told = {"answer": UNKNOWN if answer is None or end is None else answer}
    elif name == "cas":
        told["answer"] = UNKNOWN if end is None else True
    elif name == "txn":
        told = {"argument": tuple((kind[1:], key[1:], value) for kind, key, value in answer)}
    return Operation(process=str(asked[":process"]), name=name, start=start, end=end, **told)


def _events(text: str) -> list[dict[str, Any]]:
    """The maps of an EDN text, in order, whether or not they stand in a vector."""
    tokens = iter(_TOKEN.findall(re.sub(r"(?m);.*$", "", text)))
    read = [_value(token, tokens) for token in tokens]
    return [event for one in read for event in (one if isinstance(one, tuple) else [one])]


def _value(token: str, tokens: Iterator[str]) -> Any:
    if token in "[(":
        return tuple(_until("])"["[(".index(token)], tokens))
    if token == "{":  # a set (#{...}) stands in what the nemesis says only, so it may be read as anything
        inside = list(_until("}", tokens))
        return dict(zip(inside[::2], inside[1::2], strict=False))
    if token == "nil":
        return None
    return int(token) if re.fullmatch(r"-?\d+", token) else token


def _until(end: str, tokens: Iterator[str]) -> Iterator[Any]:
    for token in tokens:
        if token == end:
            return
        yield _value(token, tokens)
