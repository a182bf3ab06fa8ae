"""The settings that a topic can have: Apache Kafka's names, kinds, limits and defaults.

The broker acts on those that a program can notice. The others concern files and background work that it does not have:
it checks, keeps and shows them, and nothing follows from them. What a program would notice and the broker cannot do is
refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from autograder.backends.kafka.codes import Code, Refused

__all__ = ["SETTINGS", "Kind", "Setting", "check_settings"]

INT_MAX, LONG_MAX = (1 << 31) - 1, (1 << 63) - 1


class Kind(IntEnum):
    """What a value is, numbered as in the answer to DescribeConfigs."""

    BOOLEAN = 1
    STRING = 2
    INT = 3
    LONG = 5
    DOUBLE = 6
    LIST = 7


_REPLICAS = re.compile(r"(\*|\d+:\d+(,\d+:\d+)*)?")
_SIZES = {Kind.INT: INT_MAX, Kind.LONG: LONG_MAX, Kind.DOUBLE: math.inf}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    kind: Kind
    default: str
    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()
    """The only values, where it has words."""

    def mistake(self, value: str) -> str | None:
        """Kafka's sentence about a value that it refuses, or None."""
        if self.kind == Kind.BOOLEAN:
            return None if value in ("true", "false") else "Expected value to be either true or false"
        if self.kind in _SIZES:
            return self._mistake_in_number(value)
        values = value.split(",") if self.kind == Kind.LIST else [value]
        if self.words:
            known = all(one.strip() in self.words for one in values)
            return None if known else f"String must be one of: {', '.join(self.words)}"
        return None if _REPLICAS.fullmatch(value) else "It must be '*' or a list of [partitionId]:[brokerId]"

    def _mistake_in_number(self, value: str) -> str | None:
        try:
            number = float(value) if self.kind == Kind.DOUBLE else int(value)
        except ValueError:
            return f"Not a number of type {self.kind.name}"
        if not -_SIZES[self.kind] - 1 <= number <= _SIZES[self.kind]:
            return f"Not a number of type {self.kind.name}"
        if number < self.low:
            return f"Value must be at least {self.low}"
        return f"Value must be no more than {self.high}" if number > self.high else None


def _flag() -> Setting:
    return Setting(Kind.BOOLEAN, "false")


def _int(default: int, low: float = 0, high: float = math.inf) -> Setting:
    return Setting(Kind.INT, str(default), low, high)


def _long(default: int, low: float = 0) -> Setting:
    return Setting(Kind.LONG, str(default), low)


SETTINGS: Mapping[str, Setting] = {
    "cleanup.policy": Setting(Kind.LIST, "delete", words=("compact", "delete")),
    "compression.gzip.level": _int(-1, -1, 9),
    "compression.lz4.level": _int(9, 1, 17),
    "compression.type": Setting(Kind.STRING, "producer",
                                words=("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")),
    "compression.zstd.level": _int(3, -131072, 22),
    "delete.retention.ms": _long(86_400_000),
    "file.delete.delay.ms": _long(60_000),
    "flush.messages": _long(LONG_MAX, 1),
    "flush.ms": _long(LONG_MAX),
    "follower.replication.throttled.replicas": Setting(Kind.LIST, ""),
    "index.interval.bytes": _int(4096),
    "leader.replication.throttled.replicas": Setting(Kind.LIST, ""),
    "local.retention.bytes": _long(-2, -2),
    "local.retention.ms": _long(-2, -2),
    "max.compaction.lag.ms": _long(LONG_MAX, 1),
    "max.message.bytes": _int(1_048_588),
    "message.timestamp.after.max.ms": _long(3_600_000),
    "message.timestamp.before.max.ms": _long(LONG_MAX),
    "message.timestamp.type": Setting(Kind.STRING, "CreateTime", words=("CreateTime", "LogAppendTime")),
    "min.cleanable.dirty.ratio": Setting(Kind.DOUBLE, "0.5", 0, 1),
    "min.compaction.lag.ms": _long(0),
    "min.insync.replicas": _int(1, 1),
    "preallocate": _flag(),
    "remote.log.copy.disable": _flag(),
    "remote.log.delete.on.disable": _flag(),
    "remote.storage.enable": _flag(),
    "retention.bytes": _long(-1, -math.inf),
    "retention.ms": _long(604_800_000, -1),
    "segment.bytes": _int(1_073_741_824, 1_048_576),
    "segment.index.bytes": _int(10_485_760, 4),
    "segment.jitter.ms": _long(0),
    "segment.ms": _long(604_800_000, 1),
    "unclean.leader.election.enable": _flag(),
}

_CANNOT = {
    "cleanup.policy": "deletes old messages and compacts nothing",
    "message.timestamp.before.max.ms": "does not look for messages that are too old",
    "message.timestamp.type": "leaves messages the time that their producers gave them",
    "remote.storage.enable": "keeps every message itself",
}
"""What the broker does instead of heeding another value of these than the default."""


def check_settings(settings: Mapping[str, str | None]) -> None:
    """Raise Refused for what Kafka refuses, and for what the embedded broker cannot honour."""
    for name, value in settings.items():
        known = SETTINGS.get(name)
        if known is None:
            raise Refused(Code.INVALID_CONFIG, f"Unknown topic config name: {name}")
        if value is None:
            raise Refused(Code.INVALID_REQUEST, f"Null value not supported for : {name}")
        mistake = known.mistake(value)
        if mistake is not None:
            raise Refused(Code.INVALID_CONFIG, f"Invalid value {value} for configuration {name}: {mistake}")
        if name in _CANNOT and value != known.default:
            raise Refused(Code.POLICY_VIOLATION, f"The embedded broker {_CANNOT[name]}, so it refuses {name}={value}: "
                          "use the native or container backends for that.")
