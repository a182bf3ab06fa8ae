"""Consumer groups of the embedded broker: the rebalance step by step, with a clock that a test sets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.groups import Group
from autograder.backends.kafka.members import Join, Joined, Member, Synced

JOIN = Join(member="", instance=None, client="warehouse", host="127.0.0.1", session_ms=6000, rebalance_ms=30_000,
            protocol_type="consumer", protocols=(("range", b"purchases"),), needs_id_first=False,
            may_skip_assignment=True)


class World:
    """A group, its clock and what its members were told."""

    def __init__(self, delay_s: float = 0.2) -> None:
        self.now = 0.0
        self.group = Group("warehouse", lambda: self.now, delay_s)
        self.joined: list[Joined] = []
        self.synced: list[Synced] = []

    def join(self, wish: Join = JOIN) -> None:
        self.group.join(wish, self.joined.append)

    def at(self, now: float) -> list[str]:
        self.now = now
        return self.group.expire()

    def stable(self, count: int) -> list[Member]:
        """Bring that many new members to a stable generation."""
        for _ in range(count):
            self.join()
        self.at(self.now + 60)
        members = list(self.group.members.values())
        for member in members:
            self.group.sync(member, {member.id: b"0" for member in members}, self.synced.append)
        assert self.group.state == "Stable"
        return members


def test_the_first_rebalance_waits_for_more_members_and_once_more_for_each_wave() -> None:
    world = World(delay_s=0.2)
    world.join()
    world.at(0.1)
    world.join()
    world.at(0.2)
    assert world.joined == []
    world.at(0.4)
    assert [told.code for told in world.joined] == [Code.NONE, Code.NONE]
    assert {told.leader for told in world.joined} == {world.joined[0].member}
    assert [len(told.members) for told in world.joined] == [2, 0]


def test_a_newcomer_gets_its_id_first_and_is_a_member_when_it_comes_again() -> None:
    world = World(delay_s=0)
    world.join(replace(JOIN, needs_id_first=True))
    (told,) = world.joined
    assert (told.code, world.group.members) == (Code.MEMBER_ID_REQUIRED, {})
    world.join(replace(JOIN, needs_id_first=True, member=told.member))
    assert (world.joined[-1].code, world.joined[-1].generation) == (Code.NONE, 1)


def test_a_promised_id_expires() -> None:
    world = World(delay_s=0)
    world.join(replace(JOIN, needs_id_first=True))
    world.at(6.0)
    world.join(replace(JOIN, member=world.joined[0].member))
    assert world.joined[-1].code == Code.UNKNOWN_MEMBER_ID


def test_nobody_learns_its_assignment_before_the_leader_has_given_it() -> None:
    world = World()
    world.join()
    world.join()
    world.at(1.0)
    world.at(2.0)
    leader, other = world.group.members.values()
    world.group.sync(other, {}, world.synced.append)
    assert world.synced == []
    world.group.sync(leader, {leader.id: b"0", other.id: b"1"}, world.synced.append)
    assert world.synced == [Synced(Code.NONE, b"0"), Synced(Code.NONE, b"1")]


def test_a_third_member_makes_the_others_join_again() -> None:
    world = World()
    first, second = world.stable(2)
    world.join()
    assert world.group.state == "PreparingRebalance"
    for member in (first, second):
        world.join(replace(JOIN, member=member.id))
    assert (world.group.state, world.group.generation) == ("CompletingRebalance", 2)
    with pytest.raises(Refused) as refused:
        world.group.member(first.id, 1, None)
    assert refused.value.code == Code.ILLEGAL_GENERATION


def test_who_does_not_join_again_in_time_is_no_member_any_more() -> None:
    world = World()
    first, second = world.stable(2)
    world.join(replace(JOIN, member=first.id, protocols=(("range", b"more"),)))
    second.session_s = 1000
    second.heard(world.now)
    world.at(world.now + 30)
    assert set(world.group.members) == {first.id}
    assert world.group.generation == 2


def test_a_silent_member_is_dropped_at_the_end_of_its_session_and_not_before() -> None:
    world = World()
    first, second = world.stable(2)
    start = world.now
    world.now = start + 5
    world.group.member(first.id, 1, None)
    assert world.at(start + 5.999) == []
    assert world.at(start + 6) == [second.id]
    assert world.group.state == "PreparingRebalance"


def test_a_repeated_join_changes_nothing_unless_it_is_the_leader_s() -> None:
    world = World()
    leader, other = world.stable(2)
    world.join(replace(JOIN, member=other.id))
    assert (world.joined[-1].generation, world.group.state) == (1, "Stable")
    world.join(replace(JOIN, member=leader.id))
    assert world.group.state == "PreparingRebalance"


def test_members_without_a_common_assignor_do_not_meet() -> None:
    world = World()
    world.stable(1)
    world.join(replace(JOIN, protocols=(("sticky", b""),)))
    assert world.joined[-1].code == Code.INCONSISTENT_GROUP_PROTOCOL


def test_a_static_member_comes_back_under_a_new_id_and_the_old_id_is_fenced() -> None:
    world = World(delay_s=0)
    wish = replace(JOIN, instance="warehouse-1")
    world.join(wish)
    old = world.joined[0].member
    world.group.sync(world.group.members[old], {old: b"0"}, world.synced.append)
    world.join(wish)
    new = world.joined[-1]
    assert (new.generation, new.skip_assignment, new.member != old) == (1, True, True)
    assert world.group.members[new.member].assignment == b"0"
    with pytest.raises(Refused) as refused:
        world.group.member(old, 1, "warehouse-1")
    assert refused.value.code == Code.FENCED_INSTANCE_ID


def test_the_last_member_leaves_an_empty_group() -> None:
    world = World()
    (only,) = world.stable(1)
    world.group.leave(only.id)
    assert (world.group.state, world.group.generation, world.group.next_deadline()) == ("Empty", 2, None)
    with pytest.raises(Refused) as refused:
        world.group.leave(only.id)
    assert refused.value.code == Code.UNKNOWN_MEMBER_ID
