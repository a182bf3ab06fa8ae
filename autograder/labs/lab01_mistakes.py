"""Mistakes of lab 1 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab01_consistency/: the program of the same name breaks its task in this way and in no way
that an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.invariants.replicas import RULES
from autograder.labs.lab import Finding, Mistake
from autograder.labs.lab01_beliefs import ALONE, INDUSTRY, OLD, OVERLAP

__all__ = ["MISTAKES"]

Found = frozenset[Finding]

ANSWERED, NEVER_FALLS, AGREE, NOT_LOST, HISTORIES, OPERATIONS, LINEARIZABLE, GOES_ON, IN_CART = (
    RULES[number] for number in range(1, 10)
)
UNDISTURBED = "none"


def _seen(rule: str, scenario: str = "", fault: str = "", says: str = "") -> Callable[[Found], bool]:
    """Was this rule broken, in this scenario, by this fault, with evidence that says this?"""

    def seen(found: Found) -> bool:
        return any(
            one.rule == rule
            and (not scenario or one.scenario == scenario)
            and (not fault or one.fault == fault)
            and says in one.evidence
            for one in found
        )

    return seen


def _all(*signs: Callable[[Found], bool]) -> Callable[[Found], bool]:
    return lambda found: all(sign(found) for sign in signs)


def _not(sign: Callable[[Found], bool]) -> Callable[[Found], bool]:
    return lambda found: not sign(found)


ONE_NUMBER = (
    "it keeps one number for all replicas, and the number that was changed last replaces the others, with everything that"
    " was counted in them."
)

NAIVE = (
    Mistake(
        name="newest_number_wins",
        task="naive",
        sentence=ONE_NUMBER,
        shows=_all(_seen(NOT_LOST, "naive"), _not(_seen(AGREE, "naive"))),
    ),
)

COUNTING = (
    Mistake(
        name="waits_for_everybody",
        task="LikeCounter",
        sentence="a like waits until every replica has it. One replica that cannot be reached stops them all.",
        shows=_seen(ANSWERED, "likes", UNDISTURBED, says="so had people at"),
    ),
    Mistake(
        name="waits_for_a_majority",
        task="LikeCounter",
        sentence="a like waits until a majority has it. That is the right price for a register that must not lie; a count of"
        " likes need not pay it.",
        shows=_seen(ANSWERED, "likes", UNDISTURBED),
    ),
    Mistake(
        name="asks_around",
        task="LikeCounter",
        sentence="it keeps its own likes only and asks the others when it is read. Whoever cannot be reached is left out.",
        shows=_all(_seen(NEVER_FALLS, "likes", UNDISTURBED, says="and later"), _not(_seen(NOT_LOST, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="newest_number_wins",
        task="LikeCounter",
        sentence=ONE_NUMBER,
        shows=_all(_seen(NEVER_FALLS, "likes", UNDISTURBED), _not(_seen(AGREE, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="larger_number_wins",
        task="LikeCounter",
        sentence="it keeps one number for all replicas, and the larger one replaces the smaller. Both sides of a split count"
        " from the same number on, so the larger of the two does not hold the likes of the other.",
        shows=_all(_seen(NOT_LOST, "likes", UNDISTURBED), _not(_seen(AGREE, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="tells_nobody",
        task="LikeCounter",
        sentence="every replica counts its own likes, and nobody ever hears of the others'.",
        shows=_all(
            _seen(AGREE, "likes", UNDISTURBED, says="replica-1 shows 2 and replica-2 shows 4"),
            _seen(NOT_LOST, "likes", UNDISTURBED, says="replica-1 counts 2"),
        ),
    ),
    Mistake(
        name="forgets_before_it_is_heard",
        task="LikeCounter",
        sentence="it sends what is new once and forgets it before anybody has acknowledged it. A lost message is a lost like.",
        shows=_all(_seen(AGREE, "likes", UNDISTURBED), _seen(NOT_LOST, "likes", UNDISTURBED)),
    ),
    Mistake(
        name="adds_what_it_hears",
        task="LikeCounter",
        sentence="it adds what it is sent. When an answer is lost the same likes are sent again, and added again.",
        shows=_seen(NOT_LOST, "likes"),
    ),
    Mistake(
        name="the_latest_message_wins",
        task="LikeCounter",
        sentence="it believes the message that arrives last. A message can be overtaken, and then the old number replaces the"
        " new one.",
        shows=_all(_seen(NEVER_FALLS, "likes-weather"), _not(_seen(NOT_LOST))),
    ),
)

SHEETS = (
    Mistake(
        name="old_values_are_neither",
        task="histories",
        sentence="it calls every history with an old value neither. Sequential consistency does not ask the clock: an old value"
        " may be read as long as one order explains what each process saw.",
        shows=_seen(HISTORIES, says=OLD),
    ),
    Mistake(
        name="overlap_is_forgotten",
        task="histories",
        sentence="it orders calls by their start. Calls that overlap may take effect in either order, and one without an answer"
        " at any later time.",
        shows=_seen(HISTORIES, says=OVERLAP),
    ),
    Mistake(
        name="each_register_alone",
        task="histories",
        sentence="it explains each register alone. Two orders that are fine by themselves may not fit into one: sequential"
        " consistency is not local, linearizability is.",
        shows=_seen(HISTORIES, says=ALONE),
    ),
    Mistake(
        name="banks_wait_friends_answer",
        task="operations",
        sentence="it decides by the industry. Each operation has an invariant of its own: a bank takes in money without a line,"
        " and a social network must not give one name to two people.",
        shows=_seen(OPERATIONS, says=INDUSTRY),
    ),
)

REGISTER = (
    Mistake(
        name="refuses_everything",
        task="QuorumRegister",
        sentence="it refuses. That is safe, and useless.",
        shows=_seen(GOES_ON, "register", UNDISTURBED, says="refusal"),
    ),
    Mistake(
        name="waits_for_all_replicas",
        task="QuorumRegister",
        sentence="it waits for all replicas, so one that is down stops the others. A majority is enough: two majorities always"
        " share a replica.",
        shows=_seen(GOES_ON, says="had no answer"),
    ),
    Mistake(
        name="answers_alone",
        task="QuorumRegister",
        sentence="a replica answers by itself and tells the others later. So do the likes; a register must not.",
        shows=_seen(LINEARIZABLE, "register", UNDISTURBED, says="read None"),
    ),
    Mistake(
        name="reads_its_own_copy",
        task="QuorumRegister",
        sentence="writes ask a majority and reads do not, so a read meets a replica that the write has not reached.",
        shows=_all(_seen(LINEARIZABLE, "register-far", UNDISTURBED), _seen(LINEARIZABLE, "register-split", UNDISTURBED)),
    ),
    Mistake(
        name="reads_without_write_back",
        task="QuorumRegister",
        sentence="a read returns a value that a majority may not have yet. The next reader asks another majority and sees the"
        " old one. Store what you read at a majority before you return it.",
        shows=_seen(LINEARIZABLE, "register-far", UNDISTURBED),
    ),
    Mistake(
        name="numbers_its_own_writes",
        task="QuorumRegister",
        sentence="a write does not ask which version is the newest, so it can be older than what it should replace, and is lost.",
        shows=_seen(LINEARIZABLE, "register-split", UNDISTURBED),
    ),
    Mistake(
        name="gives_a_version_twice",
        task="QuorumRegister",
        sentence="two writes that are under way at one replica get the same version, and each replica keeps the one that it"
        " heard first.",
        shows=_seen(LINEARIZABLE),
    ),
)

CARTS = (
    Mistake(
        name="removed_for_ever",
        task="Cart",
        sentence="it remembers which items were removed, and not which additions. What is added again stays removed.",
        shows=_seen(IN_CART, says="cable was added"),
    ),
    Mistake(
        name="newest_cart_wins",
        task="Cart",
        sentence="the cart that was changed last replaces the other side's, with everything that was added there.",
        shows=_seen(IN_CART, says="before the network splits"),
    ),
    Mistake(
        name="removed_things_come_back",
        task="Cart",
        sentence="it joins the items of all replicas. Who has not heard of a removal brings the item back.",
        shows=_seen(IN_CART, says="was removed"),
    ),
    Mistake(
        name="every_item_has_a_clock",
        task="Cart",
        sentence="for each item the latest word counts, so a removal also takes away an addition that nobody there has seen.",
        shows=_seen(IN_CART, says="lamp was added"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *COUNTING, *SHEETS, *REGISTER, *CARTS)
