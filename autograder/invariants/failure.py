"""The rules of the failure lab. Each docstring is the sentence that the learner reads.

A *buyer* asks for one purchase and is told ``paid``, ``refused`` or ``unknown``; a *charge* is what the gateway has done.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "Buyer",
    "Charge",
    "a_failing_gateway_is_not_flooded",
    "an_open_breaker_keeps_quiet",
    "buyers_are_answered_in_time",
    "charged_once_and_told_the_truth",
    "pauses_are_spread",
    "what_cannot_succeed_is_asked_once",
    "whoever_can_be_served_is_served",
]

ANSWERED_WITHIN_MS = 2_000
LATE_MAX = 0.01
SERVED_MIN = 0.98
CALLS_PER_BUYER_MAX = 1.2
FIRST_PAUSE_S, PAUSE_S_MAX = 0.1, 1.0
PROBES_APART_MS = 4_900
"""Two probes of a breaker that stays open for 5 s: messages take different times, so a tenth of a second less."""


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """One buyer's request, and what came of it."""

    purchase_id: str
    told: str
    """``paid``, ``refused``, ``unknown``; or nothing, when no answer came or it was none of the three."""
    waited_ms: float | None
    """None when nothing came back while the judge waited."""
    asked_ms: float = 0.0
    trouble: str = ""
    """What came in place of an answer."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Money that the gateway has taken."""

    purchase_id: str
    key: str
    cents: int
    at_ms: float


def buyers_are_answered_in_time(history: History, state: State) -> Violation | None:
    """99 of 100 buyers are answered within 2 seconds: paid, refused, or unknown.

    Tail latencies are what users feel: Dean & Barroso, The Tail at Scale, CACM 2013.
    """
    buyers: Sequence[Buyer] = state.known.get("buyers", ())
    late = [buyer for buyer in buyers if not buyer.told or round(buyer.waited_ms or 0, 3) > ANSWERED_WITHIN_MS]
    if len(late) <= LATE_MAX * len(buyers):
        return None
    one = late[0]
    if one.waited_ms is None:
        what = f"{one.purchase_id} was never answered"
    elif not one.told:
        what = f"{one.purchase_id} got no answer but {one.trouble}"
    else:
        what = f"{one.purchase_id} was answered after {one.waited_ms / 1000:.1f} s"
    others = f"; so it went for {len(late)} of {len(buyers)} buyers" if len(late) > 1 else ""
    return _violation(1, what + others)


def charged_once_and_told_the_truth(history: History, state: State) -> Violation | None:
    """A purchase is charged at most once, however often it is asked for, and nobody is told what is not so.

    Day 2's idempotency key makes the first half possible; that silence proves nothing is Fischer, Lynch & Paterson's.
    """
    charges: dict[str, list[Charge]] = {}
    for charge in state.known.get("charges", ()):
        charges.setdefault(charge.purchase_id, []).append(charge)
    prices: Mapping[str, int] = state.known.get("prices", {})
    for purchase_id, taken in charges.items():
        if len(taken) > 1:
            keys = " and ".join(dict.fromkeys(charge.key for charge in taken))
            return _violation(2, f"{purchase_id} was charged {_times(len(taken))}, under the keys {keys}")
        if purchase_id in prices and taken[0].cents != prices[purchase_id]:
            return _violation(2, f"{purchase_id} costs {prices[purchase_id]} cents and was charged {taken[0].cents}")
    for buyer in state.known.get("buyers", ()):
        wrong = _told_wrongly(buyer, charges.get(buyer.purchase_id, []), state)
        if wrong:
            return _violation(2, wrong)
    return None


def _told_wrongly(buyer: Buyer, taken: list[Charge], state: State) -> str:
    if buyer.waited_ms is None:
        return ""
    answered_ms = buyer.asked_ms + buyer.waited_ms
    if buyer.told == "paid" and not any(charge.at_ms <= answered_ms for charge in taken):
        return f"the buyer of {buyer.purchase_id} was told 'paid', and the gateway had not charged anything"
    if buyer.told == "refused" and taken:
        return f"the buyer of {buyer.purchase_id} was told 'refused', and the gateway has charged the card"
    if buyer.told == "refused" and buyer.purchase_id not in state.known.get("refused", ()):
        return f"the buyer of {buyer.purchase_id} was told 'refused', and the gateway has refused nothing"
    return ""


