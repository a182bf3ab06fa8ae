"""Scenarios of one's own for every learner of lab 13: four decisions, each with a today, a tomorrow and an SLO.

Today is what was measured and what the chart shows. Tomorrow is the scenario that the judge plays, with a seed of its own
that no picture has; everything that a number depends on is another tomorrow, so that no bar of the chart is an answer. The SLO is drawn so that some of the options meet it with room to spare and the others clearly do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from math import floor, log10
from random import Random
from typing import Any

from autograder.invariants.tradeoffs import Bound
from autograder.labs import lab13_arithmetic as arithmetic
from autograder.labs.codes import slug_of
from shop.decisions import Calls, Part, Reads, Shape, Talk, calls, reads, shape, talk

__all__ = ["DECISIONS", "LAB", "Decision", "Scenario", "measured", "scenario_of"]

LAB = "lab13"
CLEAR = 1.25
"""An option that does not meet an SLO misses one of its bounds by at least this factor."""
BUSY_MAX = 0.9
"""No shape has less to spare than a tenth in its scenario: what happens above the limit is not asked."""
EUROS = {"synchronous": 0, "asynchronous": 180, "asynchronous, two consumers": 420}
"""What an option costs more in a month."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One of the four decisions: its options, its model, and the arithmetic beside it."""

    name: str
    options: tuple[str, ...]
    play: Callable[..., dict[str, float]]
    expected: Callable[[str, Any], dict[str, float]]
    draw: Callable[[Random], tuple[Any, Any]]
    """Today, and tomorrow."""
    now: Callable[[Any, float], Any]
    """Today at another load: so many times today's."""
    at: Callable[[Any, float], Any]
    """The same scenario with the parameter of the stretch task at this value."""
    costs: Mapping[str, float] = field(default_factory=dict)

    def numbers(self, option: str, found: Mapping[str, float]) -> dict[str, float]:
        """What an option comes to, with what it costs."""
        return {**found, **({"euros_per_month": self.costs[option]} if self.costs else {})}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is known today, what will be, and what must hold then."""

    code: str
    decision: Decision
    today: Any
    tomorrow: Any
    slo: tuple[Bound, ...]
    right: frozenset[str] = frozenset()
    """The options that meet the SLO, by arithmetic."""

    @property
    def asked(self) -> tuple[str, ...]:
        """The numbers that a record predicts."""
        return tuple(self.decision.expected(self.decision.options[0], self.tomorrow))


def scenario_of(code: str, decision: str) -> Scenario:
    """The scenario of a code; raises NoSuchCode (a ValueError) for a code that belongs to no name."""
    slug_of(code, LAB)
    return _scenario(code.strip(), decision)


@cache
def measured(code: str, decision: str, option: str) -> dict[str, float]:
    """What the judge measures: the scenario, played with a seed that no picture has."""
    found = scenario_of(code, decision)
    seed = Random(f"{LAB} held out {code} {decision}").randrange(1, 10**9)
    return found.decision.numbers(option, found.decision.play(option, found.tomorrow, seed=seed))


@cache
def _scenario(code: str, name: str) -> Scenario:
    decision, chance = DECISIONS[name], Random(f"{LAB} {code} {name}")
    while True:
        today, tomorrow = decision.draw(chance)
        comes_to = {one: decision.numbers(one, decision.expected(one, tomorrow)) for one in decision.options}
        right = frozenset(chance.sample(decision.options, chance.randint(1, len(decision.options) - 1)))
        slo = _slo(comes_to, right, chance)
        if all(_misses_clearly(slo, comes_to[one]) for one in decision.options if one not in right):
            return Scenario(code=code, decision=decision, today=today, tomorrow=tomorrow, slo=slo, right=right)


FLOORS = {"slow_per_1000": 1.5, "fails_per_1000": 1.0, "stale_per_1000": 1.5, "behind_s": 5.0, "extra_calls_per_100": 1.0}
"""No bound is tighter than this."""


def _slo(comes_to: Mapping[str, Mapping[str, float]], right: frozenset[str], chance: Random) -> tuple[Bound, ...]:
    """Bounds that the right options keep with room to spare."""
    bounds = []
    for number in next(iter(comes_to.values())):
        values, room = [comes_to[one][number] for one in right], chance.uniform(1.3, 1.9)
        if number == "euros_per_month":
            bounds.append(Bound(number=number, value=max(values) + chance.choice((20, 50, 80))))
        elif number == "orders_per_s_max":
            bounds.append(Bound(number=number, value=_rounded(min(values) / chance.uniform(1.15, 1.3)), at_most=False))
        else:
            bounds.append(Bound(number=number, value=_rounded(max(FLOORS.get(number, 0.0), room * max(values)))))
    return tuple(bounds)


def _misses_clearly(slo: tuple[Bound, ...], values: Mapping[str, float]) -> bool:
    return any(
        values[one.number] >= CLEAR * one.value if one.at_most else CLEAR * values[one.number] <= one.value for one in slo
    )


def _rounded(value: float) -> float:
    """To two digits, as SLOs are written."""
    digits = 1 - floor(log10(value))
    return round(value, digits)


# ---- what is drawn


def _draw_shape(chance: Random) -> tuple[Shape, Shape]:
    today, times = _checkout(chance), chance.choice((2, 2.5, 3))
    longer, slower = chance.choice((1.2, 1.25, 1.3, 1.4)), chance.choice((2, 3, 4)) / 1000
    tomorrow = replace(
        today,
        parts=tuple(replace(part, work_ms=part.work_ms * longer) for part in today.parts),
        rate_per_s=today.rate_per_s * times,
        hop_work_ms=today.hop_work_ms * longer,
        hop_slow=today.hop_slow + slower,
    )
    least = min(arithmetic.shape(one, tomorrow)["orders_per_s_max"] for one in shape.OPTIONS)
    return (today, tomorrow) if tomorrow.rate_per_s <= BUSY_MAX * least else _draw_shape(chance)


def _checkout(chance: Random) -> Shape:
    parts = tuple(
        Part(
            name=name,
            work_ms=chance.randint(4, 16),
            cores=chance.randint(2, 5),
            orders_per_crash=100_000 * (chance.randint(4, 15) if name == "recommendations" else chance.randint(30, 120)),
            start_s=chance.choice((4, 8, 15, 25)),
            needed=name != "recommendations",
        )
        for name in ("cart", "pricing", "stock", "recommendations")
    )
    rate, hop_work_ms, slow = chance.randrange(40, 80, 10), chance.choice((1, 1.5, 2)), chance.choice((2, 3, 4, 5))
    return Shape(parts=parts, rate_per_s=rate, hop_work_ms=hop_work_ms, hop_slow=slow / 1000)


def _draw_talk(chance: Random) -> tuple[Talk, Talk]:
    rate, times = chance.randrange(20, 32, 2), chance.choice((2.0, 2.5))
    busy = chance.randint(28, 33 if times == 2.5 else 41) / 100
    today = Talk(
        rate_per_s=rate,
        own_ms=chance.randint(12, 40),
        wire_ms=chance.randint(4, 16),
        work_ms=round(1000 * busy / rate, 1),
        queue_ms=chance.randint(3, 12),
        away_s=0.0,
    )
    own_ms, away_s = today.own_ms + chance.randint(10, 25), float(chance.randrange(25, 75, 5))
    return today, replace(today, rate_per_s=rate * times, own_ms=own_ms, away_s=away_s)


def _draw_reads(chance: Random) -> tuple[Reads, Reads]:
    rate, times = chance.randrange(100, 200, 10), chance.choice((2, 2.5, 3))
    busy = chance.uniform(0.25, 0.95) / times
    today = Reads(
        rate_per_s=rate,
        work_ms=round(1000 * busy / rate, 2),
        leader_ms=chance.randint(20, 90),
        near_ms=chance.randint(2, 9),
        replicas=chance.choice((2, 3, 4)),
        writes_per_s=chance.randint(4, 12) / 60,
        lag_ms=chance.randrange(50, 250, 10),
        behind=chance.choice((0.03, 0.05, 0.08, 0.1)),
        behind_ms=chance.randrange(1000, 3000, 250),
    )
    further, written = chance.randint(6, 15), today.writes_per_s * chance.choice((2, 3))
    way = {"leader_ms": today.leader_ms + further, "near_ms": today.near_ms + further}
    return today, replace(today, rate_per_s=rate * times, writes_per_s=written, **way)


def _draw_calls(chance: Random) -> tuple[Calls, Calls]:
    today = Calls(slow=chance.randrange(15, 40) / 1000, lost=chance.randrange(8, 25) / 1000)
    times = chance.choice((2, 2.5, 3))
    return today, replace(today, slow=today.slow * times, lost=today.lost * times)


def _worse(of: Calls, times: float) -> Calls:
    return replace(of, slow=of.slow * times, lost=of.lost * times)


DECISIONS = {
    one.name: one
    for one in (
        Decision(
            name="shape",
            options=shape.OPTIONS,
            play=shape.play,
            expected=arithmetic.shape,
            draw=_draw_shape,
            now=lambda of, load: replace(of, rate_per_s=load * of.rate_per_s),
            at=lambda of, value: replace(of, rate_per_s=value),
        ),
        Decision(
            name="talk",
            options=talk.OPTIONS,
            play=talk.play,
            expected=arithmetic.talk,
            draw=_draw_talk,
            now=lambda of, load: replace(of, rate_per_s=load * of.rate_per_s, away_s=20.0),
            at=lambda of, value: replace(of, away_s=value),
            costs=EUROS,
        ),
        Decision(
            name="reads",
            options=reads.OPTIONS,
            play=reads.play,
            expected=arithmetic.reads,
            draw=_draw_reads,
            now=lambda of, load: replace(of, rate_per_s=load * of.rate_per_s, writes_per_s=load * of.writes_per_s),
            at=lambda of, value: replace(of, rate_per_s=value),
        ),
        Decision(
            name="calls",
            options=tuple(calls.OPTIONS),
            play=calls.play,
            expected=arithmetic.calls,
            draw=_draw_calls,
            now=_worse,
            at=_worse,
        ),
    )
}
"""The four decisions, by name."""
