"""Kafka's answers name brokers; here those names become the tap's doors.

A client connects to whatever address Metadata, FindCoordinator or DescribeCluster tell it, so every such address is
replaced. This is done field by field, never by searching bytes: a message's payload may contain anything. Two answers
carry addresses in tagged fields that only hint at a new leader; those hints are left out (Produce) or never asked for,
because the ApiVersions answer offers no version that has them (Fetch 16).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from autograder.tap.kafka_fields import Fields, array_head, string
from autograder.tap.kafka_requests import (
    API_VERSIONS, DESCRIBE_CLUSTER, FIND_COORDINATOR, METADATA, PRODUCE, Asked, is_flexible,
)  # fmt: skip

__all__ = ["Translate", "rewritten"]

Translate = Callable[[str, int], tuple[str, int]]
"""From a broker's host and port to a door's."""

VERSIONS_MAX = {0: 12, 1: 15, 3: 13, 8: 9, 10: 6, 11: 9, 13: 5, 22: 5, 24: 3, 26: 4, 28: 4, 60: 2}
"""The newest version of each request that the tap understands (Produce 13 and OffsetCommit 10 have no topic names)."""


def rewritten(question: Asked, body: bytes, translate: Translate) -> bytes:
    """An answer's body (behind its header) with the tap's addresses in it; other answers as they are."""
    rewrite = REWRITERS.get(question.api)
    if rewrite is None:
        return body
    fields = Fields(body, flexible=is_flexible(question.api, question.version))
    return rewrite(question.version, fields, translate)


def _address(fields: Fields, translate: Translate) -> bytes:
    host, port = translate(fields.string(), fields.int32())
    return string(host, flexible=fields.flexible) + struct.pack("!i", port)


def _metadata(version: int, fields: Fields, translate: Translate) -> bytes:
    if version >= 3:
        fields.int32()
    return _brokers(fields, translate, rack=version >= 1, fenced=False)


def _describe_cluster(version: int, fields: Fields, translate: Translate) -> bytes:
    fields.int32()
    fields.int16()
    fields.string()
    if version >= 1:
        fields.int8()
    fields.string()
    fields.int32()
    return _brokers(fields, translate, rack=True, fenced=version >= 2)


def _brokers(fields: Fields, translate: Translate, *, rack: bool, fenced: bool) -> bytes:
    """The array of brokers that begins here, between what stands before it and what stands behind it."""
    out = bytearray(fields.data[: fields.at])
    count = fields.count()
    out += array_head(count, flexible=fields.flexible)
    for _ in range(count):
        out += struct.pack("!i", fields.int32()) + _address(fields, translate)
        rest = fields.at
        if rack:
            fields.string()
        if fenced:
            fields.int8()
        fields.tags()
        out += fields.data[rest : fields.at]
    return bytes(out + fields.data[fields.at :])


def _find_coordinator(version: int, fields: Fields, translate: Translate) -> bytes:
    if version >= 4:
        return _coordinators(fields, translate)
    if version >= 1:
        fields.int32()
    fields.int16()
    if version >= 1:
        fields.string()
    fields.int32()
    before = fields.data[: fields.at]
    return before + _address(fields, translate) + fields.data[fields.at :]


def _coordinators(fields: Fields, translate: Translate) -> bytes:
    fields.int32()
    out = bytearray(fields.data[: fields.at])
    count = fields.count()
    out += array_head(count, flexible=True)
    for _ in range(count):
        start = fields.at
        fields.string()
        fields.int32()
        out += fields.data[start : fields.at] + _address(fields, translate)
        rest = fields.at
        fields.int16()
        fields.string()
        fields.tags()
        out += fields.data[rest : fields.at]
    return bytes(out + fields.data[fields.at :])


def _api_versions(version: int, fields: Fields, translate: Translate) -> bytes:
    """No version may be used that the tap does not understand."""
    out = bytearray(fields.data)
    error = fields.int16()
    for _ in range(fields.count() if not error else 0):
        api, lowest = fields.int16(), fields.int16()
        newest = fields.int16()
        struct.pack_into("!h", out, fields.at - 2, max(lowest, min(newest, VERSIONS_MAX.get(api, newest))))
        fields.tags()
    return bytes(out)


def _produce(version: int, fields: Fields, translate: Translate) -> bytes:
    """Without the hints on new leaders: the tagged fields at the very end."""
    if version < 10:
        return fields.data
    for _ in range(fields.count()):
        fields.string()
        for _ in range(fields.count()):
            fields.at += 4 + 2 + 8 + 8 + 8
            for _ in range(fields.count()):
                fields.int32()
                fields.string()
                fields.tags()
            fields.string()
            fields.tags()
        fields.tags()
    fields.int32()
    return fields.data[: fields.at] + b"\0"


REWRITERS: dict[int, Callable[[int, Fields, Translate], bytes]] = {
    METADATA: _metadata, DESCRIBE_CLUSTER: _describe_cluster, FIND_COORDINATOR: _find_coordinator,
    API_VERSIONS: _api_versions, PRODUCE: _produce,
}  # fmt: skip
