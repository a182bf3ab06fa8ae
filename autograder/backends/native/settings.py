"""The settings of our Apache Kafka: a broker and controller in one process, small, on loopback, quick to react."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["SETTINGS", "Node", "properties"]

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # Members come one after the other in a lab; waiting 3 s for more would be most of a check's time.
        "group.initial.rebalance.delay.ms": "200",
        # A lab that waits for a session to end waits one second, not six.
        "group.min.session.timeout.ms": "1000",
        "auto.create.topics.enable": "true",
        "num.partitions": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # A transaction that nobody ends any more is aborted when its time is over, not up to 10 s later.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
        # A broker that was killed is missed after two seconds, not nine; until then its successor may not register.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "300",
        # A topic is made and removed between two runs of a judge: nothing waits for more of them to come.
        "controller.quorum.append.linger.ms": "0",
        "group.coordinator.append.linger.ms": "0",
        "log.segment.delete.delay.ms": "0",
        "log.index.size.max.bytes": "65536",
        # One learner, a few clients: threads and buffers for that.
        "num.network.threads": "1",
        "num.io.threads": "2",
        "background.threads": "2",
        "group.coordinator.threads": "1",
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": "2097152",
        "num.recovery.threads.per.data.dir": "1",
    }
)

@dataclass(frozen=True, kw_only=True)
class Node:
    """One broker of a cluster: its number and its two ports."""

    number: int
    port: int
    controller_port: int


def properties(node: Node, cluster: Sequence[Node], data: str, settings: Mapping[str, str]) -> str:
    """The text of ``server.properties`` for one node of a cluster."""
    copies = str(min(3, len(cluster)))
    safe = str(min(2, len(cluster)))
    voters = ",".join(f"{one.number}@127.0.0.1:{one.controller_port}" for one in cluster)
    address = f"PLAINTEXT://127.0.0.1:{node.port}"
    given = {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": voters,
        "listeners": f"{address},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": address,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "default.replication.factor": copies,
        **{f"{topic}.replication.factor": copies for topic in INTERNAL},
        **{f"{topic}.min.isr": safe for topic in INTERNAL if topic != "offsets.topic"},
        **SETTINGS,
        **settings,
    }
    return "".join(f"{name}={value}\n" for name, value in given.items())


INTERNAL = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
"""Kafka's own topics, by the beginnings of their settings."""
