"""What a Redis command is called and what it may do to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.tap.request import Kind, shortened
from autograder.tap.resp import shown

__all__ = ["Command", "command", "refusal"]

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
BLOCKING = frozenset("BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF".split())
"""They wait inside Redis until somebody else does something; no engine can tell that from work."""
MAY_BLOCK = frozenset("XREAD XREADGROUP".split())
THE_SERVERS = frozenset(
    """BGREWRITEAOF BGSAVE CLUSTER DEBUG FAILOVER MIGRATE MODULE MONITOR PSYNC REPLICAOF SAVE SHUTDOWN SLAVEOF SWAPDB
    SYNC""".split()
)
THE_SERVERS_PART = frozenset(
    """ACL_DELUSER ACL_LOAD ACL_SAVE ACL_SETUSER CLIENT_KILL CLIENT_PAUSE CONFIG_RESETSTAT CONFIG_REWRITE CONFIG_SET
    FUNCTION_KILL SCRIPT_KILL""".split()
)


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
    arguments = tuple(word[:32].decode("ascii", "replace").upper() for word in words[1:9])
    label = f"{name} {arguments[0]}" if name in FAMILIES and arguments else name
    text = shortened(" ".join([name, *(shown(word) for word in words[1:20])]))
    counted = name not in HANDSHAKES and name not in SUBSCRIPTIONS and name != "MONITOR"
    return Command(name, label, text, _kind(name, label), counted, arguments)


def refusal(asked: Command) -> str:
    """Why a guarded door does not let this command through; nothing when it does."""
    name = asked.name
    if name in BLOCKING or (name in MAY_BLOCK and "BLOCK" in asked.arguments):
        return f"{name} waits inside Redis, where a check cannot see it: ask again and again instead of waiting"
    if asked.subscribes:
        return f"{name} listens, and a check does not let time pass: keep what others must know under a key"
    if name == "SELECT" and asked.arguments[:1] != ("0",):
        return "a check has one database, number 0"
    part = "_".join((name, *asked.arguments[:1]))
    if name in THE_SERVERS or part in THE_SERVERS_PART:
        return f"{part.replace('_', ' ') if name in FAMILIES else name} would change the server, which is not the run's"
    return ""


def _kind(name: str, label: str) -> Kind:
    if name in HANDSHAKES or name in CONTROL or name in SUBSCRIPTIONS or name == "MONITOR":
        return "control"
    if name in READS or name in FAMILY_READS or label.replace(" ", "_") in FAMILY_READS:
        return "read"
    return "write"
