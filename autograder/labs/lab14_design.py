"""The design document of lab 14: read, and then held against what the program does in runs that its claims speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from autograder.explore.answers import called
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played
from autograder.explore.virtual import VirtualScenario
from autograder.explore.virtual_lane import VirtualLane
from autograder.history import History
from autograder.invariants import State, Violation
from autograder.invariants import sale_design as rule
from autograder.invariants.sale import Ending

__all__ = ["Design", "a_promise_of_redis"]

SHOWN_MAX = 3
WORKER = "worker"


def a_promise_of_redis(history: History, state: State) -> Violation | None:
    """Where a design says that sales go on without Redis, somebody can buy while it is away."""
    if state.known.get("served_while_away") == 0 and isinstance(state.known.get("sale"), Ending):
        return Violation(rule=a_promise_of_redis.__name__, evidence="while Redis was away nobody could buy")
    return None


@dataclass(frozen=True, kw_only=True)
class Design:
    """A document and the stories that try its claims, by their word in the run's name."""

    engine: ClassVar[Engine] = "virtual"
    name: str
    title: str
    function: str
    stories: Mapping[str, VirtualScenario]
    faults: tuple[str, ...]
    needs: tuple[str, ...] = ()
    read: str = ""
    input: tuple[str, ...] = (WORKER,)

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Read the document; then play one of the stories, and call a claim by its name that it breaks."""
        design, trouble = self._document(lane)
        if trouble is not None:
            return replace(trouble, name=str(name))
        gaps, wrong = rule.gaps_of(design), rule.wrong_estimates(design)
        said = self._said(gaps, wrong) if name.strike is None and name.input == self.input else ()
        story = self.stories[name.input[0]]
        played = story.play_on(lane, replace(name, input=story.input))
        broken = () if gaps else self._broken(design, name.input[0], played)
        history = played.history if broken or not said else History(run=str(name), title=self.title)
        return replace(played, name=str(name), history=replace(history, run=str(name)), violations=(*said, *broken))

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """Every crash of the story of the worker, and the other stories once."""
        plain = RunName(lab=lab.removeprefix("lab")[:2], scenario=self.name, input=self.input)
        strikes = self.stories[WORKER].plan(lab, undisturbed)
        struck = tuple(replace(plain, strike=one.strike) for one in strikes if one.strike is not None)
        return (*(replace(plain, input=(word,)) for word in self.stories if word != WORKER), *struck)

    def _document(self, lane: VirtualLane) -> tuple[Mapping[str, Any], Played | None]:
        result = called(lane, self.function)
        if result.kind != "returned" or not isinstance(result.value, dict):
            said = result.error or f"it returned a {type(result.value).__name__}, not a dict"
            return {}, self._nothing(f"{self.function}() gives no design: {said}")
        design = result.value
        return design, None if any(design.values()) else replace(self._nothing("nothing is filled in yet"), blank=True)

    def _nothing(self, evidence: str) -> Played:
        names = (rule.the_design_is_complete, rule.the_estimates_are_right, rule.the_claims_are_kept)
        broken = tuple(Violation(rule=one.__name__, evidence=evidence) for one in names)
        return Played(name="", history=History(run="", title=self.title), violations=broken)

    def _said(self, gaps: list[str], wrong: list[str]) -> tuple[Violation, ...]:
        found = []
        if gaps:
            more = f"; and {len(gaps) - SHOWN_MAX} more" if len(gaps) > SHOWN_MAX else ""
            found.append(Violation(rule=rule.the_design_is_complete.__name__, evidence="; ".join(gaps[:SHOWN_MAX]) + more))
            found.append(Violation(rule=rule.the_claims_are_kept.__name__, evidence="the claims are tried when the design is complete"))
        if wrong:
            found.append(Violation(rule=rule.the_estimates_are_right.__name__, evidence=f"look again at: {'; '.join(wrong)}"))
        return tuple(found)

    def _broken(self, design: Mapping[str, Any], word: str, played: Played) -> tuple[Violation, ...]:
        """The first claim that the run breaks, quoted."""
        claims = design["claims"]
        for one in played.violations:
            for claim in rule.CLAIMS:
                speaks_of_it = rule.CORE.get(claim) == one.rule or (rule.LIMITS.get(claim) == word and one.rule != a_promise_of_redis.__name__)
                if claims[claim] and speaks_of_it and (claim in rule.CORE) == (word == WORKER):
                    return (self._quoted(f"claims {claim!r}", one),)
            if one.rule == a_promise_of_redis.__name__ and design["components"]["redis"][1] != "sales stop":
                return (self._quoted(f"says of Redis {design['components']['redis'][1]!r}", one),)
        return ()

    def _quoted(self, claim: str, broken: Violation) -> Violation:
        return Violation(
            rule=rule.the_claims_are_kept.__name__, evidence=f"the design {claim}, and {broken.evidence}", process=broken.process
        )