def what_cannot_succeed_is_asked_once(history: History, state: State) -> Violation | None:
    """What cannot succeed is not tried again: after a declined card or a bad request no call follows."""
    heard: dict[str, int] = {}
    for record in state.known.get("calls", ()):
        purchase_id = str(record.args[1]) if len(record.args) > 1 else ""
        if record.callee != "gateway" or purchase_id not in state.known.get("hopeless", ()):
            continue
        if purchase_id in heard:
            why = state.known["hopeless"][purchase_id]
            return _violation(3, f"the gateway had refused {purchase_id} ({why}), and was asked for it again")
        if record.outcome == "failed":
            heard[purchase_id] = record.end
    return None


def whoever_can_be_served_is_served(history: History, state: State) -> Violation | None:
    """98 of 100 buyers are served, with paid or refused, while the gateway fails 1 call in 20, and again from 30 seconds
    after it has recovered.

    A program that gives up on everybody breaks no other rule.
    """
    left_out = _had_an_answer_and_was_not_told(state)
    if left_out:
        return _violation(4, left_out)
    for when, buyers in state.known.get("must_serve", {}).items():
        unserved = [buyer for buyer in buyers if buyer.told not in ("paid", "refused")]
        if len(buyers) - len(unserved) < SERVED_MIN * len(buyers):
            return _violation(4, _unserved(when, buyers, unserved))
    return None


def _had_an_answer_and_was_not_told(state: State) -> str:
    """A buyer whom the gateway has answered, or who was never even asked for, and who hears nothing of it."""
    for buyer in state.known.get("each_must_be_told", ()):
        if buyer.told in ("paid", "refused") or not buyer.told:
            continue
        calls = [record for record in state.known.get("calls", ()) if _asks_for(record, buyer)]
        if not calls:
            return f"the buyer of {buyer.purchase_id} was told {buyer.told!r}, and the gateway was never asked"
        hopeless = buyer.purchase_id in state.known.get("hopeless", ())
        heard = [record for record in calls if _within(record, buyer)]
        if any(record.outcome == "ok" or (hopeless and record.outcome == "failed") for record in heard):
            return f"the gateway answered for {buyer.purchase_id}, and the buyer was told {buyer.told!r}"
    return ""


def _asks_for(record: Any, buyer: Buyer) -> bool:
    return record.callee == "gateway" and len(record.args) > 1 and record.args[1] == buyer.purchase_id


def _within(record: Any, buyer: Buyer) -> bool:
    """Was this call answered while the buyer waited? Ticks are microseconds, and may be some late."""
    answered_ms = buyer.asked_ms + (buyer.waited_ms or 0)
    return record.end is not None and buyer.asked_ms - 1 <= record.start / 1000 and record.end / 1000 <= answered_ms - 1


def _unserved(when: str, buyers: Sequence[Buyer], unserved: list[Buyer]) -> str:
    told = f"{unserved[0].purchase_id} was told {unserved[0].told or 'nothing'!r}"
    waited = [buyer.waited_ms for buyer in unserved if buyer.waited_ms is not None]
    after = f" after {statistics.median(waited) / 1000:.1f} s" if waited else ""
    return f"{len(unserved)} of the {len(buyers)} buyers who came while {when} were not served: {told}{after}"


def a_failing_gateway_is_not_flooded(history: History, state: State) -> Violation | None:
    """While the gateway fails, it gets at most 1.2 calls for each buyer who comes.

    The share of retries is what decides whether an overload ends: Bronson et al., Metastable Failures, HotOS 2021.
    """
    buyers, calls = state.known.get("failing", (0, 0))
    if calls <= CALLS_PER_BUYER_MAX * buyers:
        return None
    share = f"{calls / buyers:.1f} for each" if buyers else "for nobody"
    much = ", more than twice its usual load" if calls > 2 * buyers else ""
    return _violation(5, f"{buyers} buyers came while the gateway failed, and it got {calls} calls, {share}{much}")


