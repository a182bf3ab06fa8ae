"""A load balancer in front of a fleet, as a model: who picks the instance decides how long the slowest requests take."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from random import Random

__all__ = ["Balanced", "Fleet", "Pick", "Traffic", "balance"]

Pick = Callable[[Sequence[int], Sequence[float]], int]
"""From the requests in flight at each instance, and the latency of its recent answers, to the instance that gets this one."""

RECENT = 0.1
"""The weight of the latest answer in an instance's recent latency."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Instances that serve one request at a time, each in its own mean time, and the requests that arrive at random."""

    work_ms: tuple[float, ...]
    rate_per_s: float

    @property
    def utilisation(self) -> float:
        """The share of the fleet's time that the load needs, if nobody ever idles while another one has a queue."""
        return self.rate_per_s / fsum(1000 / work for work in self.work_ms)


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """What came of it."""

    latencies_ms: tuple[float, ...]
    """Of every request after the warm-up, in the order of arrival."""
    given: tuple[int, ...]
    """How many requests each instance got."""

    def percentile_ms(self, share: float) -> float:
        """The latency that this share of the requests did not exceed."""
        return sorted(self.latencies_ms)[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


class Traffic:
    """The requests of one run, one after the other. Arrivals and amounts of work do not depend on who picks."""

    def __init__(self, fleet: Fleet, requests: int, seed: int, warm_up: int = 200) -> None:
        self.fleet, self.warm_up = fleet, warm_up
        chance = Random(seed)
        self._coming = [(chance.expovariate(fleet.rate_per_s / 1000), chance.expovariate(1)) for _ in range(warm_up + requests)]
        self._now = 0.0
        self._free_at = [0.0] * len(fleet.work_ms)
        self._running: list[tuple[float, int, float]] = []
        self._latencies: list[float] = []
        self._given = [0] * len(fleet.work_ms)
        self.in_flight = [0] * len(fleet.work_ms)
        self.recent_ms = [0.0] * len(fleet.work_ms)

    def __iter__(self) -> Iterator[float]:
        """The work of each request, when it arrives; until the next one, :meth:`give` says who does it."""
        for gap, work in self._coming:
            self._now += gap
            while self._running and self._running[0][0] <= self._now:
                self._answered(*heapq.heappop(self._running))
            yield work

    def give(self, instance: int, work: float) -> None:
        """This instance gets the request; IndexError where there is no such instance."""
        if not 0 <= instance < len(self.in_flight):
            raise IndexError(f"There is no instance {instance}: they are numbered from 0 to {len(self.in_flight) - 1}.")
        done = max(self._now, self._free_at[instance]) + work * self.fleet.work_ms[instance]
        self._free_at[instance] = done
        self.in_flight[instance] += 1
        self._given[instance] += 1
        self._latencies.append(done - self._now)
        heapq.heappush(self._running, (done, instance, done - self._now))

    def _answered(self, at: float, instance: int, latency_ms: float) -> None:
        self.in_flight[instance] -= 1
        before = self.recent_ms[instance] or latency_ms
        self.recent_ms[instance] = (1 - RECENT) * before + RECENT * latency_ms

    def result(self) -> Balanced:
        """What came of all requests."""
        return Balanced(latencies_ms=tuple(self._latencies[self.warm_up :]), given=tuple(self._given))


def balance(pick: Pick, fleet: Fleet, *, requests: int = 5000, seed: int = 1) -> Balanced:
    """Let ``pick`` choose an instance for every request."""
    traffic = Traffic(fleet, requests, seed)
    for work in traffic:
        traffic.give(pick(tuple(traffic.in_flight), tuple(traffic.recent_ms)), work)
    return traffic.result()
