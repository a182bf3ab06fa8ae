"""The rules of a rate limiter. Each docstring is the sentence that the learner reads.

An *ask* is one call that wants through the gate, from a client, at an instance. The bucket of a client holds ``burst``
tokens and gains ``rate`` a second; a call takes one out. Calls take time, so what the bucket held at the moment of the
decision is known between two bounds; no bound that is stricter than that is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "Ask",
    "never_more_than_the_bucket_gives",
    "nobody_is_refused_a_token",
    "nothing_is_kept_for_ever",
    "the_wait_is_true",
]

WAIT_RIGHT_TO_MS = 50.0
"""How far the told wait may be from the truth; also how much flowed in meanwhile is doubted."""
KEPT_S_MAX = 60
_TINY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One call at the gate, and what it was told."""

    client: str
    instance: str
    asked_ms: float = 0.0
    answered_ms: float | None = 0.0
    """None when no answer came, because its process died."""
    said: object = None
    """The seconds to wait; 0 for *you are through*."""
    trouble: str = ""
    """What came in place of an answer."""

    @property
    def is_number(self) -> bool:
        """Was it told a number of seconds?"""
        return isinstance(self.said, int | float) and not isinstance(self.said, bool)

    @property
    def through(self) -> bool:
        """Was it let through?"""
        return self.is_number and self.said <= 0  # type: ignore[operator]

    @property
    def refused(self) -> bool:
        """Was it told to wait?"""
        return self.is_number and not self.through

    @property
    def heard_ms(self) -> float:
        """When the answer came; the moment of asking where none did."""
        return self.asked_ms if self.answered_ms is None else self.answered_ms


def never_more_than_the_bucket_gives(history: History, state: State) -> Violation | None:
    """In no stretch of time more calls of a client get through than its bucket gives: what it holds at most, and what flows
    in meanwhile; all instances together.

    The leaky bucket, its mirror image, is of Turner, New Directions in Communications, IEEE Communications Magazine 1986.
    """
    rate, burst = state.known["rate"], state.known["burst"]
    for client, asks in _by_client(state):
        through = [ask for ask in asks if ask.through]
        worst = max(_stretches(through, rate, burst), default=(0.0, 0, 0.0, ""))
        excess, count, lasted_s, gates = worst
        if excess > _TINY:
            gives = burst + rate * lasted_s
            how_long = f"within {lasted_s:.1f} s" if lasted_s >= 0.05 else "at once"
            return _violation(
                never_more_than_the_bucket_gives,
                f"{client} got {count} calls through {how_long}{gates}; the bucket gives {gives:.1f} at most in that time",
            )
    return None


def _stretches(through: Sequence[Ask], rate: float, burst: float) -> Iterator[tuple[float, int, float, str]]:
    """For every stretch from one call to another: how many too many, how many, how many seconds it lasts, and where."""
    for first in range(len(through)):
        heard = accumulate((ask.heard_ms for ask in through[first:]), max)
        for count, until_ms in enumerate(heard, start=1):
            lasted_s = (until_ms - through[first].asked_ms) / 1000
            excess = count - burst - rate * lasted_s
            if excess > _TINY:
                gates = {ask.instance for ask in through[first : first + count]}
                yield excess, count, lasted_s, f" at {len(gates)} instances" if len(gates) > 1 else ""


def nobody_is_refused_a_token(history: History, state: State) -> Violation | None:
    """Nobody is refused while a token is there for the call, and a call that was refused has taken none.

    A gate that stays shut breaks no other rule.
    """
    for client, asks in _by_client(state):
        for ask in asks:
            if ask.trouble:
                return _violation(
                    nobody_is_refused_a_token, f"{client} asked {ask.instance} and got no answer but {ask.trouble}"
                )
            if ask.answered_ms is not None and not ask.is_number:
                return _violation(
                    nobody_is_refused_a_token, f"{client} asked {ask.instance} and was told {ask.said!r}: neither through nor when to come"
                )
            level = _least(ask, asks, state, earlier_s=_doubt_s(asks))
            if ask.refused and level >= 1 - _TINY:
                when = f" at {ask.asked_ms / 1000:.1f} s" if ask.asked_ms else ""
                return _violation(
                    nobody_is_refused_a_token,
                    f"{client} was refused by {ask.instance}{when}, with {level:.1f} of {state.known['burst']} tokens there",
                )
    return None


