"""Messages of the Postgres protocol, written by hand for tests."""

from __future__ import annotations

import struct

SYNC = b"S\x00\x00\x00\x04"
FLUSH = b"H\x00\x00\x00\x04"
TERMINATE = b"X\x00\x00\x00\x04"
COPY_DONE = b"c\x00\x00\x00\x04"
PARSED, BOUND, NO_DATA, EMPTY = (kind + b"\x00\x00\x00\x04" for kind in (b"1", b"2", b"n", b"I"))


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def startup(user: str = "shop") -> bytes:
    body = struct.pack("!I", 196608) + b"user\0" + user.encode() + b"\0database\0shop\0\0"
    return struct.pack("!I", len(body) + 4) + body


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def parse(sql: str, name: bytes = b"", oids: tuple[int, ...] = ()) -> bytes:
    return message(b"P", name + b"\0" + sql.encode() + b"\0" + struct.pack(f"!H{len(oids)}I", len(oids), *oids))


def bind(*values: bytes | None, name: bytes = b"", formats: tuple[int, ...] = ()) -> bytes:
    body = b"\0" + name + b"\0" + struct.pack(f"!H{len(formats)}H", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message(b"B", body + struct.pack("!H", 0))


def execute() -> bytes:
    return message(b"E", b"\0\0\0\0\0")


def describe() -> bytes:
    return message(b"D", b"P\0")


def extended(sql: str, *values: bytes | None, end: bytes = SYNC) -> bytes:
    return parse(sql) + bind(*values) + describe() + execute() + end


def ready(state: bytes = b"I") -> bytes:
    return message(b"Z", state)


def done(tag: str) -> bytes:
    return message(b"C", tag.encode() + b"\0")


def failure(code: str, text: str) -> bytes:
    return message(b"E", b"SERROR\0C" + code.encode() + b"\0M" + text.encode() + b"\0\0")


def columns(*oids: int) -> bytes:
    body = struct.pack("!H", len(oids))
    for oid in oids:
        body += b"column\0" + struct.pack("!IhIhih", 0, 0, oid, -1, -1, 0)
    return message(b"T", body)


def row(*values: bytes | None) -> bytes:
    body = struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message(b"D", body)


def key(pid: int = 4711) -> bytes:
    return message(b"K", struct.pack("!II", pid, 99))


HELLO = (startup(), message(b"R", struct.pack("!I", 0)) + key() + ready())
"""The exchange that begins every session."""
