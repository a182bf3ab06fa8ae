"""Lab 5's sheet about a leader that crashes: which acknowledged messages are lost. Three nodes that lose theirs decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from autograder.backends.kafka.direct import Direct, DirectError, Sent
from autograder.backends.trio import Trio
from autograder.explore.answers import BackendSheet
from autograder.invariants.delivery import the_losses_are_foretold

__all__ = ["CASES", "SHEET", "Case", "copies", "lost"]

NONE = "none"
SETS = (NONE, "m5", "m4 m5", "m3 m4 m5", "m1 m2 m3 m4 m5")
COPIES = ("1", "2")
ALL, LEADER = -1, 1


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of the story with one choice of settings."""

    acks: Literal[-1, 1]
    min_insync: int
    second: Literal["stands still", "crashes"]
    """What becomes of node 2 after m3."""
    back: Literal[2, 3] = 2
    """The node that is there when node 1 has crashed."""


CASES: Mapping[str, Case] = {
    "A": Case(acks=LEADER, min_insync=1, second="stands still"),
    "B": Case(acks=ALL, min_insync=1, second="stands still"),
    "C": Case(acks=ALL, min_insync=1, second="crashes"),
    "D": Case(acks=ALL, min_insync=2, second="crashes"),
    "E": Case(acks=LEADER, min_insync=2, second="crashes"),
    "F": Case(acks=ALL, min_insync=1, second="crashes", back=3),
}
"""Nodes 1, 2 and 3 are in step when m1 and m2 are sent. Node 3 crashes; m3 is sent; node 2 stands still or crashes; m4 and
m5 are sent; node 1 crashes for good; one other node is there and leads, whatever it missed."""
REPEATS = {"G": True, "H": False}
"""Is the producer idempotent that sends m6 again to the new leader, because the old one crashed before it could answer?"""


def lost(trio: Trio, case: Case) -> str:
    """Play a case; the acknowledged messages that no reader finds afterwards."""
    topic = trio.topic({"min.insync.replicas": str(case.min_insync), "unclean.leader.election.enable": "true"})
    acknowledged = trio.send(topic, ["m1", "m2"], acks=case.acks)
    trio.crash(3)
    acknowledged += trio.send(topic, ["m3"], acks=case.acks)
    if case.second == "crashes":
        trio.crash(2)
    else:
        trio.freeze()
    acknowledged += trio.send(topic, ["m4", "m5"], acks=case.acks)
    trio.crash(1)
    if case.second == "crashes":
        trio.start(case.back)
    kept = trio.values(topic)
    trio.mend()
    return " ".join(one for one in acknowledged if one not in kept) or NONE


def copies(trio: Trio, *, idempotent: bool) -> str:
    """A message reaches the leader and its followers; the leader crashes before it answers; the producer sends it again."""
    topic = trio.topic()
    with Direct(trio.address) as direct:
        me = direct.ask("InitProducerId", 2, transactional_id=None, transaction_timeout_ms=1000) if idempotent else None
    producer = (me.producer_id, me.producer_epoch, 0) if me else (-1, -1, -1)
    for _ in range(2):
        with Direct(trio.address) as direct:
            direct.send(topic, 0, [Sent(None, b"m6")], producer=producer)
        trio.crash(trio.leader(topic) or 1)
    kept = trio.values(topic).count("m6")
    trio.mend()
    return str(kept)


@cache
def truth() -> Mapping[str, str]:
    """What the nodes say; asked once in a process, since they say the same every time."""
    with Trio() as trio:
        found = {name: lost(trio, case) for name, case in CASES.items()}
        return found | {name: copies(trio, idempotent=idempotent) for name, idempotent in REPEATS.items()}


def _better_than_one_answer(right: int, asked: int) -> float:
    """Whoever gives one answer to all questions has three of the eight right; only what is above earns anything."""
    return max(0.0, (right - 3) / (asked - 3))


ALL_MEANS_ALL = "acks=all is taken for all replicas, whatever the ISR"
INSYNC_FOR_ALL = "min.insync.replicas is thought to bind acks=1 as well"
NEVER_TWICE = "a repeat is thought to be recognised without an idempotent producer"
BELIEFS = ((ALL_MEANS_ALL, {"C": NONE}), (INSYNC_FOR_ALL, {"E": NONE}), (NEVER_TWICE, {"H": "1"}))


def _belief(answers: Mapping[str, Any]) -> str:
    """The wrong belief that a sheet shows; nothing where it shows none that is known."""
    return next((said for said, shown in BELIEFS if all(answers.get(name) == one for name, one in shown.items())), "")


SHEET = BackendSheet(
    name="losses",
    title="A leader crashes: six settings, and a repeat",
    function="losses",
    questions={**dict.fromkeys(CASES, SETS), **dict.fromkeys(REPEATS, COPIES)},
    find=lambda lane: truth(),
    rule=the_losses_are_foretold,
    worth=_better_than_one_answer,
    belief=_belief,
    needs=("losses",),
    read="acks=all means all that are in step",
)
