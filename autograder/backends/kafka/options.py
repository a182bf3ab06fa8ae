"""What can be chosen when a broker starts; the defaults are Apache Kafka's wherever a course program could tell."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Options", "read"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The choices for one broker process."""

    port: int = 0
    """Port of the first node, the others follow; 0 takes free ports."""
    control_port: int = 0
    brokers: int = 1
    """How many nodes to simulate."""
    partitions: int = 1
    """Partitions of a topic that is made without saying how many (num.partitions)."""
    replicas: int = 1
    """Replicas of a topic that is made without saying how many (default.replication.factor)."""
    replica_lag_ms: int = 0
    auto_create: bool = True
    """auto.create.topics.enable"""
    rebalance_delay_ms: int = 200
    """group.initial.rebalance.delay.ms; Kafka's own default is 3000, the course sets 200 in every world."""
    session_ms_min: int = 6000
    """group.min.session.timeout.ms; only the judge goes lower."""
    retention_check_ms: int = 300_000
    """log.retention.check.interval.ms"""
    data_dir: Path | None = None
    """Where messages, offsets and transactions outlive the process; None keeps them in memory."""
    eager_metadata: bool = False
    """Tell of all topics when a client only asks for nodes; only the judge sets it.

    Apache Kafka does not. kafka-python asks for its topic not earlier than 100 ms (retry_backoff_ms) after the nodes,
    unless it knows it already; in a check that starts hundreds of clients this is most of the time.
    """
    trace: Path | None = None
    """A file that gets one JSON line per request and event."""
    daemon: bool = False
    """Go on when stdin closes."""


def read(arguments: Sequence[str]) -> Options:
    """The options of a command line; explains itself and exits on --help and on mistakes."""
    parser = ArgumentParser(prog="python -m autograder.backends.kafka", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="port of the first node (0: any free port)")
    add("--control-port", type=int, default=0, help="port of the control channel (0: any free port)")
    add("--brokers", type=int, default=1, help="nodes to simulate")
    add("--partitions", type=int, default=1, help="partitions of a new topic by default")
    add("--replicas", type=int, default=1, help="replicas of a new topic by default")
    add("--replica-lag-ms", type=int, default=0, help="how far followers are behind")
    add("--no-auto-create", dest="auto_create", action="store_false", help="unknown topics are not made on first use")
    add("--rebalance-delay-ms", type=int, default=200, help="how long the first rebalance waits for more members")
    add("--session-ms-min", type=int, default=6000, help="shortest session timeout that a consumer may ask for")
    add("--retention-check-ms", type=int, default=300_000, help="how often old messages are looked for")
    add("--data-dir", type=Path, help="keep everything in this folder (default: in memory)")
    add("--eager-metadata", action="store_true", help="tell of all topics when a client asks for nodes (judge only)")
    add("--trace", type=Path, help="write one JSON line per request and event to this file")
    add("--daemon", action="store_true", help="do not end when stdin closes")
    return Options(**vars(parser.parse_args(arguments)))
