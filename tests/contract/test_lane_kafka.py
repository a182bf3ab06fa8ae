"""A lane's Kafka, in the embedded world and on Apache Kafka: the dead leave their groups, and a reset leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from autograder.backends import Backends
from autograder.backends.kafka.direct import Direct, Sent
from autograder.backends.worlds import open_world
from autograder.explore.lane import Lane
from autograder.grading.lanes import LaneSpec, open_lane
from autograder.grading.program import Cell, Program
from tests.contract.under_test import WORLD

PROGRAM = '''
from kafka import KafkaConsumer, KafkaProducer

def wait_in_a_group(at):
    consumer = KafkaConsumer("purchases", group_id="warehouse", bootstrap_servers=at.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.poll(timeout_ms=60_000)
    consumer.commit()
    consumer.poll(timeout_ms=60_000)

def publish_half(at):
    producer = KafkaProducer(bootstrap_servers=at.kafka, transactional_id="relay")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("purchases", b"half").get(20)
    while True:
        pass

def publish_keys(at):
    producer = KafkaProducer(bootstrap_servers=at.kafka)
    for number in range(8):
        producer.send("purchases", key=b"p-%d" % number, value=b"1").get(20)
    producer.close()

def publish(at):
    producer = KafkaProducer(bootstrap_servers=at.kafka)
    producer.send("purchases", b"whole").get(20)
    producer.send("elsewhere", b"whole").get(20)
    producer.close()
'''


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """The world under test."""
    with open_world(WORLD, tmp_path_factory.mktemp("world")) as world:
        yield world.addresses()[0]


@pytest.fixture(scope="module", params=["its own", "the world's"])
def lane(request: pytest.FixtureRequest, backends: Backends) -> Iterator[Lane]:
    """A lane of lab 6 with the program above, on a Kafka of its own, or on the one that the world has."""
    if request.param == "the world's":
        backends = Backends(postgres=backends.postgres, redis="", kafka=backends.kafka, world="another")
    cell = Cell(id="kafka", role="solution", source=PROGRAM, name="kafka", task="kafka")
    program = Program(title="kafka", cells=(cell,))
    with ExitStack() as cleanup:
        yield open_lane(LaneSpec(backends=backends, lab="lab06_outbox", program=program), cleanup)


@pytest.fixture(autouse=True)
def empty(lane: Lane) -> None:
    """Every test begins as a run does."""
    lane.reset()


def play(lane: Lane, function: str, seen: str = "") -> None:
    """Run a function as process warehouse-1; kill it when the tap has seen the answer to this call, else let it end."""
    answered: list[str] = []
    lane.tap.on_answer = lambda request: answered.append(request.label) or "forward"
    running = lane.start("warehouse-1", function, [])
    result = None
    while result is None and not (seen and seen in answered):
        lane.tap.poll(0.05)
        result = running.poll()
    running.kill()
    lane.tap.close_links("warehouse-1")
    assert result is None or result.kind == "returned", result


def members(lane: Lane, group: str) -> int:
    with Direct(lane.topics.bootstrap) as kafka:
        told = kafka.ask("DescribeGroups", 4, groups=[group], include_authorized_operations=False)
        return len(told.groups[0].members)


def test_a_killed_consumer_leaves_its_group_at_once(lane: Lane):
    play(lane, "publish")
    play(lane, "wait_in_a_group", seen="OffsetCommit")
    assert members(lane, "warehouse") == 1
    lane.leave_groups("warehouse-1")
    assert members(lane, "warehouse") == 0
    assert lane.tap.members("warehouse-1") == []


def test_messages_go_where_every_producer_with_the_default_partitioner_sends_them(lane: Lane):
    play(lane, "publish_keys")
    sent = {message.key: message.partition for message in lane.messages()}
    lane.reset()
    lane.send("purchases", [Sent(key.encode(), b"again", (("reason", "Ümläut".encode()),)) for key in sent])
    assert {message.key: message.partition for message in lane.messages()} == sent
    assert {message.header("reason") for message in lane.messages()} == {"Ümläut"}


def test_a_place_is_the_kafka_partition_and_the_offset_that_the_message_has(lane: Lane):
    places = lane.send("purchases", [Sent(key, value) for key, value in ((b"p-1", b"1"), (b"p-2", b"2"), (b"p-1", b"3"))])
    found = {(message.partition, message.offset): message.value for message in lane.messages()}
    assert [found[place] for place in places] == ["1", "2", "3"]


def test_the_progress_of_a_group_is_its_committed_offset_beside_the_end(lane: Lane):
    assert {(one.committed, one.end, one.lag) for one in lane.progress(["warehouse"])} == {(0, 0, 0)}
    [(place, _), _] = lane.send("purchases", [Sent(b"p-1", b"1"), Sent(b"p-1", b"2")])
    assert [one.lag for one in lane.progress(["warehouse"]) if one.partition == place] == [2]
    play(lane, "wait_in_a_group", seen="OffsetCommit")
    lane.leave_groups("warehouse-1")
    assert [(one.committed, one.end) for one in lane.progress(["warehouse"]) if one.partition == place] == [(2, 2)]


def test_an_open_transaction_hides_nothing_from_the_next_run(lane: Lane):
    play(lane, "publish_half", seen="Produce purchases")
    assert lane.messages() == ()
    lane.reset()
    play(lane, "publish")
    assert [(message.offset, message.value) for message in lane.messages()] == [(0, "whole")]


def test_a_reset_leaves_no_message_and_no_group_of_the_run(lane: Lane):
    play(lane, "publish")
    play(lane, "wait_in_a_group", seen="OffsetCommit")
    lane.leave_groups("warehouse-1")
    lane.reset()
    assert lane.messages() == ()
    with Direct(lane.topics.bootstrap) as kafka:
        names = {topic.name for topic in kafka.ask("Metadata", 7, topics=None, allow_auto_topic_creation=False).topics}
        groups = {group.group_id for group in kafka.ask("ListGroups", 4, states_filter=[]).groups}
        assert "purchases" in names and "warehouse" not in groups
        assert "elsewhere" not in names or kafka.messages("elsewhere") == []
