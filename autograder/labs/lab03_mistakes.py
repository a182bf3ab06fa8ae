"""Mistakes of lab 3 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab03_failure/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.failure import RULES
from autograder.labs.lab import Mistake
from autograder.labs.signs import Sign, all_of, none_of, seen

__all__ = ["MISTAKES"]

ANSWERED, ONCE, NOT_AGAIN, SERVED, LOAD, SPREAD, QUIET = (RULES[number] for number in range(1, 8))


def _mistake(task: str, name: str, shows: Sign, sentence: str) -> Mistake:
    return Mistake(name=name, task=task, sentence=sentence, shows=shows)


NAIVE = (
    _mistake(
        "naive",
        "naive_pay",
        seen(ANSWERED, "naive"),
        "it waits for whatever comes, and what comes may take 15 seconds, or never come. A retry follows a failure, and"
        " silence is none.",
    ),
)

PAUSING = (
    _mistake(
        "pause_s",
        "equal_pauses",
        seen(SPREAD, says="all are"),
        "backoff without jitter: buyers who failed in the same instant come back in the same instant. Draw the pause.",
    ),
    _mistake(
        "pause_s",
        "pause_has_no_limit",
        seen(SPREAD, says="the bound is 1 s"),
        "the bound doubles for ever. It stays at one second: a pause that outlasts the buyer's patience helps nobody.",
    ),
    _mistake(
        "pause_s",
        "pause_never_doubles",
        all_of(seen(SPREAD, says="before retry 2"), none_of(seen(SPREAD, says="the longest is"))),
        "the pause is drawn, and its bound never grows, so the tenth retry comes as soon as the first.",
    ),
    _mistake(
        "pause_s",
        "jitters_a_little",
        seen(SPREAD, says="before retry 1, 0% lie between 0.000 s"),
        "the pause is drawn from the upper part of its range, so a crowd stays a crowd. Full jitter goes down to zero.",
    ),
)

PAYING = (
    _mistake(
        "pay",
        "pays_in_the_background",
        seen(ONCE, says="had not charged anything"),
        "it says 'paid' before the gateway has said so. What is told must be so when it is told.",
    ),
    _mistake(
        "pay",
        "timeout_means_refused",
        seen(ONCE, says="was told 'refused'"),
        "it takes silence for a no. A timeout does not mean that it did not happen: the gateway may have charged, or may"
        " do so in a moment.",
    ),
    _mistake(
        "pay",
        "new_key_per_attempt",
        seen(ONCE, "busy*", says="was charged"),
        "every attempt draws a key of its own, so the gateway takes each for another payment.",
    ),
    _mistake(
        "pay",
        "new_key_per_call",
        seen(ONCE, "pay*", says="was charged"),
        "the key is drawn when the payment begins and forgotten when it ends. Pressing the button again makes another"
        " payment of the same purchase.",
    ),
    _mistake(
        "pay",
        "waits_for_ever",
        seen(ANSWERED, "busy*"),
        "a wait has no end, so the gateway's silence is the buyer's. Errors are handled, and silence is no error until a"
        " timeout makes it one.",
    ),
    _mistake(
        "pay",
        "no_deadline",
        seen(ANSWERED, "pay*"),
        "every attempt has its timeout and nothing limits all of them together: three times a second is three seconds.",
    ),
    _mistake(
        "pay",
        "retries_declined_cards",
        seen(NOT_AGAIN),
        "it asks again after an answer that cannot change. A declined card stays declined, and some banks block a card"
        " that is asked too often.",
    ),
    _mistake(
        "pay",
        "gives_up_on_everybody",
        seen(SERVED, "pay*", says="was never asked"),
        "it tells everybody 'unknown' and asks nobody. That is safe, and useless.",
    ),
    _mistake(
        "pay",
        "deadline_without_timeouts",
        seen(SERVED, "busy*", says="after 2.0 s"),
        "the first silent attempt uses the whole deadline, so there is never a second one. Give each attempt a part.",
    ),
    _mistake(
        "pay",
        "never_retries",
        seen(SERVED, "busy*"),
        "one attempt, and no other: what a second call would have brought is given up.",
    ),
)

LIMITING = (
    _mistake(
        "may_call",
        "budget_of_a_half",
        all_of(seen(LOAD), none_of(seen(LOAD, says="more than twice"))),
        "there is a budget, and it gives more than it may. A tenth of a token for each buyer is one retry for ten of them.",
    ),
    _mistake(
        "may_call",
        "retries_without_a_budget",
        seen(LOAD, says="more than twice"),
        "nothing limits the retries of all buyers together, so when everything fails the gateway gets a multiple of its"
        " load, and drowns in calls that nobody waits for.",
    ),
    _mistake(
        "may_call",
        "asks_the_budget_for_retries_only",
        seen(SERVED, says="well again"),
        "the budget is spent and never filled: it must hear of first attempts too, or it does not know how many come.",
    ),
)

BREAKING = (
    _mistake(
        "guarded",
        "opens_on_declined_cards",
        seen(QUIET, says="no five calls in a row had failed"),
        "a declined card is an answer of a gateway that works. Counted as a failure, it closes the shop for everybody.",
    ),
    _mistake(
        "guarded",
        "stays_open",
        seen(QUIET, says="and all of the"),
        "nothing ever closes it, so the shop stays shut when the gateway has long been well.",
    ),
    _mistake(
        "guarded",
        "counts_failures_of_all_time",
        seen(QUIET, says="well again"),
        "a success does not take the count back, so after a bad hour every single failure opens it.",
    ),
    _mistake(
        "guarded",
        "lets_everything_through",
        seen(QUIET, says="never left alone"),
        "it never opens: every buyer finds out alone what the buyer before has found out.",
    ),
    _mistake(
        "guarded",
        "half_open_for_everybody",
        seen(QUIET, says="calls reached it"),
        "when the pause is over everybody may go, as if time had repaired the gateway. One probe is enough to know, and the"
        " others wait for its outcome.",
    ),
)

LAYERED = (
    _mistake(
        "order",
        "outer_layer_is_impatient",
        seen(ANSWERED),
        "it asks again while the layer below is still at work on the same purchase, and that layer does not know when to"
        " stop. Hand the deadline on, and wait a little longer than it.",
    ),
    _mistake(
        "order",
        "layers_multiply",
        seen(LOAD),
        "both layers repeat, so their attempts multiply. What was answered has been tried already, also when the answer"
        " is 'unknown'.",
    ),
    _mistake(
        "order",
        "outer_layer_never_asks_again",
        seen(SERVED),
        "a message that is lost between the layers is lost for good. Silence is worth one more question.",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *PAUSING, *PAYING, *LIMITING, *BREAKING, *LAYERED)
