"""Consumer groups with the classic protocol: who is a member, and the rebalance that spreads the work.

A group is *Empty*, then *PreparingRebalance* while it waits for all members to (re)join, *CompletingRebalance* while it
waits for its leader's assignment, and *Stable* after that. Every completed rebalance begins a new *generation*; what a
member of an older one sends is refused.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.members import Join, Joined, Member, Synced

__all__ = ["Group", "Groups", "State"]

State = Literal["Empty", "PreparingRebalance", "CompletingRebalance", "Stable"]


class Group:
    """One consumer group."""

    def __init__(self, group_id: str, clock: Callable[[], float], initial_delay_s: float) -> None:
        """`initial_delay_s`: how long the first rebalance of an empty group waits for more members."""
        self.id = group_id
        self.state: State = "Empty"
        self.generation = 0
        self.protocol_type = ""
        self.protocol = ""
        self.leader: str | None = None
        self.members: dict[str, Member] = {}
        self._instances: dict[str, str] = {}
        """Static members: instance name to member id."""
        self._promised: dict[str, float] = {}
        """Member ids that were given out and not yet used, with the time until which they are kept."""
        self._clock = clock
        self._initial_delay_s = initial_delay_s
        self._deadline: float | None = None
        """When the running phase of the rebalance ends."""
        self._initial_until: float | None = None
        """While the first rebalance still waits for more members: the latest time to which it may be prolonged."""
        self._newcomers = False

    # Joining.

    def join(self, join: Join, answer: Callable[[Joined], None]) -> None:
        """Let somebody in, now or when the rebalance is complete; `answer` is called once."""
        try:
            if not self._has_common_protocol(join):
                raise Refused(Code.INCONSISTENT_GROUP_PROTOCOL)
            if join.member == "" and join.instance in self._instances:
                self._replace_static(join, answer)
            else:
                member, is_new = self._admit(join)
                self._rejoin(member, join, answer, is_new=is_new)
        except _IdFirst as promised:
            answer(Joined(code=Code.MEMBER_ID_REQUIRED, member=promised.member))
        except Refused as refusal:
            answer(Joined(code=refusal.code, member=join.member))

    def _has_common_protocol(self, join: Join) -> bool:
        others = [member.names for member in self.members.values() if member.id != join.member]
        if not self.members:
            return bool(join.protocol_type and join.protocols)
        return join.protocol_type == self.protocol_type and bool(join.names.intersection(*others))

    def _admit(self, join: Join) -> tuple[Member, bool]:
        """The member that asks, and whether it is new."""
        known = self.members.get(join.member)
        if known is not None:
            if join.instance is not None and self._instances.get(join.instance) != known.id:
                raise Refused(Code.FENCED_INSTANCE_ID)
            return known, False
        if join.member != "":
            if self._promised.pop(join.member, None) is None:
                raise Refused(Code.UNKNOWN_MEMBER_ID)
            return self._enter(join.member, join), True
        member_id = f"{join.instance or join.client or 'member'}-{uuid.uuid4()}"
        if join.needs_id_first and join.instance is None:
            self._promised[member_id] = self._clock() + join.session_ms / 1000
            raise _IdFirst(member_id)
        return self._enter(member_id, join), True

    def _enter(self, member_id: str, join: Join) -> Member:
        member = self.members[member_id] = Member.new(member_id, join)
        if join.instance is not None:
            self._instances[join.instance] = member_id
        self._newcomers = True
        return member

    def _rejoin(self, member: Member, join: Join, answer: Callable[[Joined], None], *, is_new: bool) -> None:
        changed = member.protocols != join.protocols
        member.update(join, self._clock())
        self.protocol_type = join.protocol_type
        if not is_new and not changed:
            repeated = self.state == "Stable" and member.id != self.leader and not member.waits
            if repeated or self.state == "CompletingRebalance":
                answer(self._joined(member))
                return
        member.answer_join(Joined(code=Code.UNKNOWN_MEMBER_ID, member=member.id))
        member.joining = answer
        if self.state != "PreparingRebalance":
            self._prepare()
        self._complete_if_ready()

    def _replace_static(self, join: Join, answer: Callable[[Joined], None]) -> None:
        """A static member is back, without its old member id: it takes its old place over."""
        assert join.instance is not None
        old = self.members.pop(self._instances[join.instance])
        old_leader = self.leader
        old.answer_join(Joined(code=Code.FENCED_INSTANCE_ID, member=old.id))
        old.answer_sync(Synced(Code.FENCED_INSTANCE_ID))
        member = self._enter(f"{join.instance}-{uuid.uuid4()}", join)
        member.assignment = old.assignment
        if self.leader == old.id:
            self.leader = member.id
        if self.state == "Stable" and old.protocols == join.protocols:
            member.update(join, self._clock())
            answer(self._joined_unchanged(member, join, old_leader))
        else:
            self._rejoin(member, join, answer, is_new=True)

    def _joined_unchanged(self, member: Member, join: Join, old_leader: str | None) -> Joined:
        leads = self.leader == member.id
        if join.may_skip_assignment:
            return self._joined(member, skip_assignment=leads)
        # A client that cannot skip would assign anew if it were told that it leads.
        return Joined(member=member.id, generation=self.generation, protocol_type=self.protocol_type,
                      protocol=self.protocol, leader=old_leader or "")

    def _joined(self, member: Member, *, skip_assignment: bool = False) -> Joined:
        seen = self.members.values() if member.id == self.leader else ()
        return Joined(member=member.id, generation=self.generation, protocol_type=self.protocol_type,
                      protocol=self.protocol, leader=self.leader or "", skip_assignment=skip_assignment,
                      members=tuple((m.id, m.instance, m.subscription(self.protocol)) for m in seen))

    # The rebalance.

    def _prepare(self) -> None:
        now = self._clock()
        wait_s = max((member.rebalance_s for member in self.members.values()), default=0.0)
        is_first = self.state == "Empty" and self._initial_delay_s > 0
        for member in self.members.values():
            member.answer_sync(Synced(Code.REBALANCE_IN_PROGRESS))
        self.state = "PreparingRebalance"
        self._initial_until = now + wait_s if is_first else None
        self._newcomers = False
        self._deadline = now + (min(self._initial_delay_s, wait_s) if is_first else wait_s)

    def _complete_if_ready(self) -> None:
        if self.state != "PreparingRebalance" or self._promised or self._initial_until is not None:
            return
        if all(member.joining is not None for member in self.members.values()):
            self._complete()

    def _complete(self) -> None:
        """All have joined, or have had their time: the next generation begins with those who are here."""
        for member in [m for m in self.members.values() if m.joining is None and m.instance is None]:
            del self.members[member.id]
        self.generation += 1
        self._deadline = self._initial_until = None
        joined = [member for member in self.members.values() if member.joining is not None]
        if not self.members:
            self.state, self.protocol, self.leader = "Empty", "", None
            return
        self.protocol = self._elect_protocol()
        if self.leader not in {member.id for member in joined}:
            self.leader = (joined or list(self.members.values()))[0].id
        self.state = "CompletingRebalance"
        now = self._clock()
        self._deadline = now + max(member.rebalance_s for member in self.members.values())
        for member in self.members.values():
            member.heard(now)
        for member in joined:
            member.assignment = None
            member.answer_join(self._joined(member))

    def _elect_protocol(self) -> str:
        common = set.intersection(*(member.names for member in self.members.values()))
        votes = Counter(next(name for name, _ in member.protocols if name in common)
                        for member in self.members.values())
        return votes.most_common(1)[0][0]

    def sync(self, member: Member, assignments: Mapping[str, bytes], answer: Callable[[Synced], None]) -> None:
        """Tell a member what it is to read, now or when the leader has assigned; `answer` is called once."""
        now = self._clock()
        member.heard(now)
        if self.state == "PreparingRebalance":
            answer(Synced(Code.REBALANCE_IN_PROGRESS))
        elif self.state == "Stable":
            answer(Synced(Code.NONE, member.assignment or b""))
        else:
            member.syncing = answer
            if member.id == self.leader:
                self._assign(assignments, now)

    def _assign(self, assignments: Mapping[str, bytes], now: float) -> None:
        self.state, self._deadline = "Stable", None
        for member in self.members.values():
            member.assignment = assignments.get(member.id, b"")
            member.heard(now)
            member.answer_sync(Synced(Code.NONE, member.assignment))

    # Members that are here.

    def member(self, member_id: str, generation: int, instance: str | None) -> Member:
        """The member that speaks; Refused when it is none (any more) or speaks for an older generation."""
        if instance is not None and self._instances.get(instance, member_id) != member_id:
            raise Refused(Code.FENCED_INSTANCE_ID)
        member = self.members.get(member_id)
        if member is None:
            raise Refused(Code.UNKNOWN_MEMBER_ID)
        if generation != self.generation:
            raise Refused(Code.ILLEGAL_GENERATION)
        member.heard(self._clock())
        return member

    def leave(self, member_id: str, instance: str | None = None) -> str:
        """Somebody goes: by member id, or a static member by its instance. Returns the member id; may be Refused."""
        if instance is not None and instance in self._instances:
            member_id = self._instances[instance]
        if self._promised.pop(member_id, None) is None and member_id not in self.members:
            raise Refused(Code.UNKNOWN_MEMBER_ID)
        self._remove(member_id)
        return member_id

    def _remove(self, member_id: str) -> None:
        member = self.members.pop(member_id, None)
        if member is not None:
            if member.instance is not None:
                self._instances.pop(member.instance, None)
            member.answer_join(Joined(code=Code.UNKNOWN_MEMBER_ID, member=member_id))
            member.answer_sync(Synced(Code.UNKNOWN_MEMBER_ID))
            if self.state in ("Stable", "CompletingRebalance"):
                self._prepare()
        self._complete_if_ready()

    def disband(self) -> None:
        """Everybody is told to go."""
        for member in tuple(self.members.values()):
            member.answer_join(Joined(code=Code.UNKNOWN_MEMBER_ID, member=member.id))
            member.answer_sync(Synced(Code.UNKNOWN_MEMBER_ID))

    # Time.

    def expire(self) -> list[str]:
        """Drop who was not heard of and end phases that took too long; returns the members that were dropped."""
        now = self._clock()
        for member_id in [key for key, until in self._promised.items() if until <= now]:
            del self._promised[member_id]
            self._complete_if_ready()
        if self._deadline is not None and self._deadline <= now:
            self._end_phase(now)
        silent = [member.id for member in self.members.values() if not member.waits and member.deadline <= now]
        for member_id in silent:
            self._remove(member_id)
        return silent

    def _end_phase(self, now: float) -> None:
        if self.state == "CompletingRebalance":
            for member in [m for m in self.members.values() if m.syncing is None]:
                self.members.pop(member.id)
                if member.instance is not None:
                    self._instances.pop(member.instance, None)
            self._prepare()
            self._complete_if_ready()
        elif self._initial_until is not None and self._newcomers and now < self._initial_until:
            self._newcomers = False
            self._deadline = min(now + self._initial_delay_s, self._initial_until)
        else:
            self._complete()

    def next_deadline(self) -> float | None:
        """When `expire` may have something to do, if ever."""
        times = [member.deadline for member in self.members.values() if not member.waits]
        times += self._promised.values()
        if self._deadline is not None:
            times.append(self._deadline)
        return min(times, default=None)


class Groups:
    """All consumer groups."""

    def __init__(self, clock: Callable[[], float], initial_delay_s: float) -> None:
        self._clock = clock
        self._initial_delay_s = initial_delay_s
        self._groups: dict[str, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(tuple(self._groups.values()))

    def get(self, group_id: str) -> Group | None:
        """The group of this name, if anybody has ever joined or committed."""
        return self._groups.get(group_id)

    def ensure(self, group_id: str) -> Group:
        """The group of this name, made when it is not there."""
        if group_id not in self._groups:
            self._groups[group_id] = Group(group_id, self._clock, self._initial_delay_s)
        return self._groups[group_id]

    def delete(self, group_id: str) -> None:
        """Forget a group that has no members."""
        self._groups.pop(group_id, None)

    def reset(self) -> None:
        """There are no groups; who still waits in one is told that it is no member."""
        for group in self:
            group.disband()
        self._groups.clear()

    def expire(self) -> list[tuple[str, str]]:
        """Let time pass; returns the group and member id of everybody who was dropped."""
        return [(group.id, member) for group in self for member in group.expire()]

    def next_deadline(self) -> float | None:
        """When `expire` may have something to do, if ever."""
        times = [deadline for group in self if (deadline := group.next_deadline()) is not None]
        return min(times, default=None)


class _IdFirst(Exception):
    """The newcomer is to come again with this member id."""

    def __init__(self, member: str) -> None:
        super().__init__(member)
        self.member = member
