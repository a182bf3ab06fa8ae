"""Three nodes of the embedded broker, for whoever wants to lose a leader: a cluster of one's own, gone with its ``with``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from autograder.backends.broker import Broker
from autograder.backends.kafka.direct import Direct, DirectError, Sent

__all__ = ["Trio"]

FROZEN_MS = 600_000
PATIENCE_MS = 150
"""How long a send waits for followers that stand still."""


class Trio:
    """Three nodes, numbered 1 to 3; node 1 leads every topic at first. A context manager."""

    def __init__(self) -> None:
        self._broker = Broker(None, options=("--brokers", "3", "--replicas", "3"))
        self._down: set[int] = set()
        self._names = count(1)

    def __enter__(self) -> Trio:
        return self.start_all()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start_all(self) -> Trio:
        """Start the three nodes."""
        self._broker.start()
        return self

    def close(self) -> None:
        """End the three nodes."""
        self._broker.kill()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of the nodes that run, ``host:port`` each."""
        return tuple(one for node, one in enumerate(self._broker.address.split(","), 1) if node not in self._down)

    @property
    def address(self) -> str:
        """Where clients begin."""
        return ",".join(self.addresses)

    def topic(self, settings: Mapping[str, str] | None = None) -> str:
        """A new topic of one Kafka partition with a replica on each node; its name."""
        name = f"topic-{next(self._names)}"
        self._broker.op("create_topic", name=name, partitions=1, replicas=3, settings=dict(settings or {}))
        return name

    def crash(self, node: int) -> None:
        """The node is gone at once."""
        self._broker.op("broker_down", node=node)
        self._down.add(node)

    def start(self, node: int) -> None:
        """The node comes back with what it had, and copies what it lacks where there is a leader."""
        self._broker.op("broker_up", node=node)
        self._down.discard(node)

    def freeze(self) -> None:
        """Followers stand still: they copy nothing, and still count as in step."""
        self._broker.op("replica_lag", ms=FROZEN_MS)

    def thaw(self) -> None:
        """Followers go on."""
        self._broker.op("replica_lag", ms=0)

    def mend(self) -> None:
        """Everything runs again."""
        self.thaw()
        for node in sorted(self._down):
            self.start(node)

    def leader(self, topic: str) -> int | None:
        """The node that leads the topic now; None where nobody may."""
        try:
            with Direct(self.address) as direct:
                _, port = direct.leaders(topic)[0]
        except (DirectError, KeyError):
            return None
        return 1 + next(n for n, one in enumerate(self._broker.address.split(",")) if one.endswith(f":{port}"))

    def send(self, topic: str, values: Sequence[str], *, acks: int) -> list[str]:
        """Send these one after the other; those that were acknowledged."""
        acknowledged = []
        with Direct(self.address) as direct:
            for value in values:
                try:
                    direct.send(topic, 0, [Sent(None, value.encode())], acks=acks, timeout_ms=PATIENCE_MS)
                    acknowledged.append(value)
                except DirectError:
                    continue  # refused, or not copied in time: whoever sent it was not told that it is safe
        return acknowledged

    def values(self, topic: str) -> list[str]:
        """What a reader finds now; nothing where nobody leads."""
        try:
            with Direct(self.address) as direct:
                return [(message.value or b"").decode() for message in direct.messages(topic)]
        except (DirectError, KeyError):
            return []
