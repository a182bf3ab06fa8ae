"""Fetch and what readers ask besides: messages, offsets by time, and where an epoch ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.backends.kafka import wire
from autograder.backends.kafka.apis.call import Answer, Call, Gone
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.partition import Partition

__all__ = ["fetch", "list_offsets", "offset_for_leader_epoch"]

_UNLIMITED = 1 << 30
LATEST, EARLIEST, NEWEST = -1, -2, -3
"""What a ListOffsets request may say instead of a time."""
NEWEST_SINCE = 7
"""The version of ListOffsets that brought NEWEST."""


@dataclass
class _Found:
    """What one look at the logs brought."""

    responses: list[Answer] = field(default_factory=list)
    partitions: list[Partition] = field(default_factory=list)
    size_bytes: int = 0
    refused: bool = False


async def fetch(call: Call) -> Answer:
    """Give what is there; when that is too little, wait for more until the client's time is up."""
    deadline = call.broker.clock() + call.body.max_wait_ms / 1000
    while True:
        found = _look(call)
        left_s = deadline - call.broker.clock()
        enough = found.size_bytes >= max(call.body.min_bytes, 1) or found.refused
        if enough or left_s <= 0 or not call.broker.cluster.is_up(call.node):
            return {"responses": found.responses, "session_id": 0}
        await call.broker.news(found.partitions, left_s, call.gone)
        if call.gone.done():
            raise Gone


def _look(call: Call) -> _Found:
    found = _Found()
    budget = call.body.max_bytes if call.body.max_bytes and call.body.max_bytes > 0 else _UNLIMITED
    for topic in call.body.topics:
        found.responses.append({"topic": topic.topic, "partitions": [
            _one(call, found, topic.topic, part, budget) for part in topic.partitions]})
    return found


def _one(call: Call, found: _Found, topic: str, part: Any, budget: int) -> Answer:
    answer: Answer = {"partition_index": part.partition, "error_code": Code.NONE, "high_watermark": -1,
                      "last_stable_offset": -1, "log_start_offset": -1, "aborted_transactions": None, "records": b""}
    try:
        partition = call.broker.led_partition((topic, part.partition), call.node)
        _check_epoch(partition, part.current_leader_epoch if call.version >= 9 else -1)
        if not partition.start <= part.fetch_offset <= partition.high_watermark:
            raise Refused(Code.OFFSET_OUT_OF_RANGE)
        found.partitions.append(partition)
        answer.update(high_watermark=partition.high_watermark, last_stable_offset=partition.last_stable,
                      log_start_offset=partition.start)
    except Refused as refusal:
        found.refused = True
        answer["error_code"] = refusal.code
        return answer
    limit = partition.last_stable if call.body.isolation_level else partition.high_watermark
    raw = partition.read(part.fetch_offset, limit, min(part.partition_max_bytes, budget - found.size_bytes),
                         at_least_one=found.size_bytes == 0)
    answer["records"] = b"".join(raw)
    found.size_bytes += len(answer["records"])
    if call.body.isolation_level:
        answer["aborted_transactions"] = [{"producer_id": aborted.producer, "first_offset": aborted.first}
                                          for aborted in partition.aborted(part.fetch_offset, limit)] if raw else []
    return answer


def _check_epoch(partition: Partition, known: int) -> None:
    """Raise Refused unless the client knows the present leader epoch; -1 when it does not say."""
    if known > partition.leader_epoch:
        raise Refused(Code.UNKNOWN_LEADER_EPOCH)
    if 0 <= known < partition.leader_epoch:
        raise Refused(Code.FENCED_LEADER_EPOCH)


def list_offsets(call: Call) -> Answer:
    """The first offset, the next offset, or the first offset from a time on."""
    def one(topic: str, part: Any) -> Answer:
        code, offset, timestamp, epoch = Code.NONE, -1, -1, -1
        try:
            partition = call.broker.led_partition((topic, part.partition_index), call.node)
            _check_epoch(partition, part.current_leader_epoch if call.version >= 4 else -1)
            if part.timestamp < (NEWEST if call.version >= NEWEST_SINCE else EARLIEST):
                raise Refused(Code.UNSUPPORTED_VERSION)
            stable = call.version >= 2 and bool(call.body.isolation_level)
            offset, timestamp = _by_time(partition, part.timestamp, stable=stable)
            epoch = partition.leader_epoch
        except Refused as refusal:
            code = refusal.code
        return {"partition_index": part.partition_index, "error_code": code, "timestamp": timestamp,
                "offset": offset, "leader_epoch": epoch}

    return {"topics": _each(call, "name", one)}


def _by_time(partition: Partition, wanted: int, *, stable: bool) -> tuple[int, int]:
    """Offset and timestamp of what was asked for; (-1, -1) when there is no such message."""
    if wanted == EARLIEST:
        return partition.start, -1
    if wanted == LATEST:
        return (partition.last_stable if stable else partition.high_watermark), -1
    messages = [batch for batch in partition.batches if not batch.control]
    if wanted == NEWEST:
        wanted = max((batch.timestamp_ms_max for batch in messages), default=-1)
    for batch in messages:
        if batch.timestamp_ms_max >= wanted >= 0:
            for record in wire.records(batch.raw):
                if record.timestamp_ms >= wanted and record.offset >= partition.start:
                    return record.offset, record.timestamp_ms
    return -1, -1


def offset_for_leader_epoch(call: Call) -> Answer:
    """Where an epoch ended, so that a reader notices that messages it has read were lost."""
    def one(topic: str, part: Any) -> Answer:
        code, epoch, end = Code.NONE, -1, -1
        partition = call.broker.topics.partition(topic, part.partition)
        try:
            if partition is None:
                raise Refused(Code.UNKNOWN_TOPIC_OR_PARTITION)
            _check_epoch(partition, part.current_leader_epoch)
            epoch, end = partition.epoch_end(part.leader_epoch)
        except Refused as refusal:
            code = refusal.code
        return {"error_code": code, "partition": part.partition, "leader_epoch": epoch, "end_offset": end}

    return {"topics": _each(call, "topic", one)}


def _each(call: Call, name_field: str, one: Callable[[str, Any], Answer]) -> list[Answer]:
    """Answer for every Kafka partition that was asked about, topic by topic."""
    return [{name_field: getattr(topic, name_field),
             "partitions": [one(getattr(topic, name_field), part) for part in topic.partitions]}
            for topic in call.body.topics]