def the_wait_is_true(history: History, state: State) -> Violation | None:
    """Who is refused hears in how many seconds the next token is there, right to 50 milliseconds.

    It is what the header Retry-After is for (RFC 9110, 10.2.3).
    """
    rate = state.known["rate"]
    for client, asks in _by_client(state):
        for ask in asks:
            if ask.answered_ms is None or ask.trouble:
                continue
            if not ask.is_number:
                return _violation(the_wait_is_true, f"{client} was told {ask.said!r}, which is no number of seconds")
            least_s = (1 - _most(ask, asks, state)) / rate - _doubt_s(asks)
            most_s = (1 - _least(ask, asks, state)) / rate + _doubt_s(asks)
            said_s = float(ask.said)  # type: ignore[arg-type]
            if ask.refused and not least_s <= said_s <= most_s:
                truth = most_s - _doubt_s(asks) if said_s > most_s else least_s + _doubt_s(asks)
                return _violation(
                    the_wait_is_true,
                    f"{client} was told to wait {said_s:.2f} s; the next token was there after {truth:.2f} s",
                )
    return None


def nothing_is_kept_for_ever(history: History, state: State) -> Violation | None:
    """A minute after a client's bucket is full again, Redis keeps nothing of that client.

    A limiter has as many clients as the internet has; what it keeps of each for ever fills the memory.
    """
    left = state.known.get("left", ())
    if not left:
        return None
    more = f" and {len(left) - 1} keys more" if len(left) > 1 else ""
    return _violation(
        nothing_is_kept_for_ever,
        f"{KEPT_S_MAX} s after every bucket was full again Redis still keeps {left[0]}{more}",
    )


def _by_client(state: State) -> Iterator[tuple[str, list[Ask]]]:
    asks: Iterable[Ask] = sorted(state.known["asks"], key=lambda ask: ask.asked_ms)
    clients: dict[str, list[Ask]] = {}
    for ask in asks:
        clients.setdefault(ask.client, []).append(ask)
    return iter(clients.items())


def _doubt_s(asks: Sequence[Ask]) -> float:
    """Between asking and hearing, the moment of the decision is not known; in a schedule no time passes at all."""
    longest_ms = max(ask.heard_ms - ask.asked_ms for ask in asks)
    return (WAIT_RIGHT_TO_MS + longest_ms) / 1000 if longest_ms else 0.0


def _least(ask: Ask, asks: Sequence[Ask], state: State, *, earlier_s: float = 0.0) -> float:
    """What the bucket held at least when this call was decided, or a little earlier: whoever may have been before it was."""
    before = [
        one.asked_ms
        for one in asks
        if one is not ask and one.asked_ms <= ask.heard_ms and (one.through or one.answered_ms is None)
    ]
    return _level(before, ask.asked_ms - earlier_s * 1000, state)


def _most(ask: Ask, asks: Sequence[Ask], state: State) -> float:
    """What it held at most: only who had been answered was before it."""
    before = [one.heard_ms for one in asks if one is not ask and one.through and one.heard_ms <= ask.asked_ms]
    return _level(before, ask.heard_ms, state)


def _level(taken_ms: Sequence[float], at_ms: float, state: State) -> float:
    """What a bucket that was full holds after tokens were taken at these moments."""
    rate, burst = state.known["rate"], state.known["burst"]
    level, last_ms = float(burst), 0.0
    for moment in sorted(taken_ms):
        level = min(burst, level + rate * max(0.0, moment - last_ms) / 1000) - 1
        last_ms = max(last_ms, moment)
    return min(burst, level + rate * max(0.0, at_ms - last_ms) / 1000)


def _violation(rule: object, evidence: str) -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence)  # type: ignore[attr-defined]
