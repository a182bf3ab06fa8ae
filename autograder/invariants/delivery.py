"""The rules of the delivery lab. Each docstring is the sentence that the learner reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.history import History
from autograder.invariants.state import Message, Progress, State
from autograder.invariants.violation import Violation

__all__ = [
    "ATTEMPTS",
    "RULES",
    "effects_keep_the_order_of_their_key",
    "every_message_has_its_effect",
    "no_effect_happens_twice",
    "poison_is_set_aside",
    "the_layout_fits",
    "the_losses_are_foretold",
    "the_work_gets_done",
]

DEAD_LETTERS = "purchases-dead"
ATTEMPTS = 3
REASONS = {"unicorn": "no shelf holds a unicorn", "anvil": "an anvil falls through every box"}
"""What ``shop/packing.sql`` says of what can never be packed."""
SKEW_MAX = 1.25
PER_S_MAX = 50

Known = Mapping[str, Any]


def every_message_has_its_effect(history: History, state: State) -> Violation | None:
    """Every message has its effect: a crash or a rebalance skips none, and a committed offset hides none."""
    if not state.known.get("drained"):
        return None
    packed = _packed(state)
    for one in state.known.get("sent", ()):
        if not one["dead"] and one["id"] not in packed:
            where = "in the dead letter topic, and could have been packed" if _letters(state, one) else "lost"
            return _violation(1, f"{one['id']} was never packed, and will not be read again: it is {where}")
        if one["dead"] and not _letters(state, one):
            return _violation(1, f"{_named(one)} is neither handled nor in the topic {DEAD_LETTERS}, and will not be read again")
    return None


def no_effect_happens_twice(history: History, state: State) -> Violation | None:
    """No effect happens twice, however often its message is delivered, and nothing is packed that no message orders."""
    if "sent" not in state.known:
        return None
    wanted = {one["id"]: (one["item"], one["quantity"]) for one in state.known["sent"] if not one["dead"]}
    counts: Counter[str] = Counter()
    for row in state.tables.get("parcel", ()):
        event_id = _event_of(row)
        counts[event_id] += 1
        if wanted.get(event_id) != (row["item"], row["quantity"]):
            return _violation(2, f"{row['quantity']} {row['item']} was packed for {event_id}, which no message orders")
        if counts[event_id] > 1:
            return _violation(2, f"{event_id} was packed twice {state.moment}")
    return None


def effects_keep_the_order_of_their_key(history: History, state: State) -> Violation | None:
    """Per key, effects happen in the order of the messages; one comes before its turn only if the earlier is set aside."""
    packed = _packed(state)
    for key, messages in _by_key(state).items():
        done = [one for one in messages if one["id"] in packed]
        for earlier, later in zip(done, done[1:], strict=False):
            if packed[later["id"]] < packed[earlier["id"]]:
                return _violation(3, f"{later['id']} was packed before {earlier['id']}, and both belong to {key}")
        for one in messages[: messages.index(done[-1])] if done else ():
            if one["id"] not in packed and not _letters(state, one):
                return _violation(3, f"{done[-1]['id']} is packed {state.moment}, while {_named(one)}, before it, is still to come")
    return None


def the_work_gets_done(history: History, state: State) -> Violation | None:
    """The work gets done: who is called again and again returns 0 in the end, and the group's lag is 0."""
    lagging = [one for one in state.progress if one.topic != DEAD_LETTERS and one.lag]
    if state.known.get("finished") is False:
        trouble = state.known.get("trouble") or "it did not say why"
        return _violation(4, f"the work is never finished: {trouble}{_behind(state, lagging)}")
    counted, sent = state.known.get("counted"), state.known.get("sent", ())
    if counted is not None and counted != len(sent):
        return _violation(4, f"{len(sent)} messages were read, and the calls returned {counted} in all")
    if lagging and state.known.get("drained"):
        return _violation(4, f"it says that nothing is left{_behind(state, lagging)}")
    return None


