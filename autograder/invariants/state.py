"""State: what the backends hold at one moment of a run, and what the judge knows must have happened by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Message", "Progress", "State", "Stored"]

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One record of a Kafka topic, as a ``read_committed`` consumer sees it."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: str
    producer: str = ""
    """The process that sent it, where the judge could tell; empty otherwise."""
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value, in the order in which they were sent."""

    def header(self, name: str) -> str:
        """The value of the first header of this name; empty where there is none."""
        return next((value for known, value in self.headers if known == name), "")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a consumer group has come in one Kafka partition."""

    group: str
    topic: str
    partition: int
    committed: int
    """The committed offset: where the group goes on after a restart; 0 where nothing was committed."""
    end: int
    """The offset that the next message will get."""

    @property
    def lag(self) -> int:
        """Messages between the committed offset and the end."""
        return self.end - self.committed


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What Redis holds under one key."""

    kind: str
    """string, hash, list, set, zset or stream."""
    value: Any
    ttl_ms: int | None = None
    """Milliseconds until it expires; None when it never does."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The backends at one moment, called ``moment``: after the crash, after the repeat, at the end."""

    moment: str
    at: int = 0
    """The tick of the run's history at that moment."""
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    redis: Mapping[str, Stored] = field(default_factory=dict)
    """By key; empty where a lab has no Redis."""
    progress: tuple[Progress, ...] = ()
    """How far the consumer groups have come that the scenario asked about."""
    charges: tuple[Row, ...] = ()
    """What the payment gateway has taken: id, key, purchase_id, buyer, amount (cents); in order."""
    refunds: tuple[Row, ...] = ()
    """What it has given back: id, key, charge_id, amount."""
    parcels: tuple[Row, ...] = ()
    """What the warehouse has packed: key, purchase_id, item, quantity."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What the scenario knows: the commands given, who was answered, whether the work is finished."""

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of one table; raises KeyError for a table that the scenario did not read."""
        return self.tables[table]
