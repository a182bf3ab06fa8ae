"""What to cache: a plan of kinds and TTLs, replayed on hours that its author has not seen, beside the best plan there is."""

from __future__ import annotations

import functools
import itertools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.explore.virtual import VirtualScenario
from autograder.invariants import cached_writes as rule
from shop.recorded import KINDS, MEMORY_BYTES, recorded

__all__ = ["HOURS", "PLAN", "READ", "Replayed", "best_ratio", "replay"]

SHOWN_HOUR, HOURS = 1, ("h2", "h3")
"""The hour that the learner is given, and those that the plan is judged on."""
READ = "Cache what is looked at often, changes rarely and is small"
ALL_KINDS = ": everything is cached, and large entries that nobody asks for twice push out the others"
TOO_FEW = ": something that would pay is not cached"


@dataclass(frozen=True)
class Replayed:
    """What a plan came to."""

    ratio: float
    """Hits among all looks, also at what is not cached."""
    oldest_s: Mapping[str, float]
    """By kind, the longest time after a change at which the old value was still shown."""


def replay(plan: Mapping[str, float], hour: int, memory: int = MEMORY_BYTES) -> Replayed:
    """Play an hour through a cache with these TTLs: least recently used out first, nothing else deleted."""
    held: OrderedDict[tuple[str, int], tuple[float, float | None]] = OrderedDict()
    used, hits, looks = 0, 0, 0
    oldest: dict[str, float] = {}
    for at, what, kind, number in _log(hour):
        key = (kind, number)
        entry = held.get(key)
        if what == "change":
            if entry is not None and entry[1] is None:
                held[key] = (entry[0], at)
            continue
        looks += 1
        if entry is not None and at < entry[0]:
            hits += 1
            held.move_to_end(key)
            if entry[1] is not None:
                oldest[kind] = max(oldest.get(kind, 0.0), at - entry[1])
            continue
        if entry is not None:
            del held[key]
            used -= KINDS[kind].bytes
        if plan.get(kind, 0) > 0:
            held[key] = (at + plan[kind], None)
            used += KINDS[kind].bytes
            while used > memory:
                (gone, _), _ = held.popitem(last=False)
                used -= KINDS[gone].bytes
    return Replayed(hits / looks, oldest)


@functools.cache
def _log(hour: int) -> list[tuple[float, str, str, int]]:
    return recorded(hour)


@functools.cache
def best_ratio(hour: int) -> float:
    """The best hit ratio of all choices of kinds, each kept for as long as it may be."""
    may = [name for name, kind in KINDS.items() if kind.stale_max_s > 0]
    plans = itertools.chain.from_iterable(itertools.combinations(may, count) for count in range(len(may) + 1))
    return max(replay({name: KINDS[name].stale_max_s for name in plan}, hour).ratio for plan in plans)


async def _play(sim: Any) -> None:
    """Ask for a plan, by the hour that is given; replay it on another one."""
    sim.process("planner")
    answer = await sim.client("ada").call("planner", "what_to_cache", [list(one) for one in _log(SHOWN_HOUR)], MEMORY_BYTES)
    hour = int(sim.input[0][1:])
    sim.snapshot("in the end", **_judged(answer, hour))


def _judged(answer: Any, hour: int) -> dict[str, Any]:
    plan = answer.value
    if not answer.ok or not isinstance(plan, Mapping):
        return {"refused": f"what_to_cache() gives no plan: {answer.error or repr(plan)[:60]}"}
    strange = [name for name in plan if name not in KINDS]
    wrong = [name for name, ttl in plan.items() if isinstance(ttl, bool) or not isinstance(ttl, int | float) or ttl < 0]
    if strange or wrong:
        return {"refused": f"the plan says {strange or wrong} ... a plan is a TTL in seconds for kinds of {', '.join(KINDS)}"}
    found, best = replay(plan, hour), best_ratio(hour)
    too_old = {
        kind: (age, KINDS[kind].stale_max_s) for kind, age in found.oldest_s.items() if age > KINDS[kind].stale_max_s
    }
    belief = ALL_KINDS if all(plan.get(name) for name in KINDS if KINDS[name].stale_max_s) else TOO_FEW
    return {"ratio": found.ratio, "best": best, "too_old": too_old, "belief": belief}


PLAN = tuple(
    VirtualScenario(
        name=f"plan-{hour}",
        title=f"The plan is replayed on hour {hour[1:]}",
        play=_play,
        input=(hour,),
        rules=(rule.the_hit_ratio_is_near_the_best,),
        needs=("what_to_cache",),
        read=READ,
        stuck=rule.the_hit_ratio_is_near_the_best.__name__,
    )
    for hour in HOURS
)
