"""Administration of topics: creating, deleting, growing, trimming and configuring them."""

from __future__ import annotations

from typing import Any

from autograder.backends.kafka.apis.call import Answer, Call
from autograder.backends.kafka.apis.metadata import NO_ID
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.settings import SETTINGS, Kind, check_settings
from autograder.backends.kafka.topics import Topic

__all__ = ["alter_configs", "create_partitions", "create_topics", "delete_records", "delete_topics",
           "describe_configs", "incremental_alter_configs"]

_TOPIC, _BROKER = 2, 4
"""Kinds of resources that have settings."""
_SET_BY_TOPIC, _SET_BY_FILE, _DEFAULT = 1, 4, 5
"""Where a setting's value comes from."""
_SET, _UNSET, _APPEND, _SUBTRACT = range(4)
"""What an incremental change does; unset goes back to the default."""


def create_topics(call: Call) -> Answer:
    """Make topics; each is made or refused by itself."""
    return {"topics": [_create(call, asked) for asked in call.body.topics]}


def _create(call: Call, asked: Any) -> Answer:
    options, code, sentence, topic = call.broker.options, Code.NONE, None, None
    partitions, replicas = asked.num_partitions, asked.replication_factor
    if asked.assignments:
        partitions, replicas = len(asked.assignments), len(asked.assignments[0].broker_ids)
    partitions = options.partitions if partitions == -1 else partitions
    replicas = min(options.replicas, options.brokers) if replicas == -1 else replicas
    settings = {setting.name: setting.value for setting in asked.configs}
    try:
        _check_new(call, asked.name, partitions, replicas)
        check_settings(settings)
        if not call.body.validate_only:
            topic = call.broker.create_topic(asked.name, partitions, replicas, settings)
    except Refused as refusal:
        code, sentence = refusal.code, refusal.sentence
    return {"name": asked.name, "error_code": code, "error_message": sentence, "num_partitions": partitions,
            "replication_factor": replicas, "topic_id": topic.id if topic else NO_ID, "configs": []}


