"""Consumer groups on the wire: joining, syncing, heartbeats, leaving, and looking at groups."""

from __future__ import annotations

from asyncio import Future
from typing import Any

from autograder.backends.kafka.apis.call import Answer, Call
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.groups import Group
from autograder.backends.kafka.members import Join, Joined, Synced

__all__ = ["delete_groups", "describe_groups", "heartbeat", "join_group", "known_group", "leave_group",
           "list_groups", "sync_group"]

SESSION_MS_MAX = 1_800_000
"""Apache Kafka's group.max.session.timeout.ms."""


async def join_group(call: Call) -> Answer:
    """Become a member; the answer comes when the rebalance is complete."""
    body = call.body
    try:
        if not body.group_id:
            raise Refused(Code.INVALID_GROUP_ID)
        call.broker.check_coordinator(body.group_id, call.node)
        if not call.broker.options.session_ms_min <= body.session_timeout_ms <= SESSION_MS_MAX:
            raise Refused(Code.INVALID_SESSION_TIMEOUT)
    except Refused as refusal:
        return _joined(call, Joined(code=refusal.code, member=body.member_id))
    group = call.broker.groups.ensure(body.group_id)
    answer: Future[Joined] = call.broker.loop.create_future()
    group.join(_wish(call), lambda joined: None if answer.done() else answer.set_result(joined))
    call.broker.alarm.by(group.next_deadline())
    _note(call, group)
    return _joined(call, await call.hears(answer))


def _wish(call: Call) -> Join:
    body = call.body
    return Join(
        member=body.member_id, instance=body.group_instance_id if call.version >= 5 else None,
        client=call.request.client, host=call.host, session_ms=body.session_timeout_ms,
        rebalance_ms=body.rebalance_timeout_ms if call.version >= 1 else body.session_timeout_ms,
        protocol_type=body.protocol_type,
        protocols=tuple((protocol.name, bytes(protocol.metadata)) for protocol in body.protocols),
        needs_id_first=call.version >= 4, may_skip_assignment=call.version >= 9)


def _joined(call: Call, joined: Joined) -> Answer:
    no_protocol = None if call.version >= 7 else ""
    return {"error_code": joined.code, "member_id": joined.member, "generation_id": joined.generation,
            "protocol_type": joined.protocol_type, "protocol_name": joined.protocol or no_protocol,
            "leader": joined.leader, "skip_assignment": joined.skip_assignment,
            "members": [{"member_id": member, "group_instance_id": instance, "metadata": subscription}
                        for member, instance, subscription in joined.members]}


async def sync_group(call: Call) -> Answer:
    """Learn what to read; the leader brings everybody's assignment along."""
    group, answer = None, call.broker.loop.create_future()
    try:
        group = known_group(call, call.body.group_id)
        member = group.member(call.body.member_id, call.body.generation_id, _instance(call))
        assignments = {given.member_id: bytes(given.assignment) for given in call.body.assignments}
        group.sync(member, assignments, lambda synced: None if answer.done() else answer.set_result(synced))
        call.broker.alarm.by(group.next_deadline())
        _note(call, group)
        synced = await call.hears(answer)
    except Refused as refusal:
        synced = Synced(refusal.code)
    return {"error_code": synced.code, "assignment": synced.assignment,
            "protocol_type": group.protocol_type if group else None,
            "protocol_name": group.protocol if group else None}


def heartbeat(call: Call) -> Answer:
    """Say that one is alive, and hear whether a rebalance is on."""
    try:
        group = known_group(call, call.body.group_id)
        group.member(call.body.member_id, call.body.generation_id, _instance(call))
    except Refused as refusal:
        return {"error_code": refusal.code}
    return {"error_code": Code.REBALANCE_IN_PROGRESS if group.state == "PreparingRebalance" else Code.NONE}


def leave_group(call: Call) -> Answer:
    """Go at once instead of being missed after the session timeout."""
    body = call.body
    try:
        group = known_group(call, body.group_id)
    except Refused as refusal:
        return {"error_code": refusal.code, "members": []}
    one_only = call.version <= 2
    leaving = [(body.member_id, None)] if one_only else [(m.member_id, m.group_instance_id) for m in body.members]
    members = [_leave(group, member_id, instance) for member_id, instance in leaving]
    call.broker.alarm.by(group.next_deadline())
    _note(call, group)
    return {"error_code": members[0]["error_code"] if one_only else Code.NONE, "members": members}


def _leave(group: Group, member_id: str, instance: str | None) -> Answer:
    code = Code.NONE
    try:
        group.leave(member_id, instance)
    except Refused as refusal:
        code = refusal.code
    return {"member_id": member_id, "group_instance_id": instance, "error_code": code}


def known_group(call: Call, group_id: str) -> Group:
    """The group that is asked for; Refused at the wrong node and when nobody is in it."""
    if not group_id:
        raise Refused(Code.INVALID_GROUP_ID)
    call.broker.check_coordinator(group_id, call.node)
    group = call.broker.groups.get(group_id)
    if group is None:
        raise Refused(Code.UNKNOWN_MEMBER_ID)
    return group


def _instance(call: Call) -> str | None:
    return call.body.group_instance_id if call.version >= 3 else None


def _note(call: Call, group: Group) -> None:
    call.broker.trace.event("group", group=group.id, state=group.state, generation=group.generation,
                            members=list(group.members))


def list_groups(call: Call) -> Answer:
    """The groups that this node coordinates and that have offsets, or have ever had members."""
    broker = call.broker
    names = {group.id for group in broker.groups if group.generation > 0 or group.members} | broker.offsets.groups()
    wanted = set(call.body.states_filter or ()) if call.version >= 4 else set()
    listed = []
    for name in sorted(names):
        group = broker.groups.get(name)
        state = group.state if group else "Empty"
        if broker.cluster.coordinator(name).id == call.node and (not wanted or state in wanted):
            listed.append({"group_id": name, "protocol_type": group.protocol_type if group else "",
                           "group_state": state, "group_type": "classic"})
    return {"error_code": Code.NONE, "groups": listed}


def describe_groups(call: Call) -> Answer:
    """State and members of groups; a group that nobody knows is Dead."""
    return {"groups": [_describe(call, name) for name in call.body.groups]}


def _describe(call: Call, name: str) -> Answer:
    group, code = call.broker.groups.get(name), Code.NONE
    try:
        call.broker.check_coordinator(name, call.node)
    except Refused as refusal:
        code = refusal.code
    absent = "Empty" if name in call.broker.offsets.groups() else "Dead"
    return {"error_code": code, "group_id": name, "group_state": group.state if group else absent,
            "protocol_type": group.protocol_type if group else "", "protocol_data": group.protocol if group else "",
            "members": [_member(group, member) for member in group.members.values()] if group else []}


def _member(group: Group, member: Any) -> Answer:
    return {"member_id": member.id, "group_instance_id": member.instance, "client_id": member.client,
            "client_host": f"/{member.host}", "member_metadata": member.subscription(group.protocol),
            "member_assignment": member.assignment or b""}


def delete_groups(call: Call) -> Answer:
    """Forget groups that have no members, offsets included."""
    return {"results": [{"group_id": name, "error_code": _delete(call, name)} for name in call.body.groups_names]}


def _delete(call: Call, name: str) -> Code:
    group = call.broker.groups.get(name)
    if group is None and name not in call.broker.offsets.groups():
        return Code.GROUP_ID_NOT_FOUND
    if group is not None and group.members:
        return Code.NON_EMPTY_GROUP
    call.broker.groups.delete(name)
    call.broker.offsets.delete_group(name)
    return Code.NONE
