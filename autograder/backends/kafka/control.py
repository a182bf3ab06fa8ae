"""The control channel: what the judge and the tests can ask of the broker besides Kafka, as JSON lines over TCP.

Every line is ``{"op": NAME, ...}``; the answer is ``{"ok": RESULT}`` or ``{"error": SENTENCE}``.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from autograder.backends.kafka import wire
from autograder.backends.kafka.breakpoints import Verdict
from autograder.backends.kafka.broker import Broker
from autograder.backends.kafka.codes import Refused
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.settings import check_settings
from autograder.backends.kafka.topics import Topic
from autograder.backends.kafka.visible import visible

__all__ = ["Control"]

_LINE_BYTES_MAX = 1 << 20


class Control:
    """Carries out operations, one method each."""

    def __init__(self, broker: Broker, node_up: Callable[[int], Awaitable[bool]],
                 node_down: Callable[[int], int]) -> None:
        """`node_up` and `node_down` open and close the listener of the node that they get as `node`."""
        self._broker = broker
        self._operations: dict[str, Callable[..., Any]] = {
            "clear": self._clear, "counts": self._counts, "create_topic": self._create_topic,
            "expire": self._expire, "log": self._log, "members": self._members, "messages": self._messages,
            "broker_down": node_down, "broker_up": node_up, "offsets": self._offsets,
            "refusals": self._refusals, "replica_lag": self._replica_lag, "reset": self._reset,
            "reset_counts": self._reset_counts, "resume": self._resume, "rule": self._rule,
            "set_leader": self._set_leader, "transactions": self._transactions, "wait_hit": self._wait_hit,
        }

    async def listen(self, port: int) -> int:
        """Open the channel; returns its port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LINE_BYTES_MAX)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # Whoever asked is gone, or sends endless lines: nothing to tell.
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            operation = self._operations.get(asked.pop("op", ""))
            if operation is None:
                return {"error": f"there is no such operation; there are {', '.join(sorted(self._operations))}"}
            result = operation(**asked)
            return {"ok": await result if asyncio.iscoroutine(result) else result}
        except Refused as refusal:
            return {"error": f"{refusal.code.name}: {refusal}"}
        except (AttributeError, KeyError, TypeError, ValueError) as mistake:
            return {"error": f"{type(mistake).__name__}: {mistake}"}
        except TimeoutError:
            return {"error": "nothing happened in time"}

    # Topics and their messages.

    def _create_topic(self, name: str, partitions: int = 1, replicas: int = 1,
                      settings: dict[str, str] | None = None) -> bool:
        check_settings(settings or {})
        self._broker.create_topic(name, partitions, replicas, settings)
        return True

    def _topic(self, name: str) -> Topic:
        topic = self._broker.topics.get(name)
        if topic is None:
            raise KeyError(f"there is no topic {name!r}")
        return topic

    def _log(self, topic: str) -> list[list[int]]:
        """Per partition: index, first offset, high watermark, end."""
        return [[partition.index, partition.start, partition.high_watermark, partition.end]
                for partition in self._topic(topic).partitions]

    def _messages(self, topic: str, since: list[int] | None = None, committed: bool = False) -> list[dict[str, Any]]:
        """The messages that consumers can read, by partition and offset; `since` gives an offset per partition."""
        found = []
        for partition in self._topic(topic).partitions:
            first = since[partition.index] if since is not None else partition.start
            limit = partition.last_stable if committed else partition.high_watermark
            aborted = [(one.producer, one.first) for one in partition.aborted(first, limit)] if committed else []
            found += [_message(partition, record)
                      for record in visible(partition.from_offset(first, limit), aborted, first, limit)]
        return found

    # Groups and transactions.

    def _members(self, group: str) -> dict[str, Any]:
        """State, generation and members of a group."""
        known = self._broker.groups.get(group)
        if known is None:
            return {"state": "Dead", "generation": -1, "members": []}
        members = [{"member": m.id, "client": m.client, "instance": m.instance, "leader": m.id == known.leader}
                   for m in known.members.values()]
        return {"state": known.state, "generation": known.generation, "members": members}

    def _expire(self, group: str, member: str | None = None) -> int:
        """These members are dead: do not wait for their session timeout. Returns how many were dropped."""
        known = self._broker.groups.get(group)
        if known is None:
            return 0
        gone = [one for one in list(known.members) if member in (None, one)]
        for one in gone:
            known.leave(one)
        self._broker.alarm.by(known.next_deadline())
        return len(gone)

    def _offsets(self, group: str) -> list[list[Any]]:
        """What a group has committed: topic, partition, offset."""
        return [[topic, index, kept.offset]
                for (topic, index), kept in sorted(self._broker.offsets.of(group).items())]

    def _transactions(self) -> list[list[Any]]:
        """Every transactional id with its state, producer id and epoch."""
        return [[known.id, known.state, known.producer, known.epoch] for known in self._broker.transactions]

    # Nodes.

    def _set_leader(self, topic: str, partition: int, node: int) -> bool:
        found = self._topic(topic).partitions[partition]
        if node not in found.replicas:
            raise ValueError(f"node {node} holds no replica; these do: {found.replicas}")
        found.led_by(node)
        found.wake()
        return True

    def _replica_lag(self, ms: int) -> bool:
        """Let followers be so much behind their leaders."""
        self._broker.cluster.lag(ms / 1000, self._broker.topics.partitions())
        return True

    # Breakpoints and counts.

    def _rule(self, **rule: Any) -> int:
        return self._broker.breakpoints.add(**rule)

    async def _wait_hit(self, timeout_s: float = 10.0) -> dict[str, Any]:
        return asdict(await self._broker.breakpoints.next_hit(timeout_s))

    def _resume(self, rule: int, verdict: Verdict = "continue") -> bool:
        return self._broker.breakpoints.resume(rule, verdict)

    def _clear(self) -> bool:
        self._broker.breakpoints.clear()
        return True

    def _counts(self) -> list[list[Any]]:
        """Requests so far: client, API, number."""
        return [[client, api, number] for (client, api), number in sorted(self._broker.counts.items())]

    def _reset_counts(self) -> bool:
        self._broker.counts.clear()
        return True

    def _refusals(self) -> list[str]:
        return self._broker.refusals

    def _reset(self) -> bool:
        self._broker.reset()
        return True


def _message(partition: Partition, record: wire.Record) -> dict[str, Any]:
    return {"partition": partition.index, "offset": record.offset, "timestamp_ms": record.timestamp_ms,
            "key": _encoded(record.key), "value": _encoded(record.value),
            "headers": [[name, _encoded(value)] for name, value in record.headers]}


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
