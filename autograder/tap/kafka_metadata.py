"""A client that greets a broker asks for the metadata of no topic; here it is told of all of them.

kafka-python then knows the topic when its first message comes. Otherwise it would ask again, and it waits 100 ms (its
``retry_backoff_ms``) between two such questions: with a process per run, that pause would be most of a run's time. The
request is the same in every world and the answer is the broker's own; nothing in the client is changed.
"""

from __future__ import annotations

import struct

from autograder.tap.kafka_fields import Fields
from autograder.tap.kafka_requests import METADATA, Asked, is_flexible

__all__ = ["widened"]

NULL_SINCE = 1
"""Before this version an empty list already means every topic."""


def widened(question: Asked, message: bytes) -> bytes:
    """A metadata request for no topic as one for all topics; any other request as it is."""
    if question.api != METADATA or question.version < NULL_SINCE:
        return message
    fields = Fields(message, 8)
    try:
        fields.string()
        fields.flexible = is_flexible(question.api, question.version)
        fields.tags()
    except (IndexError, struct.error):
        return message
    empty, null = (b"\x01", b"\x00") if fields.flexible else (struct.pack("!i", 0), struct.pack("!i", -1))
    end = fields.at + len(empty)
    return message[: fields.at] + null + message[end:] if message[fields.at : end] == empty else message