def _check_new(call: Call, name: str, partitions: int, replicas: int) -> None:
    call.broker.topics.check_new(name)
    if partitions < 1:
        raise Refused(Code.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.")
    if replicas < 1:
        raise Refused(Code.INVALID_REPLICATION_FACTOR,
                      "Replication factor must be larger than 0, or -1 to use the default value.")
    alive = len(call.broker.cluster.alive())
    if replicas > alive:
        raise Refused(Code.INVALID_REPLICATION_FACTOR, f"Unable to replicate the partition {replicas} time(s): The "
                      f"target replication factor of {replicas} cannot be reached because only {alive} broker(s) are "
                      "registered.")


def delete_topics(call: Call) -> Answer:
    """Delete topics by name or id."""
    if call.version >= 6:
        asked = [(topic.name, topic.topic_id) for topic in call.body.topics]
    else:
        asked = [(name, NO_ID) for name in call.body.topic_names]
    responses = []
    for name, topic_id in asked:
        topics = call.broker.topics
        topic = topics.get(name) if name is not None else topics.by_id(topic_id)
        if topic is not None:
            call.broker.drop_topic(topic)
        missing = Code.UNKNOWN_TOPIC_OR_PARTITION if name is not None else Code.UNKNOWN_TOPIC_ID
        responses.append({"name": topic.name if topic else name, "topic_id": topic.id if topic else NO_ID,
                          "error_code": Code.NONE if topic else missing})
    return {"responses": responses}


def create_partitions(call: Call) -> Answer:
    """Give topics more partitions; a topic cannot have fewer than it has."""
    results = []
    for asked in call.body.topics:
        topic, code, sentence = call.broker.topics.get(asked.name), Code.NONE, None
        if topic is None:
            code = Code.UNKNOWN_TOPIC_OR_PARTITION
        elif asked.count <= len(topic.partitions):
            code, sentence = Code.INVALID_PARTITIONS, f"Topic currently has {len(topic.partitions)} partitions."
        elif not call.body.validate_only:
            call.broker.topics.grow(topic, asked.count)
        results.append({"name": asked.name, "error_code": code, "error_message": sentence})
    return {"results": results}


def delete_records(call: Call) -> Answer:
    """Move the start of a log; -1 means up to the high watermark."""
    return {"topics": [{"name": topic.name, "partitions": [
        _trim(call, topic.name, part) for part in topic.partitions]} for topic in call.body.topics]}


def _trim(call: Call, topic: str, part: Any) -> Answer:
    code, low = Code.NONE, -1
    try:
        partition = call.broker.led_partition((topic, part.partition_index), call.node)
        before = partition.high_watermark if part.offset == -1 else part.offset
        if not 0 <= before <= partition.high_watermark:
            raise Refused(Code.OFFSET_OUT_OF_RANGE)
        partition.trim(before)
        call.broker.topics.trimmed(partition)
        low = partition.start
    except Refused as refusal:
        code = refusal.code
    return {"partition_index": part.partition_index, "low_watermark": low, "error_code": code}


def describe_configs(call: Call) -> Answer:
    """The settings of topics and of the broker, with where each comes from."""
    return {"results": [_describe(call, asked) for asked in call.body.resources]}


def _describe(call: Call, asked: Any) -> Answer:
    code, settings = Code.NONE, []
    if asked.resource_type == _TOPIC:
        topic = call.broker.topics.get(asked.resource_name)
        code = Code.NONE if topic else Code.UNKNOWN_TOPIC_OR_PARTITION
        settings = _topic_settings(topic) if topic else []
    elif asked.resource_type == _BROKER:
        settings = [(name, value, _SET_BY_FILE, Kind.STRING) for name, value in _broker_settings(call).items()]
    wanted = asked.configuration_keys
    return {"error_code": code, "error_message": None, "resource_type": asked.resource_type,
            "resource_name": asked.resource_name, "configs": [
                {"name": name, "value": value, "read_only": False, "config_source": source,
                 "is_default": source == _DEFAULT, "is_sensitive": False, "synonyms": [], "config_type": kind,
                 "documentation": None}
                for name, value, source, kind in settings if wanted is None or name in wanted]}


def _topic_settings(topic: Topic) -> list[tuple[str, str, int, Kind]]:
    return [(name, topic.setting(name), _SET_BY_TOPIC if name in topic.settings else _DEFAULT, setting.kind)
            for name, setting in SETTINGS.items()]


def _broker_settings(call: Call) -> dict[str, str]:
    options = call.broker.options
    return {"auto.create.topics.enable": str(options.auto_create).lower(),
            "default.replication.factor": str(options.replicas),
            "group.initial.rebalance.delay.ms": str(options.rebalance_delay_ms),
            "group.min.session.timeout.ms": str(options.session_ms_min),
            "log.retention.check.interval.ms": str(options.retention_check_ms),
            "num.partitions": str(options.partitions)}


def alter_configs(call: Call) -> Answer:
    """Replace all settings of a topic."""
    return _alter(call, incremental=False)


def incremental_alter_configs(call: Call) -> Answer:
    """Change single settings of a topic."""
    return _alter(call, incremental=True)


def _alter(call: Call, *, incremental: bool) -> Answer:
    responses = []
    for asked in call.body.resources:
        code, sentence = Code.NONE, None
        try:
            _alter_topic(call, asked, incremental=incremental)
        except Refused as refusal:
            code, sentence = refusal.code, refusal.sentence
        responses.append({"error_code": code, "error_message": sentence, "resource_type": asked.resource_type,
                          "resource_name": asked.resource_name})
    return {"responses": responses}


def _alter_topic(call: Call, asked: Any, *, incremental: bool) -> None:
    if asked.resource_type != _TOPIC:
        raise Refused(Code.INVALID_REQUEST, "The embedded broker can only change the settings of topics.")
    topic = call.broker.topics.get(asked.resource_name)
    if topic is None:
        raise Refused(Code.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{asked.resource_name}' does not exist.")
    settings = dict(topic.settings) if incremental else {}
    for setting in asked.configs:
        operation = setting.config_operation if incremental else _SET
        if operation == _UNSET:
            settings.pop(setting.name, None)
        elif operation in (_APPEND, _SUBTRACT):
            settings[setting.name] = _edited(topic, setting.name, setting.value, operation)
        else:
            settings[setting.name] = setting.value
    check_settings(settings)
    if not call.body.validate_only:
        call.broker.topics.configure(topic, settings)


def _edited(topic: Topic, name: str, value: str, operation: int) -> str:
    """A list with something more, or something less."""
    if name not in SETTINGS or SETTINGS[name].kind != Kind.LIST:
        word = "APPEND to" if operation == _APPEND else "SUBTRACT to"
        raise Refused(Code.INVALID_CONFIG, f"Can't {word} key {name} because its type is not LIST.")
    kept = [one for one in topic.setting(name).split(",") if one]
    given = value.split(",")
    if operation == _APPEND:
        return ",".join([*kept, *(one for one in given if one not in kept)])
    return ",".join(one for one in kept if one not in given)
