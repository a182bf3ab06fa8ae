"""The rules of the consistency lab: replicas that a network partition separates. Each docstring is a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autograder.history import History
from autograder.invariants.linearizability import UNKNOWN, Operation, Register, decide, smallest
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = [
    "RULES",
    "a_majority_goes_on",
    "every_request_is_answered",
    "no_like_is_lost_or_invented",
    "operations_are_what_running_shows",
    "replicas_agree",
    "the_cart_keeps_what_nobody_removed",
    "the_count_never_falls",
    "the_histories_are_what_the_checker_finds",
    "the_register_is_linearizable",
]

ANSWERED_MS = 100
MAJORITY_ANSWERS_MS = 1_000
TICKS_PER_MS = 1_000


def every_request_is_answered(history: History, state: State) -> Violation | None:
    """Every replica answers every request within 100 ms, while the network is split too."""
    trouble = [(call, _late(call, ANSWERED_MS)) for call in _of_clients(state)]
    late = [(call, what) for call, what in trouble if what]
    if not late:
        return None
    call, what = late[0]
    others = sorted({other.callee for other, _ in late} - {call.callee})
    too = f"; so had people at {' and '.join(others)}" if others else ""
    evidence = f"{call.caller} asked {call.callee} to {_words(call)} and {what} {state.moment}{too}"
    return _violation(every_request_is_answered, evidence, call.callee)


def the_count_never_falls(history: History, state: State) -> Violation | None:
    """At one replica the count never falls, and it holds every like that this replica has acknowledged."""
    for call in _counts(state):
        if not _is_number(call.value):
            return _violation(the_count_never_falls, f"{call.callee} counts {call.value!r}, which is no number", call.callee)
        own = sum(like.callee == call.callee and like.end < call.start for like in _likes(state, "ok"))
        if call.value < own:
            evidence = f"{call.callee} had acknowledged {_likes_in_words(own)} itself and counted {call.value}"
            return _violation(the_count_never_falls, evidence, call.callee)
        for other in _counts(state):
            if other.callee == call.callee and other.end < call.start and other.value > call.value:
                evidence = f"{call.callee} counted {other.value} and later {call.value}"
                return _violation(the_count_never_falls, evidence, call.callee)
    return None


def replicas_agree(history: History, state: State) -> Violation | None:
    """One second after the network has healed, all replicas show the same."""
    shown = {name: _as_shown(value) for name, value in state.known.get("shown", {}).items()}
    first = next(iter(shown), "")
    for name, value in shown.items():
        if value != shown[first]:
            said = f"{first} shows {_in_words(shown[first])} and {name} shows {_in_words(value)} {state.moment}"
            return _violation(replicas_agree, said, name)
    return None


def no_like_is_lost_or_invented(history: History, state: State) -> Violation | None:
    """One second after the network has healed, every replica counts every acknowledged like once."""
    if "shown" not in state.known:
        return None
    sure, maybe = len(list(_likes(state, "ok"))), len(list(_likes(state, "unknown")))
    for name, count in state.known["shown"].items():
        if not _is_number(count) or not sure <= count <= sure + maybe:
            perhaps = f", {maybe} more may have happened" if maybe else ""
            evidence = f"{_likes_in_words(sure)} acknowledged{perhaps}, and {name} counts {count} {state.moment}"
            return _violation(no_like_is_lost_or_invented, evidence, name)
    return None


def the_histories_are_what_the_checker_finds(history: History, state: State) -> Violation | None:
    """Each history is named by the strongest of the three words that is true of it."""
    return None


def operations_are_what_running_shows(history: History, state: State) -> Violation | None:
    """An operation stays available when no run of it breaks its invariant, and waits when one does."""
    return None


def the_register_is_linearizable(history: History, state: State) -> Violation | None:
    """One register that does one call at a time, each between its call and its answer, could have given all these answers."""
    operations = [_operation(call) for call in _of_clients(state) if call.outcome != "failed"]
    decision = decide(Register(None), operations)
    if decision.linearizable is not False or decision.stuck is None:
        return None
    left = smallest(Register(None), operations)
    others = "; ".join(Register(None).told(one) for one in left if one != decision.stuck and not one.is_open)
    evidence = f"{decision.reason}{f' ({others})' if others else ''}"
    return _violation(the_register_is_linearizable, evidence, decision.stuck.process)


def a_majority_goes_on(history: History, state: State) -> Violation | None:
    """A running replica that reaches a majority answers every request within one second."""
    crashed = {mark.process for mark in history.marks if mark.kind == "crash"}
    excused = crashed | set(state.known.get("cut_off", ()))
    for call in _of_clients(state):
        late = _late(call, MAJORITY_ANSWERS_MS)
        if late and call.callee not in excused and call.caller not in state.known.get("unsure", ()):
            evidence = f"{call.caller} asked {call.callee} to {_words(call)} and {late}, with a majority running and connected"
            return _violation(a_majority_goes_on, evidence, call.callee)
    return None


def the_cart_keeps_what_nobody_removed(history: History, state: State) -> Violation | None:
    """One second after the network has healed, the cart holds what was added and not removed by somebody who had seen it."""
    if "in_cart" not in state.known:
        return None
    expected = set(state.known["in_cart"])
    for name, items in state.known["shown"].items():
        found = _as_shown(items)
        if not isinstance(found, tuple):
            return _violation(the_cart_keeps_what_nobody_removed, f"{name} shows {items!r}, which is no list of items", name)
        missing, extra = sorted(expected - set(found)), sorted(set(found) - expected)
        said = [f"{item} was added and nobody removed what was added, and {name} does not show it" for item in missing[:1]]
        said += [f"{item} was removed by somebody who had seen it, and {name} shows it" for item in extra[:1]]
        if said:
            return _violation(the_cart_keeps_what_nobody_removed, f"{'; '.join(said)} {state.moment}", name)
    return None


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            every_request_is_answered,
            the_count_never_falls,
            replicas_agree,
            no_like_is_lost_or_invented,
            the_histories_are_what_the_checker_finds,
            operations_are_what_running_shows,
            the_register_is_linearizable,
            a_majority_goes_on,
            the_cart_keeps_what_nobody_removed,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab; the last three belong to stretch tasks."""


