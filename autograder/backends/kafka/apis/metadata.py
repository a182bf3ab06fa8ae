"""Metadata: which requests the broker answers, which nodes there are, who leads what and who coordinates whom."""

from __future__ import annotations

import uuid
from typing import Any

from autograder.backends.kafka.apis.call import Answer, Call
from autograder.backends.kafka.cluster import HOST
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.topics import Topic, check_name
from autograder.backends.kafka.wire import APIS

__all__ = ["NO_ID", "describe_cluster", "find_coordinator", "metadata", "versions"]

NO_ID = uuid.UUID(int=0)
_GROUP, _TRANSACTION = 0, 1
"""Whose coordinator can be asked for."""


def versions(code: Code) -> Answer:
    """What the broker offers."""
    return {"error_code": code, "throttle_time_ms": 0, "api_keys": [
        {"api_key": api.key, "min_version": api.lowest, "max_version": api.highest}
        for api in sorted(APIS.values(), key=lambda api: api.key)]}


def metadata(call: Call) -> Answer:
    """Nodes and topics; a topic that does not exist yet is made on the way, unless that is switched off."""
    asked = call.body.topics
    if asked is None or (not asked and (call.version == 0 or call.broker.options.eager_metadata)):
        topics = [_topic(call, topic.name, topic) for topic in sorted(call.broker.topics, key=lambda t: t.name)]
    else:
        topics = [_asked(call, topic) for topic in asked]
    brokers = _brokers(call)
    return {"brokers": [{"node_id": number, "host": host, "port": port, "rack": None}
                        for number, host, port in brokers],
            "cluster_id": call.broker.cluster_id, "controller_id": brokers[0][0] if brokers else -1,
            "topics": topics}


def _asked(call: Call, asked: Any) -> Answer:
    if asked.name is None:
        topic = call.broker.topics.by_id(asked.topic_id)
        return _topic(call, topic.name if topic else None, topic, Code.NONE if topic else Code.UNKNOWN_TOPIC_ID)
    topic = call.broker.topics.get(asked.name)
    if topic is None:
        try:
            check_name(asked.name)
            if not call.broker.options.auto_create or (call.version >= 4 and not call.body.allow_auto_topic_creation):
                raise Refused(Code.UNKNOWN_TOPIC_OR_PARTITION)
            topic = call.broker.create_topic(asked.name)
        except Refused as refusal:
            return _topic(call, asked.name, None, refusal.code)
    return _topic(call, asked.name, topic)


def _topic(call: Call, name: str | None, topic: Topic | None, code: Code = Code.NONE) -> Answer:
    return {"error_code": code, "name": name, "topic_id": topic.id if topic else NO_ID, "is_internal": False,
            "partitions": [_partition(call, partition) for partition in topic.partitions] if topic else []}


def _partition(call: Call, partition: Partition) -> Answer:
    in_sync = call.broker.cluster.in_sync(partition)
    led = partition.leader in in_sync
    return {"error_code": Code.NONE if led else Code.LEADER_NOT_AVAILABLE, "partition_index": partition.index,
            "leader_id": partition.leader if led else -1, "leader_epoch": partition.leader_epoch,
            "replica_nodes": partition.replicas, "isr_nodes": in_sync,
            "offline_replicas": [node for node in partition.replicas if node not in in_sync]}


def _brokers(call: Call) -> list[tuple[int, str, int]]:
    return [(node.id, HOST, node.port) for node in call.broker.cluster.nodes.values() if node.up]


def describe_cluster(call: Call) -> Answer:
    """The nodes that are up."""
    brokers = _brokers(call)
    return {"error_code": Code.NONE, "error_message": None, "endpoint_type": 1,
            "cluster_id": call.broker.cluster_id, "controller_id": brokers[0][0],
            "brokers": [{"broker_id": number, "host": host, "port": port, "rack": None}
                        for number, host, port in brokers]}


def find_coordinator(call: Call) -> Answer:
    """The node that is responsible for a group or a transactional id."""
    def one(key: str) -> Answer:
        node = call.broker.cluster.coordinator(key)
        return {"node_id": node.id, "host": HOST, "port": node.port, "error_code": Code.NONE, "error_message": None}

    if call.version >= 1 and call.body.key_type not in (_GROUP, _TRANSACTION):
        refused = {"node_id": -1, "host": "", "port": -1, "error_code": Code.INVALID_REQUEST, "error_message": None}
        return {**refused, "coordinators": [{"key": key, **refused} for key in call.body.coordinator_keys or ()]}
    if call.version >= 4:
        return {"coordinators": [{"key": key, **one(key)} for key in call.body.coordinator_keys]}
    return one(call.body.key)
