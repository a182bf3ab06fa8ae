"""The topics of a lane on Apache Kafka, emptied between two runs by what its protocol offers.

A run must find what the first one found: no open transaction, no consumer group, no message, offsets from 0. The
embedded broker has one command for that; here transactions are aborted as a new producer of the same
``transactional.id`` would abort them, groups and topics are deleted, and the lab's topics are made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.backends import BackendError
from autograder.backends.kafka.direct import Address, Direct, DirectError, Place, Sent
from autograder.grading.topics import read_messages, read_progress, send_all
from autograder.invariants import Message, Progress

__all__ = ["KafkaTopics"]

TIMEOUT_S = 20.0
OWN = "__"
"""Topics of Kafka's own begin so."""
LOADING = {14, 15, 16}
"""The coordinator is not ready, not known yet, or has moved: ask again."""
BUSY = {51, *LOADING}
"""Or the transaction is being ended this moment."""
NOT_EMPTY, NO_SUCH_GROUP = 68, 69
NOT_THERE = 3
THERE_ALREADY = 36
WARM = "fortnight-judge"
"""The group and the transactional.id that wake Kafka's coordinators."""


class KafkaTopics:
    """The topics of one lane on a Kafka that nobody else uses meanwhile. Usable as a context manager.

    What was there when it was opened stays, but for topics with the names of the lab's.
    """

    def __init__(self, bootstrap: str, topics: Mapping[str, int]) -> None:
        self.bootstrap = bootstrap
        self._topics = dict(topics)
        self._direct = Direct(bootstrap)
        self._wake_coordinators()
        self._foreign_groups = self._groups()
        self._foreign_topics = self._names() - set(topics)
        self._remake(self._names() & set(topics))

    def __enter__(self) -> KafkaTopics:
        return self

    def __exit__(self, *exc: object) -> None:
        self._direct.close()

    def reset(self) -> None:
        """As if nothing had ever been sent, received or begun."""
        try:
            self._abort_transactions()
            for group in self._groups() - self._foreign_groups:
                self._delete_group(group)
            strange = self._names() - self._foreign_topics - set(self._topics)
            self._remake({name for name in self._topics if self._is_used(name)} | strange)
        except DirectError as error:
            raise BackendError(f"Apache Kafka could not be emptied for the next run ({error}) Check again.") from error

    def messages(self) -> tuple[Message, ...]:
        """All visible messages, by topic, Kafka partition and offset."""
        return read_messages(self._direct, self._leaders())

    def progress(self, group: str) -> tuple[Progress, ...]:
        """How far a consumer group has come in each Kafka partition."""
        return read_progress(self._direct, self._leaders(), group)

    def send(self, topic: str, records: Sequence[Sent]) -> tuple[tuple[int, int], ...]:
        """Append messages as every producer with the default partitioner does; Kafka partition and offset of each."""
        return send_all(self._direct, topic, records)

    def _leaders(self) -> dict[Place, Address]:
        """Asked anew: topics that were made again may be led by somebody else."""
        try:
            return self._direct.leaders_of(self._topics)
        except DirectError as error:
            raise BackendError(f"Apache Kafka gave way in the middle of the check ({error}) Check again.") from error

    def _wake_coordinators(self) -> None:
        """Kafka makes its own two topics when the first group and the first transaction come; no run waits for that."""
        for kind in (0, 1):
            self._until_ready(LOADING, "FindCoordinator", 1, key=WARM, key_type=kind)
        self._until_ready(BUSY, "InitProducerId", 2, transactional_id=WARM, transaction_timeout_ms=1000)
        self._until_ready(LOADING, "OffsetFetch", 5, group_id=WARM, topics=[])

    def _abort_transactions(self) -> None:
        told = self._until_ready(LOADING, "ListTransactions", 0, state_filters=[], producer_id_filters=[])
        for found in told.transaction_states:
            if found.transaction_state not in ("Empty", "CompleteCommit", "CompleteAbort", "Dead"):
                self._until_ready(
                    BUSY,
                    "InitProducerId",
                    2,
                    transactional_id=found.transactional_id,
                    transaction_timeout_ms=1000,
                )

    def _groups(self) -> set[str]:
        told = self._until_ready(LOADING, "ListGroups", 4, states_filter=[])
        return {group.group_id for group in told.groups}

    def _delete_group(self, group: str) -> None:
        """Make its members leave and forget it."""
        code = NOT_EMPTY
        deadline = time.monotonic() + TIMEOUT_S
        while code in {NOT_EMPTY, *LOADING} and time.monotonic() < deadline:
            if code == NOT_EMPTY:
                told = self._direct.ask("DescribeGroups", 4, groups=[group], include_authorized_operations=False)
                for member in told.groups[0].members:
                    self._direct.leave(group, member.member_id)
            (done,) = self._direct.ask("DeleteGroups", 1, groups_names=[group]).results
            code = done.error_code
        if code not in (0, NO_SUCH_GROUP):
            raise DirectError(f"Kafka keeps the group {group}: error {code}.")

    def _names(self) -> set[str]:
        told = self._direct.ask("Metadata", 7, topics=None, allow_auto_topic_creation=False)
        return {topic.name for topic in told.topics if not topic.name.startswith(OWN)}

    def _is_used(self, topic: str) -> bool:
        return any(self._direct.end_offsets(topic).values())

    def _remake(self, topics: set[str]) -> None:
        """Delete topics; then make those of the lab that are not there, and wait until their leaders answer."""
        if topics:
            told = self._direct.ask("DeleteTopics", 3, topic_names=sorted(topics), timeout_ms=10_000)
            _check(((done.name, done.error_code) for done in told.responses), NOT_THERE)
            self._wait(lambda: not self._names() & topics, f"{', '.join(sorted(topics))} to be gone")
        missing = {name: count for name, count in self._topics.items() if name not in self._names()}
        if missing:
            wanted = [
                {"name": name, "num_partitions": count, "replication_factor": 1, "assignments": [], "configs": []}
                for name, count in missing.items()
            ]
            made = self._direct.ask("CreateTopics", 4, topics=wanted, timeout_ms=10_000, validate_only=False)
            _check(((done.name, done.error_code) for done in made.topics), THERE_ALREADY)
            for name, count in missing.items():
                self._wait(lambda name=name, count=count: self._is_led(name, count), f"{name} to have its leaders")

    def _is_led(self, topic: str, partitions: int) -> bool:
        try:
            return len(self._direct.end_offsets(topic)) == partitions
        except (DirectError, KeyError):
            return False

    def _until_ready(self, not_yet: set[int], api: str, version: int, **fields: Any) -> Any:
        """Ask again while the answer is that it is too early."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            told = self._direct.ask(api, version, **fields)
            if told.error_code not in not_yet:
                if told.error_code:
                    raise DirectError(f"Kafka refused {api}: error {told.error_code}.")
                return told
            if time.monotonic() > deadline:
                raise DirectError(f"Kafka is not ready for {api} (error {told.error_code}).")
            time.sleep(0.005)

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not holds():
            if time.monotonic() > deadline:
                raise DirectError(f"Waited {TIMEOUT_S:.0f} s for {what}.")
            time.sleep(0.001)


def _check(done: Any, accepted: int) -> None:
    for name, code in done:
        if code not in (0, accepted):
            raise DirectError(f"Kafka refused to make or delete {name}: error {code}.")