def poison_is_set_aside(history: History, state: State) -> Violation | None:
    """A message that cannot be handled goes to the dead letter topic, with reason and origin, after 3 attempts: a crash may add one, a lost connection one more or less."""
    kills, cuts = state.known.get("kills", 0), state.known.get("cuts", 0)
    places = {one["place"]: one for one in state.known.get("sent", ())}
    for letter in _dead(state):
        origin = letter.header("origin")
        if origin not in places:
            said = f"says that it comes from {origin!r}" if origin else "has no header origin"
            return _violation(5, f"a dead letter {said}; it must be topic/partition/offset, as {next(iter(places), '')}")
        trouble = _trouble(letter, places[origin])
        if trouble:
            return _violation(5, trouble)
    for one in state.known.get("sent", ()):
        copies = len(_letters(state, one))
        if copies > 1 + kills + cuts:
            return _violation(5, f"{_named(one)} is in the topic {DEAD_LETTERS} {copies} times, after {kills + cuts} faults")
        if one["dead"] and one["readable"]:
            alike = [other for other in state.known["sent"] if other["dead"] and other["readable"] and other["item"] == one["item"]]
            if not all(_letters(state, other) for other in alike):
                continue  # attempts are counted by item, and at one of them it is still being tried
            tried = state.known.get("attempts", {}).get(one["item"], 0)
            least, most = ATTEMPTS * len(alike) - cuts, ATTEMPTS * len(alike) + kills + cuts
            if not least <= tried <= most:
                asked = f"{least}" if least == most else f"{least} to {most}"
                what = " and ".join(map(_named, alike))
                was = f"{what} was" if len(alike) == 1 else f"{what} together were"
                aside = "before it was set aside" if len(alike) == 1 else "before they were set aside"
                return _violation(5, f"{was} tried {tried} times {aside}; {asked} are asked for")
    return None


def the_layout_fits(history: History, state: State) -> Violation | None:
    """One purchase's events share a Kafka partition; at twice today's peak none gets more than 50 events per second; none gets more than 1.25 times the mean."""
    if state.known.get("refused"):
        return _violation(6, state.known["refused"])
    for day in state.known.get("days", ()):
        when = f"on day {day['day']}"
        if day["split"]:
            return _violation(6, f"{when} the events of {day['split']} lie in {day['in']} Kafka partitions, and nothing orders them")
        if day["busiest_per_s"] > PER_S_MAX:
            return _violation(6, f"{when} the busiest Kafka partition gets {day['busiest_per_s']:.0f} events per second at twice the peak")
        if day["skew"] > SKEW_MAX:
            return _violation(6, f"{when} the busiest Kafka partition gets {day['skew']:.2f} times the mean")
    return None


def the_losses_are_foretold(history: History, state: State) -> Violation | None:
    """Foretold before the leader crashes: which acknowledged messages are lost."""
    return None


RULES = {
    number: rule.__name__
    for number, rule in enumerate(
        (
            every_message_has_its_effect,
            no_effect_happens_twice,
            effects_keep_the_order_of_their_key,
            the_work_gets_done,
            poison_is_set_aside,
            the_layout_fits,
            the_losses_are_foretold,
        ),
        start=1,
    )
}
"""Names of the rules by their number in the lab; the last two belong to stretch tasks."""


def _violation(number: int, evidence: str) -> Violation:
    return Violation(rule=RULES[number], evidence=evidence)


def _behind(state: State, lagging: Sequence[Progress]) -> str:
    """Where the group stands, in words."""
    if not lagging:
        return ""
    if not any(one.committed for one in state.progress):
        return ", and nothing was ever committed"
    one = lagging[0]
    return f", and the lag of {one.topic}/{one.partition} is {one.lag}: {one.committed} is committed, {one.end} is the end"


def _event_of(row: Known) -> str:
    return f"{row['purchase_id']}/{row['version']}"


def _packed(state: State) -> dict[str, int]:
    """The number of the first parcel of each event."""
    first: dict[str, int] = {}
    for row in state.tables.get("parcel", ()):
        first.setdefault(_event_of(row), row["id"])
    return first


def _by_key(state: State) -> dict[str, list[Known]]:
    keys: dict[str, list[Known]] = {}
    for one in state.known.get("sent", ()):
        keys.setdefault(one["purchase_id"], []).append(one)
    return keys


def _dead(state: State) -> Sequence[Message]:
    return [message for message in state.messages if message.topic == DEAD_LETTERS]


def _letters(state: State, one: Known) -> Sequence[Message]:
    return [letter for letter in _dead(state) if letter.header("origin") == one["place"] or letter.value == one["value"]]


def _named(one: Known) -> str:
    return one["id"] if one["readable"] else f"what stands at {one['place']}"


def _trouble(letter: Message, one: Known) -> str:
    """What is wrong with a dead letter, if anything is."""
    if not one["dead"]:
        return f"{one['id']} is in the topic {DEAD_LETTERS}, and it could have been packed"
    if (letter.key, letter.value) != (one["purchase_id"], one["value"]):
        return f"the dead letter from {one['place']} has not the key and the value of the message: whoever mends it needs both"
    reason = letter.header("reason")
    if not reason:
        return f"the dead letter from {one['place']} has no header reason"
    raised = REASONS.get(one["item"], "") if one["readable"] else ""
    if raised not in reason:
        return f"the dead letter from {one['place']} gives the reason {reason[:60]!r}; what the last attempt raised is {raised!r}"
    return ""
