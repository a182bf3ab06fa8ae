"""The words that lab 5's stories are made of: messages in the topic ``purchases``, in this order.

``a1`` is version 1 of purchase p-a. A last letter says more: ``a2x`` orders a unicorn, which can never be packed; ``a2v``
orders a vase, which can be packed at the third attempt; ``a2y`` an anvil, which can never be packed either; ``a2u`` is no
event at all, only bytes, and ``a2w`` is JSON and no event.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.backends.kafka.direct import Sent
from autograder.explore.stage import Stage

__all__ = ["TOPIC", "UNPACKABLE", "Letter", "send", "sent_as", "without_roles"]

TOPIC = "purchases"
ITEMS = ("lamp", "mug", "kettle", "chair")
BUYERS = ("Ada", "Bao", "Chidi", "Zoë O'Brien")
ROLES = "xyvuw"
UNPACKABLE = {"x": "unicorn", "y": "anvil"}
"""What can never be packed, by its letter; ``shop/packing.sql`` counts the attempts at each."""
NO_EVENT = "uw"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message of a story, and where it stands."""

    word: str
    partition: int
    offset: int

    @property
    def purchase_id(self) -> str:
        """The purchase that it is about, which is its key."""
        return f"p-{self.word[0]}"

    @property
    def version(self) -> int:
        """The version of its purchase."""
        return int(self.word[1:].rstrip(ROLES))

    @property
    def item(self) -> str:
        """What is to be packed."""
        return {**UNPACKABLE, "v": "vase"}.get(self.word[-1], ITEMS[(ord(self.word[0]) - ord("a")) % len(ITEMS)])

    @property
    def place(self) -> str:
        """Topic, Kafka partition and offset: what the header ``origin`` of a dead letter must say."""
        return f"{TOPIC}/{self.partition}/{self.offset}"

    @property
    def value(self) -> str:
        """The message's value."""
        if self.word[-1] == "u":
            return f"not an event: {self.purchase_id}"
        if self.word[-1] == "w":
            return json.dumps([self.purchase_id, self.version])
        buyer = BUYERS[(ord(self.word[0]) - ord("a")) % len(BUYERS)]
        payload = {"buyer": buyer, "item": self.item, "quantity": self.version}
        kind = "OrderPlaced" if self.version == 1 else "OrderChanged"
        event = {"purchase_id": self.purchase_id, "version": self.version, "kind": kind, "payload": payload, "schema": 1}
        return json.dumps(event, ensure_ascii=False, sort_keys=True)

    def known(self) -> dict[str, Any]:
        """What a rule needs to know of it."""
        return {
            "id": f"{self.purchase_id}/{self.version}",
            "purchase_id": self.purchase_id,
            "version": self.version,
            "item": self.item,
            "quantity": self.version,
            "place": self.place,
            "value": self.value,
            "dead": self.word[-1] in (*UNPACKABLE, *NO_EVENT),
            "readable": self.word[-1] not in NO_EVENT,
        }


def without_roles(words: Sequence[str]) -> tuple[str, ...]:
    """The words of plain messages."""
    return tuple(word for word in words if word[-1].isdigit())


def sent_as(word: str, partition: int = 0, offset: int = 0) -> Letter:
    """The message of a word, wherever it stands."""
    return Letter(word=word, partition=partition, offset=offset)


def send(stage: Stage, words: Sequence[str]) -> list[dict[str, Any]]:
    """Messages that were in the topic before the story begins; what is known of each."""
    letters = [sent_as(word) for word in words]
    records = [Sent(letter.purchase_id.encode(), letter.value.encode()) for letter in letters]
    places = stage.lane.send(TOPIC, records)
    return [sent_as(word, *place).known() for word, place in zip(words, places, strict=True)]
