"""Produce: storing what producers send."""

from __future__ import annotations

from typing import Any

from autograder.backends.kafka import wire
from autograder.backends.kafka.apis.call import Answer, Call, Gone
from autograder.backends.kafka.batch import Batch, received
from autograder.backends.kafka.broker import now_ms
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.topics import Topic

__all__ = ["produce"]

ALL = -1
"""acks=all: the answer waits until every replica that is up has the messages."""
_WAIT_S = 1.0


async def produce(call: Call) -> Answer:
    """Store every batch and say at which offset; with acks=all not before the followers have it."""
    stored: list[tuple[Partition, int, Answer]] = []
    responses = [{"name": topic.name, "partition_responses": [
        _one(call, topic.name, part, stored) for part in topic.partition_data]} for topic in call.body.topic_data]
    if call.body.acks == ALL:
        until = call.broker.clock() + call.body.timeout_ms / 1000
        for partition, end, response in stored:
            if not await _replicated(call, partition, end, until):
                response["error_code"] = Code.REQUEST_TIMED_OUT  # it is stored all the same, and may spread yet
    return {"responses": responses}


def _one(call: Call, topic: str, part: Any, stored: list[tuple[Partition, int, Answer]]) -> Answer:
    code, sentence, base, start = Code.NONE, None, -1, -1
    try:
        if call.body.acks not in (ALL, 0, 1):
            raise Refused(Code.INVALID_REQUIRED_ACKS)
        partition = call.broker.led_partition((topic, part.index), call.node)
        base = _store(call, partition, received(part.records or b"", wire.crc32c))
        start = partition.start
        end = partition.end
    except Refused as refusal:
        code, sentence = refusal.code, refusal.sentence
    response: Answer = {"index": part.index, "error_code": code, "base_offset": base, "log_append_time_ms": -1,
                        "log_start_offset": start, "error_message": sentence}
    if code == Code.NONE:
        stored.append((partition, end, response))
    return response


def _store(call: Call, partition: Partition, batch: Batch) -> int:
    """Append a batch unless it is stored already; returns the offset of its first message."""
    topic = call.broker.topics.get(partition.topic)
    assert topic is not None
    _check_replicas(call, partition, topic)
    _check_batch(topic, batch)
    known = _known(call, partition, batch) if batch.producer >= 0 else None
    if known is not None:
        return known
    base = partition.append(batch)
    call.broker.cluster.advance(partition)
    return base


def _check_replicas(call: Call, partition: Partition, topic: Topic) -> None:
    in_sync, needed = len(call.broker.cluster.in_sync(partition)), topic.number("min.insync.replicas")
    if call.body.acks == ALL and in_sync < needed:
        raise Refused(Code.NOT_ENOUGH_REPLICAS, f"{in_sync} of at least {needed} replicas are up")


def _check_batch(topic: Topic, batch: Batch) -> None:
    bytes_max = topic.number("max.message.bytes")
    if len(batch.raw) > bytes_max:
        raise Refused(Code.MESSAGE_TOO_LARGE, f"a batch of {len(batch.raw)} bytes, the topic takes {bytes_max}")
    newest = now_ms() + topic.number("message.timestamp.after.max.ms")
    if batch.timestamp_ms_max > newest:
        raise Refused(Code.INVALID_TIMESTAMP, f"a message is of {batch.timestamp_ms_max}, the topic takes none "
                      f"beyond {newest}")


def _known(call: Call, partition: Partition, batch: Batch) -> int | None:
    """Where this very batch is stored already, if it is; Refused when its producer may not write it."""
    if batch.transactional and call.body.transactional_id is None:
        raise Refused(Code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    if not batch.transactional and partition.has_open_transaction(batch.producer):
        raise Refused(Code.INVALID_TXN_STATE, "its producer has a transaction open here and must stay within it")
    if batch.transactional:
        call.broker.transactions.may_write(call.body.transactional_id, batch.producer, batch.epoch,
                                           (partition.topic, partition.index))
    return partition.producers.duplicate(batch)


async def _replicated(call: Call, partition: Partition, end: int, until: float) -> bool:
    """Wait for the followers; False when they did not come in the time that the producer gave."""
    place = (partition.topic, partition.index)
    while partition.high_watermark < end <= partition.end and call.broker.topics.partition(*place) is partition:
        left_s = until - call.broker.clock()
        if left_s <= 0:
            return False
        await call.broker.news([partition], min(_WAIT_S, left_s), call.gone)
        if call.gone.done() and partition.high_watermark < end:
            raise Gone
    return True
