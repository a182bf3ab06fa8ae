"""What Postgres sends and is sent, as a reader wants to see it: bound values, rows, errors."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

__all__ = ["Column", "bind_values", "columns", "error_fields", "row", "value"]

Column = tuple[int, int]
"""A column's type (an oid of pg_type) and its format: 0 text, 1 binary."""

VALUE_CHARS_MAX = 80
NUMBERS = frozenset({20, 21, 23, 26, 700, 701, 1700})
BOOL, BYTEA = 16, 17
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)
I16 = struct.Struct("!h").unpack_from
I32 = struct.Struct("!i").unpack_from


def _numeric(data: bytes) -> str:
    """The binary form of numeric: base 10,000 digits with a weight, a sign and a scale."""
    count, weight, sign, scale = struct.unpack_from("!hhHh", data)
    if sign not in (0, 0x4000):
        return "NaN"
    digits = struct.unpack_from(f"!{count}h", data, 8)
    total = sum(Decimal(digit).scaleb(4 * (weight - i)) for i, digit in enumerate(digits))
    return f"{-total if sign else total:.{scale}f}"


def _timestamp(data: bytes) -> str:
    try:
        moment = EPOCH + timedelta(microseconds=struct.unpack("!q", data)[0])
    except OverflowError:
        return "infinity"
    return f"'{moment:%Y-%m-%d %H:%M:%S.%f}'"


def _date(data: bytes) -> str:
    return f"'{date(2000, 1, 1) + timedelta(days=I32(data)[0])}'"


BINARY: dict[int, Callable[[bytes], str]] = {
    BOOL: lambda data: "true" if data[0] else "false",
    21: lambda data: str(I16(data)[0]),
    23: lambda data: str(I32(data)[0]),
    26: lambda data: str(struct.unpack("!I", data)[0]),
    20: lambda data: str(struct.unpack("!q", data)[0]),
    700: lambda data: f"{struct.unpack('!f', data)[0]:g}",
    701: lambda data: repr(struct.unpack("!d", data)[0]),
    1700: _numeric,
    1082: _date,
    1114: _timestamp,
    1184: _timestamp,
    2950: lambda data: f"'{uuid.UUID(bytes=data)}'",
    3802: lambda data: quoted(data[1:]),
    BYTEA: lambda data: _bytes(data),
}
TEXTUAL = frozenset({0, 25, 114, 705, 1042, 1043, 19})


def value(data: bytes | None, oid: int, form: int) -> str:
    """One value as SQL shows it, strings quoted, long ones shortened."""
    if data is None:
        return "null"
    if form == 1 and oid in BINARY:
        try:
            return BINARY[oid](data)
        except (struct.error, ValueError, IndexError):
            return _bytes(data)
    if form == 1 and oid not in TEXTUAL:
        return _bytes(data)
    if oid in NUMBERS:
        return data.decode("ascii", "replace")
    if oid == BOOL:
        return {b"t": "true", b"f": "false"}.get(bytes(data), data.decode("ascii", "replace"))
    if oid == 0 and len(data) < 20 and data.replace(b".", b"", 1).lstrip(b"-").isdigit():
        return data.decode()
    return quoted(data)


def quoted(data: bytes) -> str:
    """A string in single quotes, or its length where it is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _bytes(data)
    if len(text) > VALUE_CHARS_MAX:
        text = text[: VALUE_CHARS_MAX - 1] + "…"
    return "'" + text.replace("'", "''").replace("\n", "\\n") + "'"


def _bytes(data: bytes) -> str:
    return f"<{len(data)} bytes>"


def bind_values(message: bytes, oids: Sequence[int]) -> list[str]:
    """The parameters of a Bind message (without its five leading bytes)."""
    at = message.index(b"\0", message.index(b"\0") + 1) + 1
    count = I16(message, at)[0]
    forms = struct.unpack_from(f"!{count}h", message, at + 2)
    at += 2 + 2 * count
    number = I16(message, at)[0]
    values, _ = _fields(message, at + 2, number)
    form = [forms[0] if count == 1 else forms[i] if i < count else 0 for i in range(number)]
    return [value(data, oids[i] if i < len(oids) else 0, form[i]) for i, data in enumerate(values)]


def columns(message: bytes) -> list[Column]:
    """Type and format of every column of a RowDescription."""
    found = []
    at = 2
    for _ in range(I16(message)[0]):
        at = message.index(b"\0", at) + 1
        found.append((struct.unpack_from("!I", message, at + 6)[0], I16(message, at + 16)[0]))
        at += 18
    return found


def row(message: bytes, described: Sequence[Column]) -> str:
    """A DataRow as a tuple."""
    values, _ = _fields(message, 2, I16(message)[0])
    known = [described[i] if i < len(described) else (0, 0) for i in range(len(values))]
    return "(" + ", ".join(value(data, *known[i]) for i, data in enumerate(values)) + ")"


def _fields(message: bytes, at: int, count: int) -> tuple[list[bytes | None], int]:
    found: list[bytes | None] = []
    for _ in range(count):
        length = I32(message, at)[0]
        at += 4
        found.append(None if length < 0 else message[at : at + length])
        at += max(length, 0)
    return found, at


def error_fields(message: bytes) -> tuple[str, str]:
    """SQLSTATE and message of an ErrorResponse."""
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in message.split(b"\0") if part}
    return fields.get(b"C", ""), fields.get(b"M", "")
