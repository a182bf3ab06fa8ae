"""The rules of the caching lab's further tasks: writing through and behind, what to cache, and a lock that can expire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "Holder",
    "a_late_holder_changes_nothing",
    "each_view_counts_once",
    "few_views_reach_postgres",
    "one_holder_at_a_time",
    "only_the_committed_is_shown",
    "the_hit_ratio_is_near_the_best",
    "the_lock_comes_free",
    "the_loss_is_as_stated",
]

RATIO_SHARE_MIN = 0.95
REACHED_SHARE_MAX = 0.25
STATED_MORE_MAX = 2


def only_the_committed_is_shown(history: History, state: State) -> Violation | None:
    """The cache shows only what was committed: never a price that the table has not held."""
    shown, committed = state.known.get("cached"), state.known.get("committed", ())
    if shown is not None and shown not in committed:
        return _violation(
            only_the_committed_is_shown, f"the cache shows {_euros(shown)}, and the table has never held anything but {_list(committed)}"
        )
    return None


def _euros(cents: Any) -> str:
    return f"{cents / 100:.2f} euros" if isinstance(cents, int) else repr(cents)[:40]


def _list(prices: Sequence[int]) -> str:
    return " and ".join(_euros(price) for price in prices)


# ---- write-behind


def each_view_counts_once(history: History, state: State) -> Violation | None:
    """Each view that was acknowledged is counted once in the table, when the flush has come to its end, whoever died meanwhile."""
    if state.known.get("undone"):
        return _violation(each_view_counts_once, str(state.known["undone"]))
    for product, viewed in state.known.get("viewed", {}).items():
        counted = state.known["counted"].get(product, 0)
        if counted != viewed:
            how = f"{viewed - counted} of them are lost" if counted < viewed else f"{counted - viewed} are counted twice"
            return _violation(each_view_counts_once, f"{product} was viewed {_times(viewed)}, the table says {counted}: {how}")
    return None


def few_views_reach_postgres(history: History, state: State) -> Violation | None:
    """At most one view in four waits for Postgres."""
    views, reached = state.known["views"], state.known["reached"]
    if reached > REACHED_SHARE_MAX * views:
        return _violation(few_views_reach_postgres, f"{reached} of {views} views wait for Postgres")
    return None


def the_loss_is_as_stated(history: History, state: State) -> Violation | None:
    """When Redis dies with all it holds, no more views are lost than you have stated, and you state at most two more than that."""
    stated, lost = state.known["stated"], state.known["lost"]
    if isinstance(stated, bool) or not isinstance(stated, int):
        return _violation(the_loss_is_as_stated, f"loss_window() says {stated!r:.60}, which is no number of views")
    after = f"Redis dies after {_times(state.known['died_after'], 'view')}"
    if lost > stated:
        return _violation(the_loss_is_as_stated, f"{after}, and {lost} are lost; stated were at most {stated}")
    if stated > lost + STATED_MORE_MAX:
        return _violation(the_loss_is_as_stated, f"stated were {stated}, and at the worst moment {lost} are lost")
    return None


def _times(count: int, noun: str = "time") -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# ---- what to cache


def the_hit_ratio_is_near_the_best(history: History, state: State) -> Violation | None:
    """Within the memory and without showing anything older than its bound, the hit ratio is at least 95 % of the best one."""
    if state.known.get("refused"):
        return _violation(the_hit_ratio_is_near_the_best, str(state.known["refused"]))
    for kind, (age_s, bound_s) in state.known["too_old"].items():
        return _violation(
            the_hit_ratio_is_near_the_best, f"a {kind} is shown {age_s:.0f} s after it changed, and the shop allows {bound_s:g} s"
        )
    ratio, best = state.known["ratio"], state.known["best"]
    if ratio < RATIO_SHARE_MIN * best:
        return _violation(
            the_hit_ratio_is_near_the_best,
            f"{ratio:.1%} of the looks are hits, which is {ratio / best:.0%} of what the best plan reaches{state.known['belief']}",
        )
    return None


# ---- a lock that can expire


@dataclass(frozen=True, kw_only=True)
class Holder:
    """One attempt to work under the lock."""

    process: str
    token: Any
    wrote: Any
    price: int


def one_holder_at_a_time(history: History, state: State) -> Violation | None:
    """While a lock has not expired, nobody else gets it: two holders never work at the same time."""
    if state.known.get("second_holder"):
        return _violation(one_holder_at_a_time, str(state.known["second_holder"]))
    if state.known.get("expired"):
        return None
    worked = {}
    for holder in _holders(state):
        calls = [call for call in history.by(holder.process) if call.backend == "postgres"]
        if holder.token is not None and calls:
            worked[holder.process] = (calls[0].start, max(call.end or call.start for call in calls))
    for one, (start, end) in worked.items():
        for other, (other_start, other_end) in worked.items():
            if one < other and start < other_end and other_start < end:
                return _violation(one_holder_at_a_time, f"{one} and {other} both hold the lock and write at the same time")
    return None


def a_late_holder_changes_nothing(history: History, state: State) -> Violation | None:
    """Each holder's token is greater than all before; once a greater one has written, a smaller one writes nothing more."""
    if state.known.get("late"):
        return _violation(a_late_holder_changes_nothing, str(state.known["late"]))
    wrote = [holder for holder in _holders(state) if holder.wrote is True]
    for holder in wrote:
        if isinstance(holder.token, bool) or not isinstance(holder.token, int):
            return _violation(a_late_holder_changes_nothing, f"the token {holder.token!r:.40} is no number, so nobody can compare it")
    if len({holder.token for holder in wrote}) < len(wrote):
        return _violation(a_late_holder_changes_nothing, f"two holders have the same token, {wrote[0].token}")
    tag = next(iter(state.rows("price_tag")), None) if wrote else None
    if tag is None:
        return None
    newest = max(wrote, key=lambda holder: holder.token)
    if tag["price"] != newest.price:
        late = next((holder.process for holder in wrote if holder.price == tag["price"]), "another")
        return _violation(
            a_late_holder_changes_nothing,
            f"{newest.process} has written under token {newest.token}, and then {late} writes over it with an older one,"
            f" which had expired",
            late,
        )
    return None


def the_lock_comes_free(history: History, state: State) -> Violation | None:
    """The lock comes free when its holder gives it back, and by itself when its time is over; whoever holds it can write."""
    if state.known.get("stuck"):
        return _violation(the_lock_comes_free, str(state.known["stuck"]))
    holders = _holders(state)
    if holders and not any(holder.wrote is True for holder in holders):
        return _violation(the_lock_comes_free, f"nobody has written a price: {_trouble(state, holders)}")
    return None


def _trouble(state: State, holders: Sequence[Holder]) -> str:
    if state.known.get("trouble"):
        return str(state.known["trouble"])
    return "nobody gets the lock" if all(holder.token is None for holder in holders) else "every write was refused"


def _holders(state: State) -> Sequence[Holder]:
    return state.known.get("holders", ())


def _violation(rule: Any, evidence: str, process: str = "") -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence, process=process)
