"""Members of Kafka consumer groups, and how a dead one leaves its group without waiting for its session to time out."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from autograder.tap.kafka_errors import error_name
from autograder.tap.kafka_fields import Fields, string

__all__ = ["Member", "leave_group"]

FIND_COORDINATOR, LEAVE_GROUP = 10, 13
CLIENT = "judge"
TIMEOUT_S = 10.0
UNKNOWN_MEMBER_ID = 25
COORDINATOR_LOADING = (14, 15)
ATTEMPTS_MAX = 50


@dataclass(frozen=True)
class Member:
    """One member of one group."""

    group: str
    member_id: str


def leave_group(bootstrap: str, group: str, member_id: str, timeout_s: float = TIMEOUT_S) -> bool:
    """Make a member leave; False when the group did not know it any more. Goes to the broker itself, not by a door."""
    host, port = _coordinator(bootstrap, group, timeout_s)
    body = string(group, flexible=False) + struct.pack("!i", 1) + string(member_id, flexible=False)
    fields = _ask((host, port), LEAVE_GROUP, 3, body + struct.pack("!h", -1), timeout_s)
    fields.int32()
    code = fields.int16()
    for _ in range(fields.count()):
        fields.string()
        fields.string()
        code = code or fields.int16()
    if code not in (0, UNKNOWN_MEMBER_ID):
        raise RuntimeError(f"Kafka did not let {member_id} leave the group {group}: {error_name(code)}")
    return code == 0


def _coordinator(bootstrap: str, group: str, timeout_s: float) -> tuple[str, int]:
    host, _, port = bootstrap.rpartition(":")
    for _ in range(ATTEMPTS_MAX):
        fields = _ask((host, int(port)), FIND_COORDINATOR, 1, string(group, flexible=False) + b"\0", timeout_s)
        fields.int32()
        code = fields.int16()
        fields.string()
        fields.int32()
        if not code:
            return fields.string(), fields.int32()
        if code not in COORDINATOR_LOADING:
            break
    raise RuntimeError(f"Kafka names no coordinator for the group {group}: {error_name(code)}")


def _ask(address: tuple[str, int], api: int, version: int, body: bytes, timeout_s: float) -> Fields:
    """One request on a connection of its own."""
    head = struct.pack("!hhi", api, version, 1) + string(CLIENT, flexible=False)
    with socket.create_connection(address, timeout=timeout_s) as sock:
        sock.sendall(struct.pack("!i", len(head) + len(body)) + head + body)
        length = struct.unpack("!i", _read(sock, 4))[0]
        return Fields(_read(sock, length), 4)


def _read(sock: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            raise ConnectionError("the broker hung up before it answered")
        data += part
    return bytes(data)