def pauses_are_spread(history: History, state: State) -> Violation | None:
    """The pause before a retry lies anywhere between zero and a bound, evenly; the bound is 0.1 s before the first retry,
    doubles with each, and stays at 1 s.

    Full jitter: Brooker, Exponential Backoff and Jitter, 2015.
    """
    for retry, pauses in sorted(state.known.get("pauses", {}).items()):
        wrong = _not_full_jitter(pauses, min(PAUSE_S_MAX, FIRST_PAUSE_S * 2 ** (retry - 1)))
        if wrong:
            return _violation(6, f"of {len(pauses)} pauses before retry {retry}, {wrong}")
    return None


def _not_full_jitter(pauses: Sequence[object], bound_s: float) -> str:
    """What is wrong with pauses that should be spread evenly from zero to the bound; the margins are 6 deviations wide."""
    strange = [pause for pause in pauses if isinstance(pause, bool) or not isinstance(pause, int | float)]
    if strange:
        return f"one is {strange[0]!r}, which is no number of seconds"
    if min(pauses) < 0:
        return f"one is {min(pauses):.3f} s"
    if max(pauses) > bound_s * 1.000_001:
        return f"the longest is {max(pauses):.3f} s; the bound is {bound_s:g} s"
    if len({round(pause, 6) for pause in pauses}) == 1:
        return f"all are {pauses[0]:.3f} s: buyers who failed together come back together"
    share = 6 * (0.25 * 0.75 / len(pauses)) ** 0.5
    for quarter in range(4):
        low, high = bound_s * quarter / 4, bound_s * (quarter + 1) / 4
        inside = sum(low <= pause < high or pause == high == bound_s for pause in pauses) / len(pauses)
        if abs(inside - 0.25) > share:
            return f"{inside:.0%} lie between {low:.3f} s and {high:.3f} s, where a quarter belongs"
    return ""


def an_open_breaker_keeps_quiet(history: History, state: State) -> Violation | None:
    """Five failures in a row, and only they, open the breaker; then no call starts for 5 seconds, then one at a time, and
    a call that succeeds closes it.

    Nygard, Release It!, 2nd edition, 2018.
    """
    for what, buyers in state.known.get("never_turned_away", {}).items():
        away = [buyer for buyer in buyers if buyer.told == "later"]
        if away:
            who = f"all of the {len(buyers)}" if len(away) == len(buyers) else f"{len(away)} of the {len(buyers)}"
            return _violation(7, f"{what}, and {who} buyers were turned away, {away[0].purchase_id} first")
    return _too_close(state.known.get("calls_while_open", ()))


def _too_close(arrivals_ms: Sequence[float]) -> Violation | None:
    pauses = [after - before for before, after in zip(arrivals_ms, arrivals_ms[1:], strict=False)]
    if all(pause >= PROBES_APART_MS for pause in pauses):
        return None
    first = next(number for number, pause in enumerate(pauses) if pause < PROBES_APART_MS)
    when = f"{arrivals_ms[first] / 1000:.2f} s and at {arrivals_ms[first + 1] / 1000:.2f} s"
    alone = "" if max(pauses) >= 1_000 else "; it was never left alone for a second"
    return _violation(
        7, f"the gateway had failed for two seconds and more, and calls reached it at {when}, {len(arrivals_ms)} in all{alone}"
    )


def _times(count: int) -> str:
    return {2: "twice", 3: "three times"}.get(count, f"{count} times")


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _names(*rules: object) -> Iterable[tuple[int, str]]:
    return enumerate((rule.__name__ for rule in rules), start=1)  # type: ignore[attr-defined]


RULES = dict(
    _names(
        buyers_are_answered_in_time,
        charged_once_and_told_the_truth,
        what_cannot_succeed_is_asked_once,
        whoever_can_be_served_is_served,
        a_failing_gateway_is_not_flooded,
        pauses_are_spread,
        an_open_breaker_keeps_quiet,
    )
)
"""The rules' names by their numbers."""
