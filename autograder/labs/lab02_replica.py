"""The story that lab 2 plays with a replica; its input words are chapters, each about a payment of its own.

``own``: Ada pays while the replica shows nothing new, and looks. ``back``: the bank takes the charge back; Ada looks before the
replica has her payment, and again when it has that and no more. ``calm``: the replica has everything. ``strangers``: it is
behind, and somebody looks who has neither written nor seen anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.explore.scenario import ReplicatedScenario
from autograder.explore.stage import Stage
from autograder.invariants import sessions as rule

__all__ = ["LOOKING"]

CHECKOUT, PAGE = "checkout-1", "page-1"
SEED = "insert into payment (key, purchase_id, buyer, amount) values (%s, %s, 'Ada', 4900)"
STATUS = "select status from public.payment where key = %s"


@dataclass
class _Pages:
    """What was marked, looked at and shown so far."""

    stage: Stage
    key: str
    served: bool = False
    """Can the replica serve a session that knows no more than is seen there?"""
    fresh: bool = False
    """Does it have everything?"""
    tokens: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    looks: list[dict[str, Any]] = field(default_factory=list)
    trouble: str = ""

    def mark(self, who: str, status: str) -> None:
        """Somebody sets the payment's status at the primary."""
        token = self._answered(CHECKOUT, "mark", self.key, status)
        if not self.trouble and not isinstance(token, str):
            self.trouble = f"mark returned {token!r}; it must return the session's token, a str"
        self.tokens[who], self.own[who] = token, status

    def look(self, who: str, times: int = 1) -> None:
        """Somebody looks at the payment's page."""
        for _ in range(times):
            begin = self.stage.recorder.tick
            answer = self._answered(PAGE, "look", self.key, self.tokens.get(who, ""))
            if self.trouble:
                return
            if not isinstance(answer, (list, tuple)) or len(answer) != 2 or not all(isinstance(one, str) for one in answer):
                self.trouble = f"look returned {answer!r}; it must return the status and the session's token, two str"
                return
            shown, self.tokens[who] = answer
            self.looks.append(self._noted(who, shown, begin))
            self.seen[who] = max(shown, self.seen.get(who, shown), key=_place)

    def _noted(self, who: str, shown: str, begin: float) -> dict[str, Any]:
        (holds,) = self.stage.lane.database.execute(STATUS, [self.key]).fetchone() or ("",)
        calls = self.stage.history("").calls
        return {
            "who": who,
            "key": self.key,
            "shown": shown,
            "own": self.own.get(who, ""),
            "seen": self.seen.get(who, ""),
            "holds": holds,
            "served": self.served,
            "fresh": self.fresh,
            "asked": any(call.backend == "postgres" and call.process == PAGE and call.start > begin for call in calls),
        }

    def _answered(self, process: str, function: str, *arguments: Any) -> Any:
        if self.trouble:
            return None
        result = self.stage.once(process, function, *arguments)
        if result.kind != "returned":
            self.trouble = f"{function} did not return: {result.error or result.kind}"
        return result.value


def _place(status: str) -> int:
    return rule.ORDER.index(status) if status in rule.ORDER else -1


def _own(pages: _Pages, replica: Any) -> None:
    replica.hold()
    pages.mark("Ada", "charged")
    pages.look("Ada", 2)
    replica.catch_up()
    pages.fresh = True
    pages.look("Ada")


def _back(pages: _Pages, replica: Any) -> None:
    replica.hold()
    pages.mark("Ada", "charged")
    replica.receive()
    replica.cut()
    pages.mark("the office", "declined")
    pages.look("Ada")
    replica.go_on()
    pages.look("Ada")
    replica.catch_up()
    pages.fresh = True
    pages.look("Ada")


def _calm(pages: _Pages, replica: Any) -> None:
    pages.mark("Ada", "charged")
    replica.catch_up()
    pages.fresh = pages.served = True
    pages.look("Ada", 5)
    pages.look("Bao", 5)


def _strangers(pages: _Pages, replica: Any) -> None:
    replica.hold()
    pages.mark("Ada", "charged")
    pages.served = True
    pages.look("Bao", 5)


CHAPTERS: dict[str, Callable[[_Pages, Any], None]] = {"own": _own, "back": _back, "calm": _calm, "strangers": _strangers}


def _play(stage: Stage) -> None:
    replica = stage.lane.replica
    assert replica is not None, "this story needs a lane with a replica"
    looks, trouble = [], ""
    for word in stage.input:
        pages = _Pages(stage, f"pay-{word}")
        stage.seed(SEED, pages.key, f"p-{word}")
        replica.catch_up()
        CHAPTERS[word](pages, replica)
        replica.catch_up()
        looks += pages.looks
        trouble = trouble or pages.trouble
    stage.snapshot("in the end", (), looks=looks, unanswered=trouble)


LOOKING = (
    ReplicatedScenario(
        name="replica",
        title="Ada pays at the primary and looks at the replica, which is behind, has caught up, or has heard half of it",
        play=_play,
        input=tuple(CHAPTERS),
        target=PAGE,
        faults=(),
        rules=(rule.a_buyer_sees_his_own_write, rule.a_second_look_is_never_older, rule.the_replica_does_its_share),
        needs=("mark", "look"),
        read="A replica tells the truth, later",
    ),
)
