"""Three nodes: leaders fail, others take over, and only what no follower had can be lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError, NotEnoughReplicasError

from autograder.backends.kafka.direct import Direct, DirectError, Sent
from tests.contract.kafka.cluster import Kafka, read, until
from tests.contract.kafka.nodes import Nodes

pytestmark = [
    pytest.mark.only_in("embedded", "native"),
    # kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
PATIENT = {"retries": 200, "retry_backoff_ms": 50, "reconnect_backoff_ms": 20, "reconnect_backoff_max_ms": 200}


@pytest.fixture
def trio(nodes: Nodes) -> Iterator[Kafka]:
    """Clients of three nodes that all run; what a test breaks is mended after it."""
    kafka = Kafka(nodes.address())
    yield kafka
    nodes.mend()
    kafka.close_clients()


def leader(nodes: Nodes, topic: str, partition: int = 0) -> int:
    """The node that leads a Kafka partition, asked of a node that runs."""
    def ask() -> int | None:
        try:
            with Direct(nodes.address()) as direct:
                return nodes.at(direct.leaders(topic)[partition][1])
        except (DirectError, KeyError):
            return None  # A topic that has just been made, or a leader that has just gone: there is none yet.

    found = until(ask)
    assert isinstance(found, int)
    return found


def leader_or_none(nodes: Nodes, topic: str) -> int | None:
    """The node that leads a Kafka partition, as far as the nodes that run know."""
    try:
        with Direct(nodes.address()) as direct:
            return nodes.at(direct.leaders(topic)[0][1])
    except (DirectError, KeyError):
        return None


def in_sync(nodes: Nodes, topic: str) -> int:
    """How many replicas are in step with the leader, as far as the nodes know."""
    with Direct(nodes.address()) as direct:
        told = direct.ask("Metadata", 7, topics=[{"name": topic}], allow_auto_topic_creation=False)
    return len(told.topics[0].partitions[0].isr_nodes)


def replicas(nodes: Nodes, topic: str) -> set[int]:
    """The nodes that are to hold a Kafka partition."""
    with Direct(nodes.address()) as direct:
        told = direct.ask("Metadata", 7, topics=[{"name": topic}], allow_auto_topic_creation=False)
    return set(told.topics[0].partitions[0].replica_nodes)


def coordinator(nodes: Nodes, group: str) -> int:
    """The node that is responsible for a group."""
    with Direct(nodes.address()) as direct:
        told = direct.ask("FindCoordinator", 1, key=group, key_type=0)
    return nodes.at(told.port)


def values(nodes: Nodes, topic: str) -> list[bytes]:
    """What a reader finds who comes now."""
    with newcomer(nodes) as kafka:
        reader, place = kafka.consumer(), TopicPartition(topic, 0)
        reader.assign([place])
        count = reader.end_offsets([place])[place]
        return [message.value for message in read(reader, count)]


@contextmanager
def newcomer(nodes: Nodes) -> Iterator[Kafka]:
    """Clients that come now and know only the nodes that run."""
    kafka = Kafka(nodes.address())
    yield kafka
    kafka.close_clients()


def test_sends_go_on_when_a_leader_is_gone(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(partitions=3, replicas=3)
    producer = trio.producer(**PATIENT)
    for number in range(9):
        producer.send(topic, b"%d" % number, partition=number % 3).get(20)
    nodes.kill(leader(nodes, topic))
    for number in range(9, 18):
        producer.send(topic, b"%d" % number, partition=number % 3).get(30)
    with newcomer(nodes) as kafka:
        assert sorted(int(message.value) for message in read(kafka.consumer(topic), 18)) == list(range(18))


def test_what_only_the_leader_had_acknowledged_is_lost_with_it(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(replicas=3)
    careful, careless = trio.producer(**PATIENT), trio.producer(acks=1, enable_idempotence=False, retries=0)
    careful.send(topic, b"everybody has it").get(20)
    careless.partitions_for(topic)  # now it knows the leader, and has nothing to ask of a node that is frozen
    node = leader(nodes, topic)
    nodes.freeze(*nodes.others(node))
    # Each follower had one question open when it was frozen: its answer may bring the first few of these, never the last.
    sent = [b"everybody has it", *(f"late {number}".encode() for number in range(20))]
    for value in sent[1:]:
        careless.send(topic, value).get(20)
    nodes.kill(node)
    nodes.thaw()
    leader(nodes, topic)
    kept = values(nodes, topic)
    assert kept and kept == sent[: len(kept)] and len(kept) < len(sent)


def test_what_all_are_to_have_is_not_acknowledged_before_and_not_lost(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(replicas=3)
    producer = trio.producer(**PATIENT)
    producer.send(topic, b"lamp").get(20)
    node = leader(nodes, topic)
    nodes.freeze(*nodes.others(node))
    sent = producer.send(topic, b"mug")
    with pytest.raises(KafkaTimeoutError):
        sent.get(0.3)
    nodes.kill(node)
    nodes.thaw()
    sent.get(30)
    assert values(nodes, topic) == [b"lamp", b"mug"]


def test_acks_all_is_answered_when_the_time_for_the_followers_is_over(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(replicas=3)
    trio.producer(**PATIENT).send(topic, b"lamp").get(20)
    node = leader(nodes, topic)
    with Direct(nodes.address_of(node)) as direct, pytest.raises(DirectError, match="error 7"):
        direct.leaders(topic)
        nodes.freeze(*nodes.others(node))
        direct.send(topic, 0, [Sent(None, b"mug"), Sent(None, b"vase")], timeout_ms=300)
    nodes.thaw()
    assert until(lambda: values(nodes, topic) == [b"lamp", b"mug", b"vase"])  # stored, and not known to be


def test_acks_all_is_refused_when_too_few_replicas_are_up(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(replicas=3, min_insync_replicas="3")
    nodes.kill(nodes.others(leader(nodes, topic))[0])
    assert until(lambda: in_sync(nodes, topic) == 2)
    producer = trio.producer(retries=0, enable_idempotence=False)
    with pytest.raises(NotEnoughReplicasError):
        producer.send(topic, b"lamp").get(30)
    assert values(nodes, topic) == []


@pytest.mark.parametrize(("unclean", "kept"), [("true", [b"lamp"]), ("false", None)])
def test_a_replica_that_missed_something_leads_only_where_that_is_allowed(
        trio: Kafka, nodes: Nodes, unclean: str, kept: list[bytes] | None) -> None:
    # Two replicas of three nodes: the third one keeps the majority that elects.
    topic = trio.topic(replicas=2, min_insync_replicas="1", unclean_leader_election_enable=unclean)
    producer = trio.producer(**PATIENT)
    producer.send(topic, b"lamp").get(20)
    node = leader(nodes, topic)
    [behind] = replicas(nodes, topic) - {node}
    nodes.kill(behind)
    assert until(lambda: in_sync(nodes, topic) == 1)
    producer.send(topic, b"mug").get(30)  # acks=all: acknowledged by all that are in step, which is one
    nodes.kill(node)
    nodes.start(behind)
    if kept is None:
        assert until(lambda: leader_or_none(nodes, topic) is None)
        nodes.start(node)
        kept = [b"lamp", b"mug"]
    leader(nodes, topic)
    assert values(nodes, topic) == kept


def test_a_node_that_comes_back_serves_again(trio: Kafka, nodes: Nodes) -> None:
    topic = trio.topic(partitions=3)
    alone = leader(nodes, topic, 2)
    nodes.kill(alone)
    nodes.mend()
    producer = trio.producer(**PATIENT)
    assert producer.send(topic, b"lamp", partition=2).get(30).offset == 0


def test_a_group_goes_on_when_its_coordinator_is_gone(trio: Kafka, nodes: Nodes) -> None:
    topic, group = trio.topic(replicas=3), trio.name("warehouse")
    trio.fill(topic, 10)
    first = trio.consumer(topic, group_id=group, session_timeout_ms=6000, max_poll_records=4)
    before = [int(message.value) for message in read(first, 4)]
    first.commit()
    first.close()
    nodes.kill(coordinator(nodes, group))
    with newcomer(nodes) as kafka:
        second = kafka.consumer(topic, group_id=group, session_timeout_ms=6000)
        assert before + [int(message.value) for message in read(second, 10 - len(before), 40)] == list(range(10))
