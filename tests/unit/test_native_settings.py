"""What Apache Kafka is told: one node alone, three with copies of everything."""

from __future__ import annotations

from autograder.backends.native.settings import Node, properties

THREE = tuple(Node(number=number, port=9000 + number, controller_port=9100 + number) for number in (1, 2, 3))


def told(cluster: tuple[Node, ...], **settings: str) -> dict[str, str]:
    text = properties(cluster[0], cluster, "/data", settings)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_everything_is_on_loopback_and_clients_are_sent_where_it_listens():
    alone = told(THREE[:1])
    assert alone["listeners"] == "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101"
    assert alone["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9001"
    assert alone["controller.quorum.voters"] == "1@127.0.0.1:9101"


def test_a_node_alone_keeps_one_copy_and_three_keep_three_of_which_two_must_answer():
    for count, copies, safe in ((1, "1", "1"), (3, "3", "2")):
        node = told(THREE[:count])
        assert node["default.replication.factor"] == node["offsets.topic.replication.factor"] == copies
        assert node["transaction.state.log.replication.factor"] == copies
        assert node["transaction.state.log.min.isr"] == safe


def test_every_node_knows_all_voters():
    assert told(THREE)["controller.quorum.voters"] == "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"


def test_what_a_test_asks_for_wins():
    assert told(THREE[:1], **{"group.min.session.timeout.ms": "6000"})["group.min.session.timeout.ms"] == "6000"
