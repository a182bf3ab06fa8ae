"""What judge and subject say to each other: JSON lines, and the shop's dataclasses as ``{"$": "PlaceOrder", ...}``.

Nothing that a subject wrote is unpickled or imported; :func:`read_reply` takes bytes of any kind and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import shop

__all__ = ["REPLY_BYTES_MAX", "Result", "ResultKind", "from_json", "line", "read_reply", "to_json"]

REPLY_BYTES_MAX = 1 << 20
_TEXT_MAX, _TRACEBACK_MAX = 2_000, 8_000
_KINDS_OF_A_REPLY = ("returned", "raised", "no function", "exited")

ResultKind = Literal[
    "returned", "raised", "exited", "killed", "hung", "flooded", "no function", "garbled", "grader error"
]


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one run of the learner's function ended."""

    kind: ResultKind
    """``returned``, ``raised`` and a SystemExit's ``exited`` are the subject's own word; the judge saw the rest."""
    value: Any = None
    """What the function returned, if JSON can say it; dataclasses of the shop are themselves again."""
    error: str = ""
    """One line: the exception, or what happened."""
    traceback: str = ""
    """Trimmed to the learner's own cells."""
    output: str = ""
    """The beginning of what was printed, both streams."""
    broken_cells: tuple[str, ...] = ()
    """The cells that failed before the function was called, one sentence each."""


def to_json(value: Any) -> Any:
    """The value in JSON's words; raises TypeError for what JSON and the shop have no word for."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and type(value) in _shop_types().values():
        return {"$": type(value).__name__} | {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(value: Any) -> Any:
    """What :func:`to_json` wrote; raises ValueError for a shop dataclass that does not exist or does not fit."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: from_json(item) for key, item in value.items() if key != "$"}
    if "$" not in value:
        return inner
    try:
        return _shop_types()[value["$"]](**inner)
    except (KeyError, TypeError) as cause:
        raise ValueError(f"the shop has no {value['$']!r} with the fields {sorted(inner)}") from cause


def _shop_types() -> dict[str, type]:
    found = {name: getattr(shop, name) for name in shop.__all__}
    return {name: item for name, item in found.items() if isinstance(item, type) and is_dataclass(item)}


def line(message: Mapping[str, Any]) -> bytes:
    """One message as one line."""
    return json.dumps(message, ensure_ascii=True).encode() + b"\n"


def read_reply(data: bytes) -> Result | None:
    """What the subject says happened: a Result of its own kinds, ``garbled``, or None when it said nothing."""
    if not data:
        return None
    if len(data) > REPLY_BYTES_MAX:
        return Result(kind="garbled", error=f"the answer is larger than {REPLY_BYTES_MAX >> 20} MB")
    try:
        reply = json.loads(data)
        value = from_json(reply.get("value"))
    except (ValueError, AttributeError, RecursionError):
        return Result(kind="garbled", error="the answer is not one line of JSON")
    if reply.get("kind") not in _KINDS_OF_A_REPLY:
        return Result(kind="garbled", error="the answer is not one that a function can give")
    broken = reply.get("broken_cells")
    return Result(
        kind=reply["kind"],
        value=value,
        error=_text(reply.get("error"), _TEXT_MAX),
        traceback=_text(reply.get("traceback"), _TRACEBACK_MAX),
        broken_cells=tuple(_text(cell, _TEXT_MAX) for cell in broken[:20]) if isinstance(broken, list) else (),
    )


def _text(value: Any, length_max: int) -> str:
    return value[:length_max] if isinstance(value, str) else ""
