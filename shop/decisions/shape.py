"""Monolith or services: a checkout of parts that may share one process or run in processes of their own.

A part works on every order, and it has a bug that kills its process once in so many orders. What shares the process dies
with it, and is loaded again with it. Between processes there is a hop: it costs the processor something on the caller's side, and now and then it is
slow. Below its limit nobody waits in this model; day 8 says what that leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, log
from random import Random

from shop.load import Closed, Station, System
from shop.load import play as load

__all__ = ["OPTIONS", "Part", "Shape", "play", "processes", "system"]

OPTIONS = ("monolith", "services", "split")
"""One process; a process for each part; one process, beside which the parts that an order can do without run alone."""

DAYS = 365
ORDERS = 1_000_000
USERS = 150
_DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the checkout."""

    name: str
    work_ms: float
    """Work on one order."""
    cores: int
    """Cores that it gets where it has a process of its own; a process that holds several parts gets theirs together."""
    orders_per_crash: float
    """A bug kills its process once in so many orders, on average."""
    start_s: float
    """What it loads when its process starts takes so long; a process that holds several parts loads one after the other."""
    needed: bool = True
    """Does an order fail when this part is away?"""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The checkout under load."""

    parts: tuple[Part, ...]
    rate_per_s: float
    hop_work_ms: float
    """What the caller of a hop works to pack and unpack."""
    hop_slow: float
    """The share of hops that are slow; an order with a slow hop counts as slow."""


def processes(option: str, shape: Shape) -> tuple[tuple[Part, ...], ...]:
    """Which parts share a process; the first process is the one that an order reaches. Raises ValueError for no option."""
    if option == "monolith":
        return (shape.parts,)
    if option == "services":
        return tuple((part,) for part in shape.parts)
    if option == "split":
        together = tuple(part for part in shape.parts if part.needed)
        return (together, *((part,) for part in shape.parts if not part.needed))
    raise ValueError(f"There is no option {option!r}; there are {', '.join(OPTIONS)}.")


def system(option: str, shape: Shape) -> System:
    """The same checkout as stations of day 8: one for each process, and the first one pays for the hops."""
    groups = processes(option, shape)
    stations = [
        Station(name=parts[0].name, servers=sum(part.cores for part in parts), work_ms=fsum(part.work_ms for part in parts))
        for parts in groups
    ]
    door = stations[0]
    stations[0] = Station(name=door.name, servers=door.servers, work_ms=door.work_ms + shape.hop_work_ms * (len(groups) - 1))
    return System(stations=tuple(stations), spread="constant")


def play(option: str, shape: Shape, *, seed: int = 1, orders: int = ORDERS, days: int = DAYS) -> dict[str, float]:
    """What one option comes to: the most it can do, orders that fail, and orders with a slow hop.

    An order fails while a needed part is away, and when more orders come than the checkout can do.
    """
    groups = processes(option, shape)
    most = load(system(option, shape), Closed(users=USERS), requests=2000, warm_up=300).throughput_per_s
    up = 1 - _away(groups, shape, days, seed)
    return {
        "orders_per_s_max": most,
        "fails_per_1000": 1000 * (1 - up * min(1.0, most / shape.rate_per_s)),
        "slow_per_1000": 1000 * _slow(len(groups) - 1, shape, orders, seed),
    }


def _away(groups: tuple[tuple[Part, ...], ...], shape: Shape, days: int, seed: int) -> float:
    """The share of time in which a needed process is down: time jumps from crash to crash."""
    needed = [parts for parts in groups if any(part.needed for part in parts)]
    down_s, until = 0.0, 0.0
    for at, restart_s in sorted(one for parts in needed for one in _crashes(parts, shape, days * _DAY_S, seed)):
        back = at + restart_s
        down_s += max(0.0, back - max(at, until))
        until = max(until, back)
    return down_s / (days * _DAY_S)


def _crashes(parts: tuple[Part, ...], shape: Shape, end_s: float, seed: int) -> list[tuple[float, float]]:
    """When this process dies and how long it then starts: orders kill it, so it dies more often under more load."""
    per_s = shape.rate_per_s * sum(1 / part.orders_per_crash for part in parts)
    restart_s, chance = fsum(part.start_s for part in parts), Random(f"{seed}/{parts[0].name}")
    now, found = chance.expovariate(per_s), []
    while now < end_s:
        found.append((now, restart_s))
        now += restart_s + chance.expovariate(per_s)
    return found


def _slow(hops: int, shape: Shape, orders: int, seed: int) -> float:
    """The share of orders with a slow hop: the count jumps from one slow hop to the next."""
    chance, at, slow = Random(f"{seed}/hops"), -1, set()
    while hops and shape.hop_slow:
        at += 1 + int(log(1 - chance.random()) / log(1 - shape.hop_slow))
        if at >= hops * orders:
            break
        slow.add(at // hops)
    return len(slow) / orders