def _violation(rule: Any, evidence: str, process: str) -> Violation:
    return Violation(rule=rule.__name__, evidence=evidence, process=process)


def _of_clients(state: State) -> Iterator[Any]:
    """What clients asked of replicas by this moment; what replicas ask each other is their own affair."""
    for call in state.known.get("calls", ()):
        if not call.caller.startswith("replica-") and call.callee.startswith("replica-"):
            yield call


def _likes(state: State, outcome: str) -> Iterator[Any]:
    return (call for call in _of_clients(state) if call.method == "like" and call.outcome == outcome)


def _counts(state: State) -> Iterator[Any]:
    return (call for call in _of_clients(state) if call.method == "count" and call.outcome == "ok")


def _late(call: Any, within_ms: float) -> str:
    """What is wrong with the answer of a call that should have had one by then; nothing where it is well."""
    if call.outcome != "ok":
        return "had a refusal" if call.outcome == "failed" else "had no answer"
    took_ms = (call.end - call.start) / TICKS_PER_MS
    return f"had to wait for {took_ms:.0f} ms" if took_ms > within_ms else ""


def _words(call: Any) -> str:
    return f"{call.method} {' '.join(map(str, call.args))}".strip()


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _likes_in_words(count: int) -> str:
    return "1 like" if count == 1 else f"{count} likes"


def _as_shown(value: object) -> object:
    """A cart's items in one order, each once; anything else as it is."""
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(one, str) for one in value):
        return tuple(sorted(set(value)))
    return value


def _in_words(value: object) -> str:
    return (", ".join(map(str, value)) or "nothing") if isinstance(value, tuple) else str(value)


def _operation(call: Any) -> Operation:
    known = call.outcome == "ok"
    return Operation(
        process=call.caller,
        name=call.method,
        argument=_value(call.args[0]) if call.method == "write" and call.args else None,
        answer=_value(call.value) if known else UNKNOWN,
        start=call.start,
        end=call.end if known else None,
    )


def _value(value: object) -> Any:
    """JSON may be anything; a register's values are compared, so lists become tuples."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return repr(value)
    return value
