"""What a Kafka request is called, what it says, and what its answer says."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from autograder.tap.kafka_errors import error_name
from autograder.tap.kafka_fields import Fields
from autograder.tap.kafka_records import keys_and_values, record_text
from autograder.tap.request import shortened

__all__ = ["Asked", "answer_text", "asked", "is_flexible"]

PRODUCE, METADATA, OFFSET_COMMIT, FIND_COORDINATOR, JOIN_GROUP, LEAVE_GROUP, API_VERSIONS = 0, 3, 8, 10, 11, 13, 18
CREATE_TOPICS, DELETE_TOPICS, INIT_PRODUCER_ID = 19, 20, 22
ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT, CREATE_PARTITIONS = 24, 25, 26, 28, 37
DELETE_RECORDS, DELETE_GROUPS, DESCRIBE_CLUSTER = 21, 42, 60
NAMES = {
    PRODUCE: "Produce", OFFSET_COMMIT: "OffsetCommit", CREATE_TOPICS: "CreateTopics", DELETE_TOPICS: "DeleteTopics",
    DELETE_RECORDS: "DeleteRecords", INIT_PRODUCER_ID: "InitProducerId", ADD_PARTITIONS_TO_TXN: "AddPartitionsToTxn",
    ADD_OFFSETS_TO_TXN: "AddOffsetsToTxn", END_TXN: "EndTxn", TXN_OFFSET_COMMIT: "TxnOffsetCommit",
    CREATE_PARTITIONS: "CreatePartitions", DELETE_GROUPS: "DeleteGroups", 47: "OffsetDelete",
}  # fmt: skip
"""The counted requests: all of them change what others see. Everything else is house-keeping."""
FLEXIBLE_FROM = {
    PRODUCE: 9, METADATA: 9, OFFSET_COMMIT: 8, FIND_COORDINATOR: 3, JOIN_GROUP: 6, LEAVE_GROUP: 4, API_VERSIONS: 3,
    CREATE_TOPICS: 5, INIT_PRODUCER_ID: 2, ADD_PARTITIONS_TO_TXN: 3, ADD_OFFSETS_TO_TXN: 3, END_TXN: 3,
    TXN_OFFSET_COMMIT: 3, DESCRIBE_CLUSTER: 0,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request's header, and what a reader wants to know of its body."""

    api: int
    version: int
    correlation: int
    label: str = ""
    text: str = ""
    silent: bool = False
    group: str = ""
    member_ids: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Does it change something?"""
        return self.api in NAMES


def is_flexible(api: int, version: int) -> bool:
    """Is this version of the request and its answer a flexible one?"""
    return version >= FLEXIBLE_FROM.get(api, 1 << 15)


def asked(message: bytes) -> Asked:
    """Understand a request (without its leading length); bodies that we cannot read keep their name."""
    api, version, correlation = struct.unpack_from("!hhi", message)
    name = NAMES.get(api, "")
    head = Asked(api, version, correlation, label=name, text=name)
    read = READERS.get(api)
    if read is None:
        return head
    fields = Fields(message, 8)
    try:
        fields.string()  # the client's id, never compact
        fields.flexible = is_flexible(api, version)
        fields.tags()
        return read(head, fields)
    except (IndexError, struct.error):
        return head


def _with(head: Asked, detail: str, text: str = "", **more: object) -> Asked:
    label = f"{head.label} {detail}".strip()
    return Asked(head.api, head.version, head.correlation, label, shortened(text or label), **more)


def _produce(head: Asked, fields: Fields) -> Asked:
    fields.string()
    acks = fields.int16()
    fields.int32()
    topics, shown, total = [], [], 0
    for _ in range(fields.count()):
        topics.append(fields.string())
        for _ in range(fields.count()):
            fields.int32()
            count, pairs = keys_and_values(fields.blob())
            total += count
            shown += [record_text(key, value) for key, value in pairs]
            fields.tags()
        fields.tags()
    more = f" and {total - len(shown)} more" if shown and total > len(shown) else ""
    records = ", ".join(shown) + more if shown else f"{total} records"
    names = ", ".join(sorted(set(topics)))
    return _with(head, names, f"{records} → {names}", silent=acks == 0)


def _offset_commit(head: Asked, fields: Fields) -> Asked:
    group = fields.string()
    fields.int32()
    fields.string()
    if head.version >= 7:
        fields.string()
    if 2 <= head.version <= 4:
        fields.int64()
    return _with(head, "", f"{group}: {_offsets(fields, epoch=head.version >= 6)}")


def _txn_offset_commit(head: Asked, fields: Fields) -> Asked:
    fields.string()
    group = fields.string()
    fields.int64()
    fields.int16()
    if head.version >= 3:
        fields.int32()
        fields.string()
        fields.string()
    return _with(head, "", f"{group}: {_offsets(fields, epoch=head.version >= 2)}")


def _offsets(fields: Fields, *, epoch: bool) -> str:
    """``purchases/0 = 7`` for every Kafka partition."""
    found = []
    for _ in range(fields.count()):
        topic = fields.string()
        for _ in range(fields.count()):
            number, offset = fields.int32(), fields.int64()
            if epoch:
                fields.int32()
            fields.string()
            fields.tags()
            found.append(f"{topic}/{number} = {offset}")
        fields.tags()
    return ", ".join(sorted(found))


def _init_producer_id(head: Asked, fields: Fields) -> Asked:
    transactional_id = fields.string()
    return _with(head, "", f"InitProducerId {transactional_id}".strip())


def _add_partitions(head: Asked, fields: Fields) -> Asked:
    if head.version > 3:
        return head
    fields.string()
    fields.int64()
    fields.int16()
    topics = []
    for _ in range(fields.count()):
        topics.append(fields.string())
        for _ in range(fields.count()):
            fields.int32()
        fields.tags()
    return _with(head, ", ".join(sorted(topics)))


def _add_offsets(head: Asked, fields: Fields) -> Asked:
    fields.string()
    fields.int64()
    fields.int16()
    return _with(head, "", f"AddOffsetsToTxn of group {fields.string()}")


def _end_txn(head: Asked, fields: Fields) -> Asked:
    fields.string()
    fields.int64()
    fields.int16()
    return _with(head, "commit" if fields.int8() else "abort")


def _create_topics(head: Asked, fields: Fields) -> Asked:
    return _with(head, fields.string() if fields.count() else "")


def _join(head: Asked, fields: Fields) -> Asked:
    return _with(head, "", group=fields.string())


def _leave(head: Asked, fields: Fields) -> Asked:
    group = fields.string()
    if head.version <= 2:
        return _with(head, "", group=group, member_ids=(fields.string(),))
    members = []
    for _ in range(fields.count()):
        members.append(fields.string())
        fields.string()
        if head.version >= 5:
            fields.string()
        fields.tags()
    return _with(head, "", group=group, member_ids=tuple(members))


READERS: dict[int, Callable[[Asked, Fields], Asked]] = {
    PRODUCE: _produce, OFFSET_COMMIT: _offset_commit, TXN_OFFSET_COMMIT: _txn_offset_commit,
    INIT_PRODUCER_ID: _init_producer_id, ADD_PARTITIONS_TO_TXN: _add_partitions, ADD_OFFSETS_TO_TXN: _add_offsets,
    END_TXN: _end_txn, CREATE_TOPICS: _create_topics, JOIN_GROUP: _join, LEAVE_GROUP: _leave,
}  # fmt: skip


def answer_text(question: Asked, fields: Fields) -> tuple[str, str | None]:
    """What the answer to a counted request says, and its error; ``fields`` stands behind the answer's header."""
    read = ANSWERS.get(question.api)
    try:
        code, text = read(question, fields) if read else (0, "ok")
    except (IndexError, struct.error):
        return "", None
    return (error_name(code), error_name(code)) if code else (text, None)


