"""Events: what has happened in the shop. Past tense; on the wire they are JSON, keyed by the purchase."""

import json
from dataclasses import asdict, dataclass

__all__ = ["TOPIC", "Event"]

TOPIC = "purchases"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to one purchase; ``version`` counts the purchase's changes from 1."""

    purchase_id: str
    version: int
    kind: str
    payload: dict
    schema: int = 1
    """The shape of ``payload``; grows when the shape changes."""

    @property
    def id(self) -> str:
        """The same for every copy of the event: ``p-1/2``."""
        return f"{self.purchase_id}/{self.version}"

    @property
    def key(self) -> bytes:
        """The Kafka key: events of one purchase share a Kafka partition, so their order is kept."""
        return self.purchase_id.encode()

    def encode(self) -> bytes:
        """The event as it goes on the wire."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> "Event":
        """Read an event from the wire; raises ValueError for bytes that are not one."""
        try:
            return cls(**json.loads(data))
        except (TypeError, ValueError) as cause:
            raise ValueError(f"not an event of the shop: {data[:80]!r}") from cause
