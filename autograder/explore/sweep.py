"""Sweep: every crash point with every fault, on as many lanes as there are, and the smallest run that breaks a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from autograder.explore.names import RunName, Strike
from autograder.explore.scenario import Playable, Played, Scenario, named, without

__all__ = ["Coverage", "Player", "Swept", "shrink", "sweep", "with_smallest"]


REPEATS_MAX = 2
"""How often a run whose call did not come is played again before it is reported as not reached."""


class Player(Protocol):
    """Plays runs by name; several at once when there are several lanes, results in the order of the names."""

    def __call__(self, scenario: str, names: Iterable[RunName], *, again: bool = False) -> Iterator[Played]:
        """Results may be asked for lazily; ``again`` plays runs anew that were played before."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What a sweep has tried."""

    calls: int
    """Calls of the process under test in the undisturbed run that a fault of this scenario can strike."""
    planned: int
    reached: int
    faults: tuple[str, ...]
    pairs: int = 0
    """How many of the planned runs have two strikes."""
    samples: int = 0
    """How many of the planned runs have none, and differ by their seed."""
    schedules: int = 0
    """How many schedules were walked; such a sweep is one planned run."""
    stopped: bool = False
    """Did whoever asked for it see enough before its end?"""
    replayed: bool = False
    """Was one run played again, by its name, and nothing else?"""

    @property
    def exhaustive(self) -> bool:
        """Was every planned point reached?"""
        return self.planned == self.reached


@dataclass(frozen=True, kw_only=True)
class Swept:
    """A scenario's undisturbed run, its broken runs, and what was covered."""

    scenario: str
    undisturbed: Played
    broken: tuple[Played, ...]
    coverage: Coverage
    smallest: Played | None = None
    """The first broken run, shrunk until nothing can be left out; only of the story that is shown to the learner."""
    unreached: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Did every rule hold in every run?"""
        return not self.broken

    @property
    def not_played(self) -> int:
        """Planned runs for which the budget was too small."""
        return self.coverage.planned - self.coverage.reached - len(self.unreached)


def sweep(
    scenario: Playable,
    lab: str,
    player: Player,
    *,
    runs_max: int | None = None,
    progress: Callable[[int, int, Played | None], None] = lambda done, planned, broken: None,
    enough: Callable[[Swept], bool] | None = None,
) -> Swept:
    """Play the undisturbed run, then every strike, then the pairs.

    Pairs are played where no single strike has broken a rule: before that they would say the same in more words. With
    ``runs_max`` no more than so many runs are struck; the coverage still says how many were planned. Whoever knows when
    he has seen ``enough`` is asked after every broken run.
    """
    undisturbed = next(iter(player(scenario.name, [named(scenario, lab)])))
    if undisturbed.violations:
        coverage = Coverage(calls=0, planned=1, reached=1, faults=())
        progress(1, 1, undisturbed)
        return Swept(scenario=scenario.name, undisturbed=undisturbed, broken=(undisturbed,), coverage=coverage)
    names = scenario.plan(lab, undisturbed)
    striking = _Striking(scenario, player, progress, undisturbed, enough)
    striking.strike(names, runs_max)
    pairs = striking.pairs()
    striking.strike(pairs, None if runs_max is None else max(0, runs_max - len(names)))
    return striking.swept()


@dataclass
class _Striking:
    """A sweep that is under way."""

    scenario: Playable
    player: Player
    progress: Callable[[int, int, Played | None], None]
    undisturbed: Played
    enough: Callable[[Swept], bool] | None = None
    planned: list[RunName] = field(default_factory=list)
    names: list[RunName] = field(default_factory=list)
    held: list[Played] = field(default_factory=list)
    broken: list[Played] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    schedules: int = 0
    stopped: bool = False

    def strike(self, planned: Sequence[RunName], runs_max: int | None = None) -> None:
        """Play these runs too, as many of them as there may be, until enough was seen."""
        self.planned += planned
        names = planned[:runs_max]
        total = len(self.names) + len(names)
        for name, first in zip(names, self.player(self.scenario.name, names), strict=True):
            self.names.append(name)
            played = _reached(self.scenario, name, first, self.player)
            self._note(played, total)
            if played.violations and self.enough is not None and self.enough(self.swept()):
                self.stopped = True
                return

    def _note(self, played: Played, planned: int) -> None:
        self.schedules += played.schedules
        if not played.reached:
            self.unreached.append(played.name)
        (self.broken if played.violations else self.held).append(played)
        self.progress(len(self.names), planned, played if played.violations and len(self.broken) == 1 else None)

    def pairs(self) -> tuple[RunName, ...]:
        """The runs with a second strike, which only the runs with one can tell."""
        if self.broken or not isinstance(self.scenario, Scenario):
            return ()
        return tuple(name for played in self.held for name in self.scenario.plan_pairs(played))

    def swept(self) -> Swept:
        """What has come of it so far."""
        singles = [name for name in self.names if name.then is None or self.scenario.engine == "virtual"]
        strikes = [strike for name in singles for strike in (name.strike, name.then) if strike is not None]
        coverage = Coverage(
            calls=len({(strike.label, strike.occurrence) for strike in strikes}),
            planned=len(self.planned),
            reached=len(self.names) - len(self.unreached),
            faults=tuple(dict.fromkeys(strike.fault for strike in strikes)),
            pairs=sum(name.then is not None for name in self.planned),
            samples=sum(name.strike is None and not name.schedule for name in self.names),
            schedules=self.schedules,
            stopped=self.stopped,
        )
        return Swept(
            scenario=self.scenario.name,
            undisturbed=self.undisturbed,
            broken=tuple(self.broken),
            coverage=coverage,
            unreached=tuple(self.unreached),
        )


def _reached(scenario: Playable, name: RunName, played: Played, player: Player) -> Played:
    """The run, played again when its call did not come: a program's own threads may make a call more or less."""
    for _ in range(REPEATS_MAX):
        if played.reached or played.violations:
            break
        played = next(iter(player(scenario.name, [name], again=True)))
    return played


def with_smallest(scenario: Playable, swept: Swept, player: Player) -> Swept:
    """The same sweep with the first of its broken runs shrunk."""
    return replace(swept, smallest=shrink(scenario, swept.broken[0], player)) if swept.broken else swept


def shrink(scenario: Playable, broken: Played, player: Player) -> Played:
    """Leave out words of the input, and move the strike forward, while the same rule stays broken.

    What is left is 1-minimal: without any one of its words the rule holds. Delta debugging by single removals
    (Zeller & Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002) is enough for inputs this short.
    """
    best, rule = broken, broken.violations[0].rule
    shorter = True
    while shorter:
        shorter = False
        for candidate in _smaller(RunName.parse(best.name)):
            played = next(iter(player(scenario.name, [candidate])))
            if played.reached and played.broke(rule):
                best, shorter = played, True
                break
    return best


def _smaller(name: RunName) -> Iterator[RunName]:
    if name.then is not None:
        yield replace(name, then=None)
        yield replace(name, strike=name.then, then=None)
    for word in reversed(name.input):
        if len(name.input) > 1:
            fewer = without(name, word)
            for strike in _earlier(name.strike):
                yield replace(fewer, strike=strike)


def _earlier(strike: Strike | None) -> Iterator[Strike | None]:
    if strike is None:
        yield None
        return
    for occurrence in range(1, strike.occurrence + 1):
        yield replace(strike, occurrence=occurrence)
