"""Committed offsets on the wire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from autograder.backends.kafka.apis.call import Answer, Call
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.offsets import Committed

__all__ = ["committed", "mistake", "offset_commit", "offset_delete", "offset_fetch"]

METADATA_MAX = 4096
"""Apache Kafka's offset.metadata.max.bytes."""


def committed(part: Any) -> Committed:
    """The offset that a request wants to commit for one Kafka partition."""
    return Committed(part.committed_offset, part.committed_metadata or "",
                     getattr(part, "committed_leader_epoch", -1))


def mistake(call: Call, place: tuple[str, int], part: Any) -> Code:
    """Why this offset cannot be committed, whoever asks."""
    if call.broker.topics.partition(*place) is None:
        return Code.UNKNOWN_TOPIC_OR_PARTITION
    return Code.OFFSET_METADATA_TOO_LARGE if len(part.committed_metadata or "") > METADATA_MAX else Code.NONE


def offset_commit(call: Call) -> Answer:
    """Note how far a group has come; only for its current members, or for anybody while it has none."""
    body, refused = call.body, Code.NONE
    try:
        _check_committer(call)
    except Refused as refusal:
        refused = refusal.code

    def one(topic: str, part: Any) -> Answer:
        place = (topic, part.partition_index)
        code = refused
        code = code or mistake(call, place, part)
        if not code:
            call.broker.offsets.commit(body.group_id, place, committed(part))
        return {"partition_index": part.partition_index, "error_code": code}

    return {"topics": [{"name": topic.name, "partitions": [one(topic.name, part) for part in topic.partitions]}
                       for topic in body.topics]}


def _check_committer(call: Call) -> None:
    body = call.body
    call.broker.check_coordinator(body.group_id, call.node)
    generation = body.generation_id_or_member_epoch
    group = call.broker.groups.get(body.group_id)
    if generation < 0 and not body.member_id:
        if group is not None and group.members:
            raise Refused(Code.UNKNOWN_MEMBER_ID)
        return
    if group is None:
        # Nobody has ever joined: Kafka says that the generation is wrong, not the member.
        raise Refused(Code.ILLEGAL_GENERATION)
    group.member(body.member_id, generation, body.group_instance_id if call.version >= 7 else None)
    if group.state == "CompletingRebalance":
        raise Refused(Code.REBALANCE_IN_PROGRESS)


def offset_fetch(call: Call) -> Answer:
    """How far groups have come."""
    if call.version >= 8:
        groups = []
        for asked in call.body.groups:
            topics, code = _offsets(call, asked.group_id, asked.topics)
            groups.append({"group_id": asked.group_id, "topics": topics, "error_code": code})
        return {"groups": groups}
    topics, code = _offsets(call, call.body.group_id, call.body.topics)
    return {"topics": topics, "error_code": code}


def _offsets(call: Call, group: str, asked: Iterable[Any] | None) -> tuple[list[Answer], Code]:
    code = Code.NONE
    try:
        call.broker.check_coordinator(group, call.node)
    except Refused as refusal:
        code = refusal.code
    known = call.broker.offsets.of(group)
    wanted: dict[str, list[int]] = defaultdict(list)
    if asked is None:
        for name, index in sorted(known):
            wanted[name].append(index)
    else:
        for topic in asked:
            wanted[topic.name].extend(topic.partition_indexes)
    stable_only = call.version >= 7 and call.body.require_stable
    unstable = call.broker.offsets.unstable(group) if stable_only else set()

    def one(place: tuple[str, int]) -> Answer:
        error = code or (Code.UNSTABLE_OFFSET_COMMIT if place in unstable else Code.NONE)
        found = None if error else known.get(place)
        return {"partition_index": place[1], "error_code": error,
                "committed_offset": found.offset if found else -1, "metadata": found.metadata if found else "",
                "committed_leader_epoch": found.leader_epoch if found else -1}

    return [{"name": name, "partitions": [one((name, index)) for index in indexes]}
            for name, indexes in wanted.items()], code


def offset_delete(call: Call) -> Answer:
    """Forget single offsets of a group that has no members."""
    body = call.body
    group = call.broker.groups.get(body.group_id)
    if group is None and body.group_id not in call.broker.offsets.groups():
        return {"error_code": Code.GROUP_ID_NOT_FOUND, "topics": []}
    if group is not None and group.members:
        return {"error_code": Code.NON_EMPTY_GROUP, "topics": []}
    topics = []
    for topic in body.topics:
        for part in topic.partitions:
            call.broker.offsets.delete(body.group_id, (topic.name, part.partition_index))
        topics.append({"name": topic.name, "partitions": [
            {"partition_index": part.partition_index, "error_code": Code.NONE} for part in topic.partitions]})
    return {"error_code": Code.NONE, "topics": topics}
