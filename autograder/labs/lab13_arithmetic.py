"""What two lines of arithmetic say of each decision: what a learner works out, and what a scenario is drawn with.

The simulation decides. How far the two are apart is measured by ``benchmarks/lab13.py --scenarios`` and bounded by a test.
"""

from __future__ import annotations

from math import exp, fsum, inf

from shop.decisions.calls import OPTIONS, Calls
from shop.decisions.reads import Reads
from shop.decisions.shape import Shape, processes
from shop.decisions.talk import LATE_S, Talk

__all__ = ["calls", "reads", "shape", "talk"]


def shape(option: str, of: Shape) -> dict[str, float]:
    """The utilisation law for the limit, crashes times restart for what fails, and one slow hop of several."""
    groups = processes(option, of)
    hops = len(groups) - 1
    limits = []
    for number, parts in enumerate(groups):
        work_ms = fsum(part.work_ms for part in parts) + (0 if number else hops * of.hop_work_ms)
        limits.append(1000 * sum(part.cores for part in parts) / work_ms)
    up = 1.0
    for parts in groups:
        if any(part.needed for part in parts):
            per_s = of.rate_per_s * sum(1 / part.orders_per_crash for part in parts)
            up *= 1 / (1 + per_s * fsum(part.start_s for part in parts))
    return {
        "orders_per_s_max": min(limits),
        "fails_per_1000": 1000 * (1 - up * min(1.0, min(limits) / of.rate_per_s)),
        "slow_per_1000": 1000 * (1 - (1 - of.hop_slow) ** hops),
    }


def talk(option: str, of: Talk) -> dict[str, float]:
    """The share of the window, work divided by what is free, and a queue that drains with what is left over."""
    if option == "synchronous":
        busy = of.rate_per_s * of.work_ms / 1000
        answer = of.own_ms + of.wire_ms + (of.work_ms / (1 - busy) if busy < 1 else inf)
        return {"fails_per_1000": 1000 * of.away_s / of.window_s, "answer_ms": answer, "behind_s": 0.0}
    most = (2 if option.endswith("two consumers") else 1) * 1000 / of.work_ms
    left = most - of.rate_per_s
    behind = (of.away_s - LATE_S) * most / left if left > 0 else inf
    rest = of.window_s - of.away_at_s
    return {"fails_per_1000": 0.0, "answer_ms": of.own_ms + of.queue_ms, "behind_s": min(behind, rest)}


def reads(option: str, of: Reads) -> dict[str, float]:
    """The chance of a write within the lag, and work divided by what is free."""
    busy = of.rate_per_s * of.work_ms / 1000
    leader = of.leader_ms + of.work_ms / (1 - busy) if busy < 1 else inf
    share = busy / of.replicas
    served = of.work_ms / (1 - share) if share < 1 else inf
    near, away = of.near_ms + served, of.leader_ms + served
    in_time = 1000 * (1 - of.behind) * (1 - exp(-of.writes_per_s * of.lag_ms / 1000))
    late = 1000 * of.behind * (1 - exp(-of.writes_per_s * of.behind_ms / 1000))
    if option == "leader":
        return {"stale_per_1000": 0.0, "read_ms": leader}
    if option == "nearest":
        return {"stale_per_1000": in_time + late, "read_ms": near}
    return {"stale_per_1000": in_time, "read_ms": (1 - of.behind) * near + of.behind * away}


def calls(option: str, of: Calls) -> dict[str, float]:
    """Independent attempts: shares multiply."""
    policy = OPTIONS[option]
    lost, bad = of.lost, of.lost + of.slow
    given_up = lost if policy.waits_for_slow_ones else bad
    fails = lost**policy.attempts if policy.listens else given_up**policy.attempts
    late = {
        "one call": of.slow,
        "patient retry": of.slow + lost * (1 - lost),
        "hedge": bad**2 - lost**2,
        "three quick tries": bad**2 * (1 - bad),
    }[option]
    again = lost if policy.waits_for_slow_ones else bad
    extra = fsum(again**number for number in range(1, policy.attempts))
    return {"fails_per_1000": 1000 * fails, "slow_per_1000": 1000 * late, "extra_calls_per_100": 100 * extra}
