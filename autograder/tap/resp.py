"""RESP, the wire format of Redis: where a value ends, and what it says.

Source: the Redis serialization protocol specification, versions 2 and 3.
"""

from __future__ import annotations

from typing import Any

from autograder.tap.request import shortened

__all__ = ["Failure", "Scanner", "decode", "shown"]

SIMPLE = b"+-:_#,("
BULK = b"$=!"
PAIRS = b"%|"
VALUE_CHARS_MAX = 40
DEPTH_MAX = 100


class Failure(str):
    """An error answer."""


class Scanner:
    """Finds the end of one value in bytes that come in pieces, looking at every byte once."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._at = 0
        self._missing = 1

    def end(self, buffer: bytearray) -> int:
        """Where the value at the start of the buffer ends; -1 when it is not all there; ValueError when it is none."""
        while self._missing:
            line_end = buffer.find(b"\r\n", self._at)
            if line_end < 0:
                return -1
            after = self._after(buffer, line_end)
            if after > len(buffer):
                return -1
            self._at = after
        end = self._at
        self._reset()
        return end

    def _after(self, buffer: bytearray, line_end: int) -> int:
        """The place behind the element whose first line ends here; counts what it announces."""
        kind, after = buffer[self._at], line_end + 2
        if kind in SIMPLE:
            self._missing -= 1
            return after
        count = int(buffer[self._at + 1 : line_end])
        if kind in BULK:
            after += count + 2 if count >= 0 else 0
            self._missing -= after <= len(buffer)
            return after
        if kind not in b"*~>%|":
            raise ValueError(f"not a value of RESP: {bytes(buffer[self._at : line_end])[:40]!r}")
        elements = max(count, 0) * (2 if kind in PAIRS else 1)
        self._missing += elements - (kind != ord("|"))  # an attribute stands before the value that it describes
        return after


def decode(data: bytes) -> Any:
    """A whole value as Python objects; errors as :class:`Failure`."""
    return _value(data, 0, 0)[0]


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > DEPTH_MAX:
        raise ValueError("a value of RESP nested too deeply")
    end = data.index(b"\r\n", at)
    kind, text, after = data[at], data[at + 1 : end], end + 2
    if kind in SIMPLE:
        return _simple(kind, text), after
    count = int(text)
    if kind in BULK:
        if count < 0:
            return None, after
        body = data[after : after + count]
        return (Failure(_text(body)) if kind == ord("!") else body), after + count + 2
    if count < 0:
        return None, after
    items = []
    for _ in range(count * (2 if kind in PAIRS else 1)):
        item, after = _value(data, after, depth + 1)
        items.append(item)
    if kind == ord("|"):
        return _value(data, after, depth + 1)
    return (dict(zip(map(shown, items[::2]), items[1::2], strict=True)) if kind == ord("%") else items), after


def _simple(kind: int, text: bytes) -> Any:
    if kind == ord("-"):
        return Failure(_text(text))
    if kind == ord(":") or kind == ord("("):
        return int(text)
    if kind == ord("_"):
        return None
    if kind == ord("#"):
        return text == b"t"
    return float(text) if kind == ord(",") else _text(text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def shown(value: Any) -> str:
    """A value as a reader wants to see it."""
    if value is None:
        return "nil"
    if isinstance(value, bytes):
        text = _text(value)
        return shortened(text, VALUE_CHARS_MAX) if text.isprintable() else f"<{len(value)} bytes>"
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value[:10]) + (", …]" if len(value) > 10 else "]")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in list(value.items())[:10]) + "}"
    return str(value)
