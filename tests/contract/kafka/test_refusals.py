"""What Kafka refuses, and in which words: the error codes that clients act upon."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from kafka.record.util import calc_crc32c

from autograder.backends.kafka.codes import Code
from autograder.backends.kafka.direct import DirectError
from autograder.backends.kafka.settings import SETTINGS
from autograder.backends.kafka.wire import APIS
from tests.contract.kafka import wishes
from tests.contract.kafka.cluster import Kafka, until

HOUR_MS = 3_600_000


def changed(raw: bytes, at: int, value: bytes) -> bytes:
    """A batch in which some bytes are others, with the checksum for that."""
    other = raw[:at] + value + raw[at + len(value):]
    return other[:17] + struct.pack(">I", calc_crc32c(other[21:]) & 0xFFFFFFFF) + other[21:]


def test_whatever_the_embedded_broker_offers_is_offered_everywhere(kafka: Kafka) -> None:
    told = kafka.direct().ask("ApiVersions", 0)
    found = {one.api_key: (one.min_version, one.max_version) for one in told.api_keys}
    assert [api.name for api in APIS.values()
            if api.key not in found or not found[api.key][0] <= api.lowest <= api.highest <= found[api.key][1]] == []


BATCHES: dict[str, tuple[Callable[[], bytes], Code]] = {
    "nothing": (lambda: b"", Code.INVALID_RECORD),
    "cut off": (lambda: wishes.batch()[:-3], Code.INVALID_RECORD),
    "two of them": (lambda: wishes.batch() * 2, Code.INVALID_RECORD),
    "an older format": (lambda: changed(wishes.batch(), 16, b"\1"), Code.INVALID_RECORD),
    "a marker": (lambda: changed(wishes.batch(), 21, struct.pack(">h", 0x20)), Code.INVALID_RECORD),
    "a wrong count": (lambda: changed(wishes.batch(), 57, struct.pack(">i", 5)), Code.INVALID_RECORD),
    "a wrong last": (lambda: changed(wishes.batch(count=2), 23, struct.pack(">i", 9)), Code.INVALID_RECORD),
    "a wrong checksum": (lambda: wishes.batch()[:-1] + b"\7", Code.CORRUPT_MESSAGE),
    "in three hours": (lambda: wishes.batch(at_ms=wishes.now_ms() + 3 * HOUR_MS), Code.INVALID_TIMESTAMP),
    "in half an hour": (lambda: wishes.batch(at_ms=wishes.now_ms() + HOUR_MS // 2), Code.NONE),
    "a sequence of nobody": (lambda: wishes.batch(sequence=3), Code.NONE),
}


@pytest.mark.parametrize("kind", BATCHES)
def test_only_whole_and_sound_batches_of_today_are_stored(kafka: Kafka, kind: str) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    make, code = BATCHES[kind]
    assert until(lambda: wishes.send(direct, topic, make())[0] == code)
    assert direct.end_offsets(topic) == {0: 0 if code else 1}


@pytest.mark.parametrize(("place", "acks", "code"), [
    (("here", 0), 5, Code.INVALID_REQUIRED_ACKS), (("nowhere", 0), -1, Code.UNKNOWN_TOPIC_OR_PARTITION),
    (("here", 7), -1, Code.UNKNOWN_TOPIC_OR_PARTITION),
])
def test_what_cannot_be_stored_there_or_so_is_refused(
        kafka: Kafka, place: tuple[str, int], acks: int, code: Code) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    topic = topic if place[0] == "here" else kafka.name("nowhere")
    assert until(lambda: wishes.send(direct, topic, wishes.batch(), acks=acks, partition=place[1])[0] == code)


def test_who_wants_no_answer_learns_of_a_refusal_by_the_end_of_the_connection(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    with pytest.raises(DirectError, match="closed the connection"):
        wishes.send(direct, topic, b"", acks=0)


@pytest.mark.parametrize(("sequences", "codes"), [
    ((7, 8), (Code.NONE, Code.NONE)),  # whose past nobody knows may begin anywhere
    ((0, -1), (Code.NONE, Code.INVALID_RECORD)),
    ((0, 1, 2, 3, 4, 5, 0), (Code.NONE,) * 6 + (Code.OUT_OF_ORDER_SEQUENCE_NUMBER,)),  # five are remembered
    ((0, 1, 2, 3, 4, 5, 1), (Code.NONE,) * 7),
])
def test_sequence_numbers_are_checked_as_far_as_they_are_remembered(
        kafka: Kafka, sequences: tuple[int, ...], codes: tuple[Code, ...]) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    producer = wishes.new_producer(direct).producer_id
    assert until(lambda: wishes.fetch(direct, topic, 0) == Code.NONE)
    assert tuple(wishes.send(direct, topic, wishes.batch(producer, number))[0] for number in sequences) == codes


@pytest.mark.parametrize(("transactional_id", "timeout_ms", "code"), [
    ("", 1000, Code.INVALID_REQUEST), ("relay", 0, Code.INVALID_TRANSACTION_TIMEOUT),
    ("relay", 900_001, Code.INVALID_TRANSACTION_TIMEOUT),
])
def test_a_transactional_producer_needs_a_name_and_a_sensible_timeout(
        kafka: Kafka, transactional_id: str, timeout_ms: int, code: Code) -> None:
    name = transactional_id and kafka.name(transactional_id)
    assert wishes.new_producer(kafka.direct(), name, timeout_ms=timeout_ms).error_code == code


def test_a_transaction_takes_only_what_was_announced_and_nothing_after_its_end(kafka: Kafka) -> None:
    topic, name, direct = kafka.topic(), kafka.name("relay"), kafka.direct()
    producer = wishes.new_producer(direct, name)

    def send(sequence: int, *, transactional: bool = True, named: bool = True) -> int:
        records = wishes.batch(producer.producer_id, sequence, producer.producer_epoch, transactional=transactional)
        return wishes.send(direct, topic, records, transactional_id=name if named else None)[0]

    assert send(0) == Code.INVALID_TXN_STATE
    assert wishes.end(direct, name, producer, commit=True) == Code.INVALID_TXN_STATE
    assert wishes.add_partition(direct, name, producer, topic) == Code.NONE
    assert send(0, named=False) == Code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert send(0) == Code.NONE
    assert send(1, transactional=False) == Code.INVALID_TXN_STATE
    assert wishes.end(direct, name, producer, commit=True) == Code.NONE
    assert wishes.end(direct, name, producer, commit=True) == Code.NONE
    assert wishes.end(direct, name, producer, commit=False) == Code.INVALID_TXN_STATE
    assert send(1) == Code.INVALID_TXN_STATE


def test_a_transaction_takes_no_offsets_of_a_group_that_it_has_not_announced(kafka: Kafka) -> None:
    topic, name, direct = kafka.topic(), kafka.name("relay"), kafka.direct()
    producer = wishes.new_producer(direct, name)
    assert wishes.add_partition(direct, name, producer, topic) == Code.NONE
    group = kafka.name("warehouse")
    wishes.find_coordinator(direct, group, wishes.GROUP)
    told = direct.ask("TxnOffsetCommit", 3, transactional_id=name, group_id=group,
                      producer_id=producer.producer_id, producer_epoch=producer.producer_epoch, generation_id=-1,
                      member_id="", group_instance_id=None, topics=[{"name": topic, "partitions": [
                          {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1,
                           "committed_metadata": ""}]}])
    assert told.topics[0].partitions[0].error_code == Code.INVALID_TXN_STATE


def test_a_producer_may_ask_again_for_the_epoch_whose_answer_it_has_lost(kafka: Kafka) -> None:
    name, direct = kafka.name("relay"), kafka.direct()
    first = wishes.new_producer(direct, name)
    mine = (first.producer_id, first.producer_epoch)
    assert [wishes.new_producer(direct, name, claim=mine).producer_epoch for _ in range(2)] == [1, 1]
    assert wishes.new_producer(direct, name).producer_epoch == 2
    assert wishes.new_producer(direct, name, claim=mine).error_code == Code.PRODUCER_FENCED


def test_who_takes_over_an_open_transaction_is_two_epochs_further(kafka: Kafka) -> None:
    topic, name, direct = kafka.topic(), kafka.name("relay"), kafka.direct()
    zombie = wishes.new_producer(direct, name)
    assert wishes.add_partition(direct, name, zombie, topic) == Code.NONE
    assert wishes.new_producer(direct, name).producer_epoch == zombie.producer_epoch + 2
    assert wishes.end(direct, name, zombie, commit=True) == Code.PRODUCER_FENCED
    assert wishes.add_partition(direct, name, zombie, topic) == Code.PRODUCER_FENCED


@pytest.mark.parametrize(("how", "code"), [
    ({}, Code.NONE), ({"metadata": "x" * 4096}, Code.NONE), ({"metadata": "x" * 4097}, Code.OFFSET_METADATA_TOO_LARGE),
    ({"partition": 9}, Code.UNKNOWN_TOPIC_OR_PARTITION), ({"member": "stranger", "generation": 1},
                                                          Code.ILLEGAL_GENERATION),
])
def test_an_offset_is_committed_for_what_there_is_by_whom_it_concerns(
        kafka: Kafka, how: dict[str, int | str], code: Code) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    group = kafka.name("warehouse")
    assert until(lambda: wishes.commit_offset(direct, group, topic, **how) == code)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "ü", "x" * 250])
def test_a_name_that_is_none_is_refused(kafka: Kafka, name: str) -> None:
    assert wishes.create_topic(kafka.direct(), name, only_check=True) == Code.INVALID_TOPIC


def test_two_topics_do_not_differ_by_a_dot_alone(kafka: Kafka) -> None:
    direct, shop = kafka.direct(), kafka.name("shop")
    assert wishes.create_topic(direct, f"{shop}.orders") == Code.NONE
    assert wishes.create_topic(direct, f"{shop}_orders") == Code.INVALID_TOPIC


@pytest.mark.parametrize(("setting", "value", "code"), [
    ("retention.ms", "-1", Code.NONE), ("retention.ms", "-2", Code.INVALID_CONFIG),
    ("retention.ms", "1.5", Code.INVALID_CONFIG), ("retention.ms", "", Code.INVALID_CONFIG),
    ("retention.bytes", "-2", Code.NONE), ("min.insync.replicas", "0", Code.INVALID_CONFIG),
    ("max.message.bytes", "-1", Code.INVALID_CONFIG), ("max.message.bytes", "99999999999", Code.INVALID_CONFIG),
    ("segment.bytes", "1048575", Code.INVALID_CONFIG), ("segment.bytes", "1048576", Code.NONE),
    ("segment.ms", "0", Code.INVALID_CONFIG), ("segment.ms", "1", Code.NONE),
    ("cleanup.policy", "burn", Code.INVALID_CONFIG), ("compression.type", "gzip", Code.NONE),
    ("compression.type", "rar", Code.INVALID_CONFIG), ("message.timestamp.type", "Never", Code.INVALID_CONFIG),
    ("message.timestamp.after.max.ms", "5", Code.NONE), ("min.cleanable.dirty.ratio", "7", Code.INVALID_CONFIG),
    ("preallocate", "maybe", Code.INVALID_CONFIG), ("compression.gzip.level", "9", Code.NONE),
    ("compression.gzip.level", "10", Code.INVALID_CONFIG), ("message.format.version", "3.0", Code.INVALID_CONFIG),
    ("leader.replication.throttled.replicas", "x", Code.INVALID_CONFIG),
])
def test_settings_have_their_kinds_and_limits(kafka: Kafka, setting: str, value: str, code: Code) -> None:
    direct = kafka.direct()
    assert wishes.create_topic(direct, kafka.name("orders"), {setting: value}, only_check=True) == code


def test_the_settings_of_a_topic_and_their_defaults_are_the_same_everywhere(kafka: Kafka) -> None:
    told = kafka.direct().ask("DescribeConfigs", 1, include_synonyms=False, resources=[
        {"resource_type": 2, "resource_name": kafka.topic(), "configuration_keys": None}])
    # The native world sets two for a small machine: how large an index is, and how long a removed file stays.
    small = {"file.delete.delay.ms", "segment.index.bytes"}
    assert {one.name: one.value for one in told.results[0].configs if one.name not in small} == {
        name: setting.default for name, setting in SETTINGS.items() if name not in small}


@pytest.mark.parametrize(("offset", "epoch", "partition", "code"), [
    (0, -1, 0, Code.NONE), (0, 0, 0, Code.NONE), (3, -1, 0, Code.NONE), (4, -1, 0, Code.OFFSET_OUT_OF_RANGE),
    (-1, -1, 0, Code.OFFSET_OUT_OF_RANGE), (0, 9, 0, Code.UNKNOWN_LEADER_EPOCH),
    (0, -1, 9, Code.UNKNOWN_TOPIC_OR_PARTITION),
])
def test_a_reader_must_know_where_it_reads(kafka: Kafka, offset: int, epoch: int, partition: int, code: Code) -> None:
    topic = kafka.topic()
    kafka.fill(topic, 3)
    assert wishes.fetch(kafka.direct(), topic, offset, epoch=epoch, partition=partition) == code


@pytest.mark.parametrize(("at_ms", "version", "told"), [
    (-1, 2, (Code.NONE, 3)), (-2, 2, (Code.NONE, 0)), (-3, 7, (Code.NONE, 2)),
    (-3, 2, (Code.UNSUPPORTED_VERSION, -1)), (-9, 2, (Code.UNSUPPORTED_VERSION, -1)),
])
def test_places_have_names(kafka: Kafka, at_ms: int, version: int, told: tuple[Code, int]) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    for number in range(3):
        records = wishes.batch(at_ms=wishes.now_ms() - 1000 + number)
        assert until(lambda records=records: wishes.send(direct, topic, records)[0] == Code.NONE)
    assert wishes.list_offset(direct, topic, at_ms, version=version) == told
