"""Transactions on the wire: producer ids, what belongs to a transaction, and how it ends."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from autograder.backends.kafka.apis.call import Answer, Call
from autograder.backends.kafka.apis.groups import known_group
from autograder.backends.kafka.apis.offsets import committed, mistake
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.transactions import STATES, Transaction

__all__ = ["add_offsets", "add_partitions", "describe_transactions", "end_transaction", "init_producer",
           "list_transactions", "txn_offset_commit"]


def init_producer(call: Call) -> Answer:
    """A producer id; with a transactional id this instance becomes the only one."""
    body = call.body
    if body.transactional_id is None:
        return {"error_code": Code.NONE, "producer_id": call.broker.transactions.new_producer(), "producer_epoch": 0}
    claim = (body.producer_id, body.producer_epoch) if call.version >= 3 and body.producer_id >= 0 else None
    try:
        if not body.transactional_id:
            raise Refused(Code.INVALID_REQUEST)
        call.broker.check_coordinator(body.transactional_id, call.node)
        known = call.broker.transactions.open(body.transactional_id, body.transaction_timeout_ms, claim)
    except Refused as refusal:
        return {"error_code": _fenced_as(refusal, call.version >= 4), "producer_id": -1, "producer_epoch": -1}
    call.broker.trace.event("transaction", id=known.id, state=known.state, epoch=known.epoch)
    return {"error_code": Code.NONE, "producer_id": known.producer, "producer_epoch": known.epoch}


def _fenced_as(refusal: Refused, knows_fenced: bool) -> Code:
    """Older versions of a request have another word for being fenced."""
    if refusal.code == Code.PRODUCER_FENCED and not knows_fenced:
        return Code.INVALID_PRODUCER_EPOCH
    return refusal.code


def _transaction(call: Call, transactional_id: str, producer: int, epoch: int) -> Transaction:
    call.broker.check_coordinator(transactional_id, call.node)
    return call.broker.transactions.of(transactional_id, producer, epoch)


def add_partitions(call: Call) -> Answer:
    """Kafka partitions that the transaction will write to; all of them or none."""
    body = call.body
    places = [(topic.name, index) for topic in body.v3_and_below_topics for index in topic.partitions]
    missing = {place for place in places if call.broker.topics.partition(*place) is None}
    refused = Code.NONE
    try:
        known = _transaction(call, body.v3_and_below_transactional_id, body.v3_and_below_producer_id,
                             body.v3_and_below_producer_epoch)
        if not missing:
            call.broker.transactions.add(known, places=places)
            call.broker.alarm.by(known.deadline)
    except Refused as refusal:
        refused = _fenced_as(refusal, call.version >= 2)

    def code(place: tuple[str, int]) -> Code:
        if refused or not missing:
            return refused
        return Code.UNKNOWN_TOPIC_OR_PARTITION if place in missing else Code.OPERATION_NOT_ATTEMPTED

    return {"results_by_topic_v3_and_below": [
        {"name": topic.name, "results_by_partition": [
            {"partition_index": index, "partition_error_code": code((topic.name, index))}
            for index in topic.partitions]} for topic in body.v3_and_below_topics]}


def add_offsets(call: Call) -> Answer:
    """A group whose offsets the transaction will commit."""
    body = call.body
    try:
        known = _transaction(call, body.transactional_id, body.producer_id, body.producer_epoch)
        call.broker.transactions.add(known, groups=[body.group_id])
        call.broker.alarm.by(known.deadline)
    except Refused as refusal:
        return {"error_code": _fenced_as(refusal, call.version >= 2)}
    return {"error_code": Code.NONE}


def txn_offset_commit(call: Call) -> Answer:
    """Offsets that count when the transaction commits."""
    body, refused = call.body, Code.NONE
    try:
        _check_txn_committer(call)
    except Refused as refusal:
        # This request has no word for a fenced producer; Kafka says that its epoch is not valid.
        refused = _fenced_as(refusal, False)

    def one(topic: str, part: Any) -> Answer:
        place = (topic, part.partition_index)
        code = refused
        code = code or mistake(call, place, part)
        if not code:
            call.broker.offsets.pend(body.group_id, body.producer_id, place, committed(part))
        return {"partition_index": part.partition_index, "error_code": code}

    return {"topics": [{"name": topic.name, "partitions": [one(topic.name, part) for part in topic.partitions]}
                       for topic in body.topics]}


def _check_txn_committer(call: Call) -> None:
    body = call.body
    call.broker.check_coordinator(body.group_id, call.node)
    known = call.broker.transactions.of(body.transactional_id, body.producer_id, body.producer_epoch)
    call.broker.transactions.may_commit_for(known, body.group_id)
    if call.version >= 3 and (body.generation_id >= 0 or body.member_id):
        known_group(call, body.group_id).member(body.member_id, body.generation_id, body.group_instance_id)


def end_transaction(call: Call) -> Answer:
    """Commit or abort."""
    body = call.body
    try:
        known = _transaction(call, body.transactional_id, body.producer_id, body.producer_epoch)
        call.broker.transactions.end(known, commit=body.committed)
    except Refused as refusal:
        return {"error_code": _fenced_as(refusal, call.version >= 2)}
    call.broker.trace.event("transaction", id=known.id, state=known.state, epoch=known.epoch)
    return {"error_code": Code.NONE}


def list_transactions(call: Call) -> Answer:
    """Transactional ids with their state: all, or those in certain states or of certain producers."""
    states, producers = call.body.state_filters, call.body.producer_id_filters
    return {"error_code": Code.NONE, "unknown_state_filters": [one for one in states if one not in STATES],
            "transaction_states": [
                {"transactional_id": known.id, "producer_id": known.producer, "transaction_state": known.state}
                for known in call.broker.transactions
                if (not states or known.state in states) and (not producers or known.producer in producers)]}


def describe_transactions(call: Call) -> Answer:
    """What is known of transactional ids."""
    return {"transaction_states": [_describe(call, name) for name in call.body.transactional_ids]}


def _describe(call: Call, name: str) -> Answer:
    known = call.broker.transactions.get(name)
    if known is None:
        return {"error_code": Code.TRANSACTIONAL_ID_NOT_FOUND, "transactional_id": name, "transaction_state": "",
                "transaction_timeout_ms": 0, "transaction_start_time_ms": -1, "producer_id": -1,
                "producer_epoch": -1, "topics": []}
    topics: dict[str, list[int]] = defaultdict(list)
    for topic, index in sorted(known.places):
        topics[topic].append(index)
    return {"error_code": Code.NONE, "transactional_id": name, "transaction_state": known.state,
            "transaction_timeout_ms": known.timeout_ms, "transaction_start_time_ms": known.started_ms,
            "producer_id": known.producer, "producer_epoch": known.epoch,
            "topics": [{"topic": topic, "partitions": indexes} for topic, indexes in topics.items()]}
