"""What judge and subject say to each other: JSON lines, and the shop's dataclasses as ``{"$": "PlaceOrder", ...}``.

Nothing that a subject wrote is unpickled or imported; :func:`read_reply` takes bytes of any kind and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autograder.values import restored

__all__ = ["REPLY_BYTES_MAX", "STAYS", "Result", "ResultKind", "line", "read_reply"]

REPLY_BYTES_MAX = 1 << 20
STAYS = b', "stays": true}\n'
"""How a reply ends after which its process waits for another call."""
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
        value = restored(reply.get("value"))
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
