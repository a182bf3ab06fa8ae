"""Members of consumer groups, and what is asked and answered when one joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.backends.kafka.codes import Code

__all__ = ["Join", "Joined", "Member", "Synced"]

Protocols = tuple[tuple[str, bytes], ...]
"""The assignors that a member can use, the preferred one first, each with the member's subscription."""


@dataclass(frozen=True, kw_only=True)
class Join:
    """A wish to be a member."""

    member: str
    """Empty for somebody who has no member id yet."""
    instance: str | None
    """The static member's own name, if it has one."""
    client: str
    host: str
    session_ms: int
    rebalance_ms: int
    protocol_type: str
    protocols: Protocols
    needs_id_first: bool
    """A newcomer is only given a member id and has to come again with it."""
    may_skip_assignment: bool
    """The caller understands that a leader may be told to leave the assignment as it is."""

    @property
    def names(self) -> set[str]:
        """The names of the assignors."""
        return {name for name, _ in self.protocols}


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The answer to a Join."""

    code: Code = Code.NONE
    member: str = ""
    generation: int = -1
    protocol_type: str | None = None
    protocol: str | None = None
    leader: str = ""
    members: tuple[tuple[str, str | None, bytes], ...] = ()
    """For the leader: every member's id, instance and subscription."""
    skip_assignment: bool = False


@dataclass(frozen=True)
class Synced:
    """The answer to a member that asks what it is to read."""

    code: Code
    assignment: bytes = b""


@dataclass
class Member:
    """One member of one group."""

    id: str
    instance: str | None
    client: str
    host: str
    session_s: float = 0.0
    rebalance_s: float = 0.0
    protocols: Protocols = ()
    deadline: float = 0.0
    """On the broker's clock; a member that is not heard of until then is dropped."""
    assignment: bytes | None = None
    joining: Callable[[Joined], None] | None = None
    """Whom to tell when the rebalance is complete."""
    syncing: Callable[[Synced], None] | None = None
    """Whom to tell when the leader has assigned."""

    @classmethod
    def new(cls, member: str, join: Join) -> Member:
        """A member that has just been let in."""
        return cls(member, join.instance, join.client, join.host)

    @property
    def waits(self) -> bool:
        """Does it wait for the group, so that its silence means nothing?"""
        return self.joining is not None or self.syncing is not None

    @property
    def names(self) -> set[str]:
        """The names of its assignors."""
        return {name for name, _ in self.protocols}

    def subscription(self, protocol: str) -> bytes:
        """What it told the group's assignor."""
        return dict(self.protocols).get(protocol, b"")

    def update(self, join: Join, now: float) -> None:
        """Take over what a (repeated) wish to join says."""
        self.protocols = join.protocols
        self.session_s, self.rebalance_s = join.session_ms / 1000, join.rebalance_ms / 1000
        self.heard(now)

    def heard(self, now: float) -> None:
        """It lives: its session begins anew."""
        self.deadline = now + self.session_s

    def answer_join(self, joined: Joined) -> None:
        """Tell it how its joining went, if it waits for that."""
        answer, self.joining = self.joining, None
        if answer is not None:
            answer(joined)

    def answer_sync(self, synced: Synced) -> None:
        """Tell it its assignment, if it waits for that."""
        answer, self.syncing = self.syncing, None
        if answer is not None:
            answer(synced)