def _produced(question: Asked, fields: Fields) -> tuple[int, str]:
    """``offset 7``; the offset of the first record of each batch."""
    offsets, worst = [], 0
    for _ in range(fields.count()):
        fields.string()
        for _ in range(fields.count()):
            fields.int32()
            code, offset = fields.int16(), fields.int64()
            worst = worst or code
            offsets.append(str(offset))
            _skip_partition(question.version, fields)
        fields.tags()
    return worst, f"offset{'s' if len(offsets) > 1 else ''} {', '.join(offsets)}"


def _skip_partition(version: int, fields: Fields) -> None:
    """The rest of one Kafka partition in a produce answer."""
    if version >= 2:
        fields.int64()
    if version >= 5:
        fields.int64()
    if version >= 8:
        for _ in range(fields.count()):
            fields.int32()
            fields.string()
            fields.tags()
        fields.string()
    fields.tags()


def _per_partition(question: Asked, fields: Fields) -> tuple[int, str]:
    """Answers with one error code for every Kafka partition; the first that is not 0 counts."""
    if question.api != OFFSET_COMMIT or question.version >= 3:
        fields.int32()
    if question.api == ADD_PARTITIONS_TO_TXN and question.version > 3:
        return fields.int16(), "ok"
    worst = 0
    for _ in range(fields.count()):
        fields.string()
        for _ in range(fields.count()):
            fields.int32()
            worst = worst or fields.int16()
            fields.tags()
        fields.tags()
    return worst, "ok"


def _producer_id(question: Asked, fields: Fields) -> tuple[int, str]:
    fields.int32()
    code, number, epoch = fields.int16(), fields.int64(), fields.int16()
    return code, f"producer {number}, epoch {epoch}"


def _plain(question: Asked, fields: Fields) -> tuple[int, str]:
    fields.int32()
    return fields.int16(), "ok"


ANSWERS: dict[int, Callable[[Asked, Fields], tuple[int, str]]] = {
    PRODUCE: _produced, OFFSET_COMMIT: _per_partition, TXN_OFFSET_COMMIT: _per_partition,
    ADD_PARTITIONS_TO_TXN: _per_partition, INIT_PRODUCER_ID: _producer_id, ADD_OFFSETS_TO_TXN: _plain, END_TXN: _plain,
}  # fmt: skip
