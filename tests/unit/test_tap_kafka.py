"""The Kafka conversation in every version of every message that it reads, written by kafka-python's own classes."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from kafka.record.memory_records import MemoryRecordsBuilder

from autograder.backends.kafka import wire
from autograder.tap.kafka import KafkaConversation
from autograder.tap.kafka_records import record_text
from autograder.tap.members import Member
from tests.unit.tap_stand import FakeLink, Stand

KEYS = {api.name: api for api in wire.APIS.values()}
EVENT = json.dumps({"purchase_id": "p-1", "version": 2, "kind": "OrderPlaced"}).encode()
BROKERS = [
    {"node_id": 1, "host": "127.0.0.1", "port": 9092, "rack": None},
    {"node_id": 2, "host": "kafka-2", "port": 9093, "rack": "r"},
]
TOPIC = {"error_code": 0, "name": "purchases", "is_internal": False, "partitions": [
    {"error_code": 0, "partition_index": 0, "leader_id": 1, "leader_epoch": 0, "replica_nodes": [1, 2],
     "isr_nodes": [1], "offline_replicas": []}]}  # fmt: skip


def ask(name: str, version: int, body: dict[str, Any], correlation: int = 7) -> bytes:
    return wire.question(name, version, correlation, "relay", body)


def tell(name: str, version: int, body: dict[str, Any], correlation: int = 7) -> bytes:
    return wire.answer(KEYS[name], version, correlation, body)


def play(name: str, version: int, asked: dict[str, Any], told: dict[str, Any], cut: int | None = None) -> FakeLink:
    """One request and its answer, through the tap."""
    question = ask(name, version, asked)
    stand = Stand(KafkaConversation, [(question, tell(name, version, told))]).say(question, cut)
    assert stand.finished()
    return stand.link


def seen(link: FakeLink, name: str, version: int) -> dict[str, Any]:
    """What the client is told in the end."""
    length = struct.unpack("!i", link.at_client[:4])[0]
    assert len(link.at_client) == length + 4
    return wire.told(name, version, bytes(link.at_client[4:])).to_dict()


def records(*pairs: tuple[bytes | None, bytes | None], compression: int = 0) -> bytes:
    builder = MemoryRecordsBuilder(magic=2, compression_type=compression, batch_size=1 << 16)
    for key, value in pairs:
        builder.append(timestamp=1000, key=key, value=value, headers=[("h", b"x")])
    builder.close()
    return bytes(builder.buffer())


def produce(data: bytes, acks: int = -1) -> dict[str, Any]:
    partition = {"index": 0, "records": data}
    topics = [{"name": "purchases", "partition_data": [partition]}]
    return {"transactional_id": None, "acks": acks, "timeout_ms": 1000, "topic_data": topics}


def produced(code: int = 0, offset: int = 7) -> dict[str, Any]:
    partition = {"index": 0, "error_code": code, "base_offset": offset, "log_append_time_ms": -1, "log_start_offset": 0,
                 "record_errors": [], "error_message": None}  # fmt: skip
    return {"responses": [{"name": "purchases", "partition_responses": [partition]}], "throttle_time_ms": 0}


# ---- what leads a client back to its door


@pytest.mark.parametrize("version", range(14))
def test_metadata_names_the_doors_of_the_process(version: int) -> None:
    told = {"throttle_time_ms": 5, "brokers": BROKERS, "cluster_id": "c", "controller_id": 1, "topics": [TOPIC]}
    link = play("Metadata", version, {"topics": [{"name": "purchases"}]}, told)
    answer = seen(link, "Metadata", version)
    assert [(one["host"], one["port"]) for one in answer["brokers"]] == [("127.0.0.1", 19092), ("127.0.0.1", 20000)]
    assert [door.upstream for door in link.tap.doors] == [("kafka-2", 9093)], "every broker has a door of its own"
    straight = wire.told("Metadata", version, tell("Metadata", version, told)[4:]).to_dict()
    for broker, original in zip(answer["brokers"], straight["brokers"], strict=True):
        broker.update(host=original["host"], port=original["port"])
    assert answer == straight, "nothing else has changed"


@pytest.mark.parametrize("version", range(7))
def test_find_coordinator_names_the_door(version: int) -> None:
    one = {"key": "g", "node_id": 1, "host": "localhost", "port": 9092, "error_code": 0, "error_message": None}
    told = {**{name: value for name, value in one.items() if name != "key"}, "coordinators": [one]}
    link = play("FindCoordinator", version, {"key": "g", "key_type": 0, "coordinator_keys": ["g"]}, told)
    answer = seen(link, "FindCoordinator", version)
    found = answer["coordinators"][0] if version >= 4 else answer
    assert (found["host"], found["port"], found["node_id"]) == ("127.0.0.1", 19092, 1)


def test_no_coordinator_stays_no_coordinator() -> None:
    told = {"error_code": 15, "error_message": None, "node_id": -1, "host": "", "port": -1}
    answer = seen(play("FindCoordinator", 2, {"key": "g", "key_type": 0}, told), "FindCoordinator", 2)
    assert (answer["host"], answer["port"]) == ("", -1)


@pytest.mark.parametrize("version", range(3))
def test_describe_cluster_names_the_doors(version: int) -> None:
    brokers = [{"broker_id": one["node_id"], **{k: one[k] for k in ("host", "port", "rack")}} for one in BROKERS]
    told = {
        "error_code": 0,
        "error_message": None,
        "endpoint_type": 1,
        "cluster_id": "c",
        "controller_id": 1,
        "brokers": brokers,
    }
    answer = seen(play("DescribeCluster", version, {}, told), "DescribeCluster", version)
    assert [one["port"] for one in answer["brokers"]] == [19092, 20000]


@pytest.mark.parametrize("version", range(5))
def test_only_versions_that_the_tap_reads_are_offered(version: int) -> None:
    keys = [{"api_key": 0, "min_version": 3, "max_version": 13}, {"api_key": 1, "min_version": 4, "max_version": 18},
            {"api_key": 12, "min_version": 0, "max_version": 99}]  # fmt: skip
    answer = seen(play("ApiVersions", version, {}, {"error_code": 0, "api_keys": keys}), "ApiVersions", version)
    assert [one["max_version"] for one in answer["api_keys"]] == [12, 15, 99]


# ---- what changes something


@pytest.mark.parametrize("version", range(3, 13))
def test_a_produce_tells_its_records_and_its_offset(version: int) -> None:
    data = records((b"p-1", EVENT), (b"p-1", b"plain"))
    link = play("Produce", version, produce(data), produced())
    (request,) = link.answered
    assert (request.label, request.effect, request.kind) == ("Produce purchases", True, "write")
    assert request.text == "p-1/2, p-1: plain → purchases"
    assert (request.answer, request.error) == ("offset 7", None)
    assert seen(link, "Produce", version)["responses"][0]["partition_responses"][0]["base_offset"] == 7


@pytest.mark.parametrize("version", range(10, 13))
def test_a_produce_that_came_to_the_wrong_broker_hints_at_no_other(version: int) -> None:
    told = {**produced(code=6, offset=-1), "node_endpoints": [BROKERS[1]]}
    link = play("Produce", version, produce(records((None, EVENT))), told)
    assert b"kafka-2" not in link.at_client
    assert seen(link, "Produce", version)["responses"][0]["partition_responses"][0]["error_code"] == 6


def test_streams_may_be_cut_anywhere() -> None:
    asked, told = ask("Produce", 8, produce(records((b"p-1", EVENT)))), tell("Produce", 8, produced())
    for cut in range(len(asked) + 1):
        stand = Stand(KafkaConversation, [(asked, told)]).say(asked, cut)
        assert stand.link.labels() == ["Produce purchases"] and bytes(stand.link.at_client) == told, cut


def test_a_produce_that_is_refused_says_why() -> None:
    (request,) = play("Produce", 9, produce(records((None, b"x"))), produced(code=47, offset=-1)).answered
    assert request.error == request.answer == "INVALID_PRODUCER_EPOCH"


def test_gzip_is_read_and_other_compressions_are_counted() -> None:
    (request,) = play("Produce", 7, produce(records((None, b"a" * 30), compression=1)), produced()).answered
    assert request.text == f"{'a' * 30} → purchases"
    snappy = bytearray(records((None, b"x"), (None, b"y")))
    snappy[22] |= 2
    (request,) = play("Produce", 7, produce(bytes(snappy)), produced()).answered
    assert request.text == "2 records → purchases"


def test_a_produce_without_acknowledgement_has_no_answer() -> None:
    asked = ask("Produce", 7, produce(records((None, b"x")), acks=0))
    metadata = ask("Metadata", 1, {"topics": [{"name": "a"}]}, 8)
    told = tell("Metadata", 1, {"brokers": [], "controller_id": 1, "topics": []}, 8)
    stand = Stand(KafkaConversation, [(asked, b""), (metadata, told)]).say(asked).say(metadata)
    (request,) = stand.link.offered
    assert request.silent and request.forwarded and not request.answered and stand.finished()


COMMITTED = {"partition_index": 0, "committed_offset": 7, "committed_metadata": ""}
COMMIT = {
    "group_id": "warehouse",
    "generation_id_or_member_epoch": 1,
    "member_id": "m",
    "topics": [{"name": "purchases", "partitions": [COMMITTED]}],
}


def codes(name: str, code: int) -> dict[str, Any]:
    return {
        "throttle_time_ms": 0,
        "topics": [{"name": name, "partitions": [{"partition_index": 0, "error_code": code}]}],
    }


@pytest.mark.parametrize("version", range(2, 10))
def test_an_offset_commit_tells_its_offsets(version: int) -> None:
    (request,) = play("OffsetCommit", version, COMMIT, codes("purchases", 22)).answered
    assert (request.label, request.text) == ("OffsetCommit", "warehouse: purchases/0 = 7")
    assert request.error == "ILLEGAL_GENERATION"


@pytest.mark.parametrize("version", range(5))
def test_a_transaction_tells_what_it_holds_and_how_it_ends(version: int) -> None:
    txn = {"transactional_id": "relay", "producer_id": 1, "producer_epoch": 0}
    asked = {**txn, "group_id": "warehouse", "member_id": "m", "topics": COMMIT["topics"]}
    (offsets,) = play("TxnOffsetCommit", version, asked, codes("purchases", 0)).answered
    assert (offsets.label, offsets.text, offsets.answer) == ("TxnOffsetCommit", "warehouse: purchases/0 = 7", "ok")
    (group,) = play(
        "AddOffsetsToTxn", version, {**txn, "group_id": "warehouse"}, {"throttle_time_ms": 0, "error_code": 0}
    ).answered
    assert group.text == "AddOffsetsToTxn of group warehouse"
    (end,) = play("EndTxn", version, {**txn, "committed": True}, {"throttle_time_ms": 0, "error_code": 90}).answered
    assert (end.label, end.error) == ("EndTxn commit", "PRODUCER_FENCED")


@pytest.mark.parametrize("version", range(4))
def test_partitions_join_a_transaction(version: int) -> None:
    asked = {"v3_and_below_transactional_id": "relay", "v3_and_below_producer_id": 1, "v3_and_below_producer_epoch": 0,
             "v3_and_below_topics": [{"name": "purchases", "partitions": [0, 1]}]}  # fmt: skip
    results = [{"name": "purchases", "results_by_partition": [{"partition_index": 0, "partition_error_code": 51}]}]
    (request,) = play("AddPartitionsToTxn", version, asked, {"results_by_topic_v3_and_below": results}).answered
    assert (request.label, request.error) == ("AddPartitionsToTxn purchases", "CONCURRENT_TRANSACTIONS")


@pytest.mark.parametrize("version", range(6))
def test_a_producer_gets_its_id(version: int) -> None:
    asked = {"transactional_id": "relay", "transaction_timeout_ms": 1000}
    told = {"error_code": 0, "producer_id": 1000, "producer_epoch": 3}
    (request,) = play("InitProducerId", version, asked, told).answered
    assert (request.text, request.answer) == ("InitProducerId relay", "producer 1000, epoch 3")


# ---- who is in which group


@pytest.mark.parametrize("version", range(10))
def test_members_are_known_by_their_process(version: int) -> None:
    asked = {"group_id": "warehouse", "session_timeout_ms": 6000, "member_id": "", "protocol_type": "consumer",
             "protocols": [{"name": "range", "metadata": b"x"}]}  # fmt: skip
    told = {"error_code": 0, "generation_id": 1, "protocol_type": "consumer", "protocol_name": "range", "leader": "m-1",
            "skip_assignment": False, "member_id": "m-1", "members": []}  # fmt: skip
    link = play("JoinGroup", version, asked, told)
    assert link.tap.joined_members == [Member("warehouse", "m-1")] and link.labels() == []


@pytest.mark.parametrize("version", range(6))
def test_who_leaves_is_no_member_any_more(version: int) -> None:
    member = {"member_id": "m-1", "group_instance_id": None}
    asked = {"group_id": "warehouse", "member_id": "m-1", "members": [{**member, "reason": None}]}
    link = play("LeaveGroup", version, asked, {"error_code": 0, "members": [{**member, "error_code": 0}]})
    assert link.tap.left_members == [("relay-1", "warehouse", "m-1")]


# ---- order


def fetch(correlation: int) -> bytes:
    """A request that we need not understand."""
    return struct.pack("!ihhih", 12, 1, 4, correlation, -1) + b"\0\0"


def answer(correlation: int) -> bytes:
    return struct.pack("!ii", 4, correlation)


def test_a_fetch_that_waits_delays_no_produce() -> None:
    asked = ask("Produce", 7, produce(records((None, b"x"))))
    stand = Stand(KafkaConversation, [])
    stand.say(fetch(1) + asked)
    assert bytes(stand.link.at_server) == fetch(1) + asked
    stand.talk.from_server(answer(1))
    stand.talk.from_server(tell("Produce", 7, produced()))
    assert stand.link.answered[0].answer == "offset 7" and stand.link.gate.empty


def test_nothing_overtakes_a_request_that_is_held() -> None:
    asked = ask("Produce", 7, produce(records((None, b"x"))))
    stand = Stand(
        KafkaConversation, [(fetch(1), answer(1)), (asked, tell("Produce", 7, produced())), (fetch(2), answer(2))]
    )
    stand.link.on_request = lambda request: "hold"
    stand.say(fetch(1) + asked + fetch(2))
    assert bytes(stand.link.at_client) == answer(1)
    stand.link.offered[0].release()
    stand.answer()
    assert stand.finished() and bytes(stand.link.at_client).endswith(answer(2))


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", b"\0\0\0\1x", b"\x7f\xff\xff\xffxxxxxxxxxx", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_kafka_ends_its_link(data: bytes) -> None:
    assert Stand(KafkaConversation, []).say(data).link.closed


def test_a_body_that_cannot_be_read_keeps_its_name() -> None:
    broken = struct.pack("!hhih", 0, 7, 1, -1) + b"\xff" * 9
    link = Stand(KafkaConversation, []).say(struct.pack("!i", len(broken)) + broken).link
    assert link.labels() == ["Produce"]


@pytest.mark.parametrize("cut", range(0, 90, 3))
def test_records_that_end_too_early_are_no_trouble(cut: int) -> None:
    link = Stand(KafkaConversation, []).say(ask("Produce", 7, produce(records((b"k", EVENT))[:cut]))).link
    assert link.labels() == ["Produce purchases"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        (b"p-1", EVENT, "p-1/2"),
        (b"p-1", b"[1]", "p-1: [1]"),
        (None, b"hello", "hello"),
        (b"p-1", None, "p-1: nothing"),
        (None, b"\x00\x01", "<2 bytes>"),
        (None, b"x" * 99, "x" * 39 + "…"),
    ],
)
def test_a_record_reads_well(key: bytes | None, value: bytes | None, text: str) -> None:
    assert record_text(key, value) == text


@pytest.mark.parametrize("version", range(14))
def test_a_greeting_that_asks_for_no_topic_is_told_of_all(version: int) -> None:
    told = tell("Metadata", version, {"brokers": [], "topics": [TOPIC]})
    everything = ask("Metadata", version, {"topics": [] if version == 0 else None})
    stand = Stand(KafkaConversation, [(everything, told)]).say(ask("Metadata", version, {"topics": []}))
    assert stand.finished()
