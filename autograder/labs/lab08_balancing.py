"""The fleets behind lab 8's balancer, which no picture shows, and the reference that picks as well."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from math import fsum
from random import Random
from typing import Any

from shop.balancing import Fleet, Pick, Traffic, balance

__all__ = ["FLEETS", "PICKED", "Held", "fewest_in_flight", "fleet"]

PICKED = 1500


@dataclass(frozen=True, kw_only=True)
class Held:
    """A fleet that no picture shows, and the seed of its traffic."""

    title: str
    work_ms: tuple[float, ...]
    load: float
    seed: int

    @property
    def fleet(self) -> Fleet:
        """With as many requests as make up this share of what it can do."""
        return Fleet(work_ms=self.work_ms, rate_per_s=self.load * fsum(1000 / work for work in self.work_ms))


FLEETS = {
    "even": Held(title="eight equal instances, 80 % busy", work_ms=(10.0,) * 8, load=0.8, seed=81),
    "slow": Held(title="eight instances, one of them five times slower", work_ms=(10.0,) * 3 + (50.0,) + (10.0,) * 4, load=0.65, seed=82),
    "uneven": Held(title="two kinds of machines", work_ms=(16.0, 8.0, 8.0, 12.0, 8.0, 12.0, 16.0, 8.0), load=0.7, seed=83),
    "both": Held(title="two kinds of machines, one of them ill", work_ms=(8.0, 12.0, 40.0, 8.0, 16.0, 8.0, 12.0, 16.0), load=0.7, seed=84),
    "first": Held(title="the first of eight instances four times slower", work_ms=(32.0,) + (8.0,) * 7, load=0.7, seed=85),
}
"""Held-out fleets, by the words of the story."""


def fewest_in_flight(seed: int) -> Pick:
    """The reference: the instance with the fewest requests in flight; of several, one of them at random."""
    chance = Random(seed)
    return lambda in_flight, recent_ms: min(range(len(in_flight)), key=lambda instance: (in_flight[instance], chance.random()))


def fleet(pick: str) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """A balancer picks an instance for each of 1,500 requests."""

    async def play(sim: Any) -> None:
        held = FLEETS[sim.input[0]]
        balancer = sim.process("balancer-1")
        traffic, refused = Traffic(held.fleet, PICKED, held.seed), ""
        for work in traffic:
            chosen = await balancer.ask(pick, list(traffic.in_flight), [round(ms, 3) for ms in traffic.recent_ms])
            if not isinstance(chosen, int) or isinstance(chosen, bool) or not 0 <= chosen < len(held.work_ms):
                refused = f"{pick} said {chosen!r}, which is no number of an instance"
                break
            traffic.give(chosen, work)
        _judge(sim, held, traffic, refused)

    return play


def _judge(sim: Any, held: Held, traffic: Traffic, refused: str) -> None:
    if refused:
        sim.snapshot("in the end", refused=refused)
        return
    mine, reference = traffic.result(), balance(fewest_in_flight(held.seed), held.fleet, requests=PICKED, seed=held.seed)
    mine_ms, reference_ms = mine.percentile_ms(0.99), reference.percentile_ms(0.99)
    sim.note(f"{held.title}: 99 of 100 requests are answered within {mine_ms:.0f} ms, with the reference {reference_ms:.0f} ms")
    sim.snapshot(
        "in the end", p99_ms=mine_ms, reference_p99_ms=reference_ms, given=mine.given, work_ms=held.work_ms, fleet=held.title
    )
