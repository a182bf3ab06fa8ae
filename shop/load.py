"""The shop under load, as a model: requests queue for servers, and every number that matters is a parameter in sight.

A *station* is a resource that serves so many visits at a time and lets the others wait in the order of arrival. A
*system* is the row of stations that a request passes. *Open* load arrives whether or not the shop keeps up; *closed* load
is a fixed number of users, each of whom waits for an answer before asking again. Same system, same load, same seed: same
run.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import fsum
from random import Random
from typing import Literal

__all__ = ["Closed", "Measured", "Open", "Station", "System", "Use", "play"]

Steps = Iterator[float | None]
"""What a request does next: work for so many milliseconds, or (None) wait until it is called."""


@dataclass(frozen=True, kw_only=True)
class Station:
    """A resource that requests queue for: instances of a service, cores of a database, connections of a pool."""

    name: str
    servers: int
    """How many visits are served at a time."""
    work_ms: float
    """Mean time of one visit, waiting not counted."""
    visits: int = 1
    """Visits of one request."""
    around: str = ""
    """The station that is visited while a server of this one is held: a connection is held around a statement."""


@dataclass(frozen=True, kw_only=True)
class System:
    """The stations that a request passes, in order; those that stand inside another come with it."""

    stations: tuple[Station, ...]
    spread: Literal["exponential", "constant"] = "exponential"
    """How the work of one visit varies about its mean."""

    def station(self, name: str) -> Station:
        """The station of this name; raises KeyError with the names there are."""
        for station in self.stations:
            if station.name == name:
                return station
        raise KeyError(f"There is no station {name!r}; there are {', '.join(one.name for one in self.stations)}.")

    def doubled(self, name: str) -> System:
        """The same system with twice as many servers at one station."""
        twice = self.station(name)
        bigger = replace(twice, servers=2 * twice.servers)
        return replace(self, stations=tuple(bigger if one is twice else one for one in self.stations))


@dataclass(frozen=True, kw_only=True)
class Open:
    """Requests arrive at random moments, whatever became of the earlier ones: the load of a shop with many buyers."""

    rate_per_s: float


@dataclass(frozen=True, kw_only=True)
class Closed:
    """So many users ask, wait for the answer, think, and ask again: the load of most load tests."""

    users: int
    think_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Use:
    """What was seen at one station."""

    servers: int
    visits: int
    busy_s: float
    """Seconds in which servers were held, of all servers together."""
    waited_s: float
    """Seconds that visits waited for a server, all together."""
    seconds: float
    """The length of the window."""

    @property
    def utilisation(self) -> float:
        """The share of its time in which a server was held."""
        return self.busy_s / (self.servers * self.seconds)

    @property
    def wait_ms(self) -> float:
        """Mean time that a visit waited for a server."""
        return 1000 * self.waited_s / max(1, self.visits)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was seen from outside, and at each station, in one window of time."""

    seconds: float
    latencies_ms: tuple[float, ...]
    """Of every request that was answered in the window, in the order of the answers."""
    stations: dict[str, Use] = field(hash=False)
    inside_mean: float = 0.0
    """Requests in the system, on average over the window."""

    @property
    def answered(self) -> int:
        """Requests answered in the window."""
        return len(self.latencies_ms)

    @property
    def throughput_per_s(self) -> float:
        """Requests answered per second."""
        return self.answered / self.seconds

    @property
    def mean_ms(self) -> float:
        """Mean latency."""
        return fsum(self.latencies_ms) / self.answered

    def percentile_ms(self, share: float) -> float:
        """The latency that this share of the requests did not exceed: ``percentile_ms(0.99)`` is p99."""
        return sorted(self.latencies_ms)[min(self.answered - 1, int(share * self.answered))]


def play(system: System, load: Open | Closed, *, requests: int = 5000, warm_up: int = 500, seed: int = 1) -> Measured:
    """Let the load run until so many requests have been answered after the warm-up; say what was seen since."""
    return _Run(system, load, seed).measure(requests, warm_up)


