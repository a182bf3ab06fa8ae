"""A unit: the messages that a Postgres client has sent since the last request was cut off."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.tap.link import Link
from autograder.tap.postgres_text import bind_values
from autograder.tap.request import Request
from autograder.tap.sql import Sql, describe

__all__ = ["Cut", "Unit"]

FLUSH = b"H\x00\x00\x00\x04"
ANSWERED = b"PBDEC"
"""Each of these messages has exactly one reply (a series of rows counts as a part of Execute's)."""
NOTHING = Sql("sync", "control", False, ("sync",))
PREPARED_MAX = 5000


@dataclass(frozen=True)
class Cut:
    """One request's bytes and what they mean."""

    data: bytes
    sql: Sql
    values: tuple[str, ...]
    executes: bool
    counted: bool
    commits: str = ""
    """The label of the statement that this Sync makes visible, if it does nothing else."""
    silent: bool = False

    def request(self, link: Link) -> Request:
        """The request as the gate wants it."""
        prepares = not self.executes and self.counted and not self.commits
        return Request(
            process=link.process, backend=link.door.backend, link=link, data=self.data, silent=self.silent,
            label="COMMIT" if self.commits else self.sql.label,
            text=f"sync, which commits {self.commits}" if self.commits else self.sql.bound(self.values),
            kind="end" if self.commits else self.sql.kind, effect=bool(self.commits) or self.sql.effect,
            counted=self.counted, preparing=prepares, executes=self.executes or bool(self.commits),
        )  # fmt: skip


class Unit:
    """Cuts the client's messages into requests, and remembers what is prepared under which name."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._parsed: Sql | None = None
        self._bound: Sql | None = None
        self._values: tuple[str, ...] = ()
        self._executes = False
        self._flushed_effect = ""
        self.in_block = False
        """Between BEGIN and COMMIT, as far as the messages tell; a Sync commits only outside."""
        self._prepared: dict[bytes, tuple[Sql, tuple[int, ...]]] = {}
        self._named: dict[str, Sql] = {}

    @property
    def empty(self) -> bool:
        """Is nothing half said?"""
        return not self._data and not self._executes

    def take(self, kind: int, message: bytes) -> Iterator[Cut]:
        """Take a message in; what it completes is cut off."""
        if kind in b"QXF":
            yield from self._whole(kind, message)
            return
        if self._executes and kind not in b"SH":
            yield self._cut(FLUSH)
        if kind == ord("S"):
            yield self._cut(message, synchronises=True)
        elif kind == ord("H"):
            yield from [self._cut(message)] if self._data else []
        else:
            self._data += message
            self._learn(kind, message)

    def _whole(self, kind: int, message: bytes) -> Iterator[Cut]:
        """A simple query, a function call, or the client's good-bye."""
        if self._executes:
            yield self._cut(FLUSH)
        data = bytes(self._data) + message
        self._data.clear()
        if kind == ord("X"):
            yield Cut(data, NOTHING, (), executes=False, counted=False, silent=True)
        elif kind == ord("F"):
            yield Cut(data, describe("call function"), (), executes=True, counted=True)
        else:
            yield Cut(data, self._resolved(describe(message[5:-1].decode("utf-8", "replace"))), (), True, True)

    def _learn(self, kind: int, message: bytes) -> None:
        if kind == ord("P"):
            self._parse(message)
        elif kind == ord("B"):
            self._bind(message)
        elif kind == ord("E"):
            self._executes = True

    def _parse(self, message: bytes) -> None:
        name, query, rest = message[5:].split(b"\0", 2)
        count = struct.unpack_from("!H", rest)[0]
        sql = self._resolved(describe(query.decode("utf-8", "replace")))
        if len(self._prepared) >= PREPARED_MAX:
            self._prepared.pop(next(iter(self._prepared)))
        self._prepared[name] = (sql, struct.unpack_from(f"!{count}I", rest, 2))
        self._parsed = self._parsed or sql

    def _bind(self, message: bytes) -> None:
        portal_end = message.index(b"\0", 5)
        name = message[portal_end + 1 : message.index(b"\0", portal_end + 1)]
        sql, oids = self._prepared.get(name, (None, ()))
        self._bound = sql or describe("execute unknown")
        self._values = tuple(bind_values(message[5:], oids))

    def _resolved(self, sql: Sql) -> Sql:
        """SQL-level PREPARE and EXECUTE: an EXECUTE is what was prepared under its name."""
        if sql.prepares and sql.inner:
            self._named[sql.prepares] = sql.inner
        if sql.runs in self._named:
            inner = self._named[sql.runs]
            return Sql(inner.label, inner.kind, inner.effect, sql.pieces)
        return sql

    def _cut(self, last: bytes, *, synchronises: bool = False) -> Cut:
        sql = self._bound or self._parsed or NOTHING
        ahead = not self._executes and self._bound is None and self._parsed is not None
        counted = self._executes or (ahead and sql.takes_snapshot)
        commits = self._flushed_effect if synchronises and not self._executes else ""
        cut = Cut(bytes(self._data) + last, sql, self._values, self._executes, counted or bool(commits), commits)
        self._remember_effect(sql, synchronises)
        self._data.clear()
        self._parsed = self._bound = None
        self._values = ()
        self._executes = False
        return cut

    def _remember_effect(self, sql: Sql, synchronises: bool) -> None:
        """What has been executed, but becomes visible only with the next Sync."""
        if self._executes and sql.label == "BEGIN":
            self.in_block = True
        elif self._executes and sql.kind == "end":
            self.in_block = False
        if synchronises or (self._executes and sql.kind == "end"):
            self._flushed_effect = ""
        elif self._executes and sql.kind == "write" and not self.in_block:
            self._flushed_effect = sql.label
