"""A system of one's own for every learner of lab 8: drawn from a name, measured, and really doubled.

The code of a system (:mod:`autograder.labs.codes`) gives the same system, the same metrics and the same truth everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from autograder.labs import codes
from shop.load import Closed, Measured, Open, Station, System, play

__all__ = ["RESOURCES", "Truth", "code_of", "measured", "system_of", "truth_of"]

RESOURCES = ("api", "service", "pool", "database")
"""What can be scaled: instances of the API and of the service, connections of the pool, cores of the database."""

LAB = "lab08"
WINDOW_S = 60
USERS = 400
ORDERS = 6000
NEXT_MIN, NEXT_MAX = 1.3, 1.7
"""How far the second scarcest resource is behind the first: doubling never gives the double."""
REST_MIN, REST_MAX = 2.0, 3.2
LOAD = 0.62
"""The share of what the system can do that it is measured at: every queue is short."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Throughput as the simulation has it: as the system is, and with each resource doubled, under more load than it can take."""

    as_it_is_per_s: float
    doubled_per_s: dict[str, float]

    @property
    def scale_first(self) -> str:
        """The resource whose doubling gives most."""
        return max(self.doubled_per_s, key=self.doubled_per_s.__getitem__)

    @property
    def gain(self) -> float:
        """What doubling it gives, as a factor."""
        return self.doubled_per_s[self.scale_first] / self.as_it_is_per_s


def code_of(name: str) -> str:
    """The code of the system that belongs to a learner's name; raises ValueError for a name without letters."""
    return codes.code_of(name, LAB)


@cache
def system_of(code: str) -> System:
    """The system of a code; raises NoSuchCode for a code that belongs to no name."""
    chance = Random(f"{LAB} {codes.slug_of(code, LAB)}")
    first = chance.choice(RESOURCES)
    while not _puzzling(system := _drawn(first, chance), first):
        pass
    return system


def _drawn(first: str, chance: Random) -> System:
    # a connection is held around a statement: as first and second, pool and database could hardly be told apart
    second = chance.choice([name for name in RESOURCES if {first, name} not in ({first}, {"pool", "database"})])
    scarce = chance.uniform(120, 420)
    most = {name: scarce * chance.uniform(REST_MIN, REST_MAX) for name in RESOURCES}
    most |= {first: scarce, second: scarce * chance.uniform(NEXT_MIN, NEXT_MAX)}
    servers = {name: chance.randint(3, 12) for name in ("api", "service", "database")}
    servers["pool"] = servers["database"] + chance.randint(2, 8)
    statements = chance.randint(2, 6)
    work = {name: 1000 * servers[name] / most[name] for name in RESOURCES}
    on_the_way = max(0.0, work["pool"] - work["database"]) / statements
    return System(
        stations=(
            Station(name="api", servers=servers["api"], work_ms=work["api"]),
            Station(name="service", servers=servers["service"], work_ms=work["service"]),
            Station(name="pool", servers=servers["pool"], work_ms=on_the_way, visits=statements, around="database"),
            Station(name="database", servers=servers["database"], work_ms=work["database"] / statements),
        )
    )


def _puzzling(system: System, first: str) -> bool:
    """Does the longest visit belong to another resource than the one to scale? And does every statement travel a little?"""
    slowest = max(system.stations, key=lambda station: station.work_ms)
    return slowest.name != first and system.station("pool").work_ms > 0.2


@cache
def measured(code: str) -> Measured:
    """One minute of the system under a load that it can take."""
    system = system_of(code)
    rate = LOAD * truth_of(code).as_it_is_per_s
    return play(system, Open(rate_per_s=rate), requests=round(rate * WINDOW_S), warm_up=1000, seed=8)


@cache
def truth_of(code: str) -> Truth:
    """What the simulation that really doubles each resource gives."""
    system = system_of(code)
    return Truth(as_it_is_per_s=_most(system), doubled_per_s={name: _most(system.doubled(name)) for name in RESOURCES})


def _most(system: System) -> float:
    return play(system, Closed(users=USERS), requests=ORDERS, warm_up=1000, seed=8).throughput_per_s