class _Place:
    """One station during a run."""

    def __init__(self, station: Station, inner: _Place | None, seed: int) -> None:
        self.station, self.inner = station, inner
        # a stream of its own: another station with more servers leaves the work of this one as it was
        self.chance = Random(f"{seed}/{station.name}")
        self.free = station.servers
        self.waiting: deque[Steps] = deque()
        self.restart()

    def restart(self) -> None:
        self.visits, self.busy_ms, self.waited_ms = 0, 0.0, 0.0


class _Run:
    """Simulated time jumps from one event to the next."""

    def __init__(self, system: System, load: Open | Closed, seed: int) -> None:
        self.load, self.chance, self.now = load, Random(f"{seed}/load"), 0.0
        self.constant = system.spread == "constant"
        self.events: list[tuple[float, int, Steps]] = []
        self.serial = self.inside = 0
        self.latencies: list[float] = []
        self.inside_ms = self.changed_at = 0.0
        self.places: dict[str, _Place] = {}
        for station in reversed(system.stations):
            self.places[station.name] = _Place(station, self.places.get(station.around), seed)
        inner = {station.around for station in system.stations}
        self.row = [self.places[one.name] for one in system.stations if one.name not in inner]
        self.current: Steps

    def measure(self, requests: int, warm_up: int) -> Measured:
        users = self.load.users if isinstance(self.load, Closed) else 1
        for _ in range(users):
            self.later(0.0, self.user() if isinstance(self.load, Closed) else self.arrivals())
        self.until(warm_up)
        began = self.now
        self.latencies.clear()
        self.inside_ms, self.changed_at = 0.0, self.now
        for place in self.places.values():
            place.restart()
        self.until(requests)
        self.count(0)
        seconds = (self.now - began) / 1000
        stations = {name: self.used(place, seconds) for name, place in reversed(self.places.items())}
        latencies, inside = tuple(self.latencies), self.inside_ms / (self.now - began)
        return Measured(seconds=seconds, latencies_ms=latencies, stations=stations, inside_mean=inside)

    def until(self, answers: int) -> None:
        while len(self.latencies) < answers:
            self.now, _, self.current = heapq.heappop(self.events)
            delay = next(self.current, None)
            if delay is not None:
                self.later(delay, self.current)

    def later(self, delay_ms: float, steps: Steps) -> None:
        self.serial += 1
        heapq.heappush(self.events, (self.now + delay_ms, self.serial, steps))

    def user(self) -> Steps:
        while True:
            yield from self.request()
            yield self.chance.expovariate(1 / self.load.think_ms) if self.load.think_ms else 0.0

    def arrivals(self) -> Steps:
        while True:
            yield self.chance.expovariate(self.load.rate_per_s / 1000)
            self.later(0.0, self.request())

    def request(self) -> Steps:
        asked = self.now
        self.count(1)
        for place in self.row:
            yield from self.visit(place)
        self.count(-1)
        self.latencies.append(self.now - asked)

    def visit(self, place: _Place) -> Steps:
        for _ in range(place.station.visits):
            asked = self.now
            if place.free:
                place.free -= 1
            else:
                place.waiting.append(self.current)
                yield None
            began = self.now
            yield self.work_ms(place)
            if place.inner is not None:
                yield from self.visit(place.inner)
            place.visits += 1
            place.waited_ms += began - asked
            place.busy_ms += self.now - began
            if place.waiting:
                self.later(0.0, place.waiting.popleft())
            else:
                place.free += 1

    def work_ms(self, place: _Place) -> float:
        mean = place.station.work_ms
        return mean if self.constant or not mean else place.chance.expovariate(1 / mean)

    def count(self, change: int) -> None:
        self.inside_ms += self.inside * (self.now - self.changed_at)
        self.inside, self.changed_at = self.inside + change, self.now

    def used(self, place: _Place, seconds: float) -> Use:
        return Use(
            servers=place.station.servers,
            visits=place.visits,
            busy_s=place.busy_ms / 1000,
            waited_s=place.waited_ms / 1000,
            seconds=seconds,
        )
