"""What a Redis command is called and what it may do to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.tap.request import Kind, shortened
from autograder.tap.resp import shown

__all__ = ["Command", "command"]

HANDSHAKES = frozenset("AUTH CLIENT COMMAND ECHO HELLO INFO LOLWUT PING QUIT READONLY READWRITE RESET SELECT".split())
CONTROL = frozenset("ASKING DISCARD MULTI UNWATCH WAIT WAITAOF".split())
READS = frozenset(
    """BITCOUNT BITFIELD_RO BITPOS DBSIZE DUMP EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS
    GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HRANDFIELD
    HSCAN HSTRLEN HVALS KEYS LASTSAVE LCS LINDEX LLEN LPOS LRANGE MGET PEXPIRETIME PFCOUNT PTTL RANDOMKEY SCAN SCARD
    SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TIME TTL TYPE
    WATCH XLEN XRANGE XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE
    ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION""".split()
)
FAMILIES = frozenset(
    "ACL CLIENT CLUSTER CONFIG DEBUG FUNCTION LATENCY MEMORY OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO".split()
)
FAMILY_READS = frozenset(
    """CLUSTER CONFIG_GET LATENCY MEMORY OBJECT PUBSUB SCRIPT_EXISTS SCRIPT_LOAD SLOWLOG XINFO FUNCTION_LIST
    FUNCTION_STATS""".split()
)
SUBSCRIPTIONS = frozenset("SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE".split())


@dataclass(frozen=True)
class Command:
    """One command with its arguments."""

    name: str
    label: str
    text: str
    kind: Kind
    counted: bool
    arguments: tuple[str, ...]
    """The first few, in capitals: what options are told by."""

    @property
    def effect(self) -> bool:
        """May others notice it?"""
        return self.kind == "write"

    @property
    def subscribes(self) -> bool:
        """Does it begin or end a subscription, so that it is answered by pushes?"""
        return self.name in SUBSCRIPTIONS


def command(words: Sequence[bytes]) -> Command:
    """Name, label and kind of a command."""
    name = words[0].decode("ascii", "replace").upper()
    arguments = tuple(word[:32].decode("ascii", "replace").upper() for word in words[1:3])
    label = f"{name} {arguments[0]}" if name in FAMILIES and arguments else name
    text = shortened(" ".join([name, *(shown(word) for word in words[1:20])]))
    counted = name not in HANDSHAKES and name not in SUBSCRIPTIONS and name != "MONITOR"
    return Command(name, label, text, _kind(name, label), counted, arguments)


def _kind(name: str, label: str) -> Kind:
    if name in HANDSHAKES or name in CONTROL or name in SUBSCRIPTIONS or name == "MONITOR":
        return "control"
    if name in READS or name in FAMILY_READS or label.replace(" ", "_") in FAMILY_READS:
        return "read"
    return "write"
