"""Mistakes of lab 1 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab01_consistency/: the program of the same name breaks its task in this way and in no way
that an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.replicas import RULES
from autograder.labs.lab import Mistake
from autograder.labs.lab01_beliefs import ALONE, INDUSTRY, OLD, OVERLAP
from autograder.labs.signs import UNDISTURBED, all_of, none_of, seen

__all__ = ["MISTAKES"]

ANSWERED, NEVER_FALLS, AGREE, NOT_LOST, HISTORIES, OPERATIONS, LINEARIZABLE, GOES_ON, IN_CART = (
    RULES[number] for number in range(1, 10)
)


ONE_NUMBER = (
    "it keeps one number for all replicas, and the number that was changed last replaces the others, with everything that"
    " was counted in them."
)

NAIVE = (
    Mistake(
        name="newest_number_wins",
        task="naive",
        sentence=ONE_NUMBER,
        shows=all_of(seen(NOT_LOST, "naive"), none_of(seen(AGREE, "naive"))),
    ),
)

COUNTING = (
    Mistake(
        name="waits_for_everybody",
        task="LikeCounter",
        sentence="a like waits until every replica has it. One replica that cannot be reached stops them all.",
        shows=seen(ANSWERED, "likes", UNDISTURBED, says="so had people at"),
    ),
    Mistake(
        name="waits_for_a_majority",
        task="LikeCounter",
        sentence="a like waits until a majority has it. That is the right price for a register that must not lie; a count of"
        " likes need not pay it.",
        shows=seen(ANSWERED, "likes", UNDISTURBED),
    ),
    Mistake(
        name="asks_around",
        task="LikeCounter",
        sentence="it keeps its own likes only and asks the others when it is read. Whoever cannot be reached is left out.",
        shows=all_of(seen(NEVER_FALLS, "likes", UNDISTURBED, says="and later"), none_of(seen(NOT_LOST, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="newest_number_wins",
        task="LikeCounter",
        sentence=ONE_NUMBER,
        shows=all_of(seen(NEVER_FALLS, "likes", UNDISTURBED), none_of(seen(AGREE, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="larger_number_wins",
        task="LikeCounter",
        sentence="it keeps one number for all replicas, and the larger one replaces the smaller. Both sides of a split count"
        " from the same number on, so the larger of the two does not hold the likes of the other.",
        shows=all_of(seen(NOT_LOST, "likes", UNDISTURBED), none_of(seen(AGREE, "likes", UNDISTURBED))),
    ),
    Mistake(
        name="tells_nobody",
        task="LikeCounter",
        sentence="every replica counts its own likes, and nobody ever hears of the others'.",
        shows=all_of(
            seen(AGREE, "likes", UNDISTURBED, says="replica-1 shows 2 and replica-2 shows 4"),
            seen(NOT_LOST, "likes", UNDISTURBED, says="replica-1 counts 2"),
        ),
    ),
    Mistake(
        name="forgets_before_it_is_heard",
        task="LikeCounter",
        sentence="it sends what is new once and forgets it before anybody has acknowledged it. A lost message is a lost like.",
        shows=all_of(seen(AGREE, "likes", UNDISTURBED), seen(NOT_LOST, "likes", UNDISTURBED)),
    ),
    Mistake(
        name="adds_what_it_hears",
        task="LikeCounter",
        sentence="it adds what it is sent. When an answer is lost the same likes are sent again, and added again.",
        shows=seen(NOT_LOST, "likes"),
    ),
    Mistake(
        name="the_latest_message_wins",
        task="LikeCounter",
        sentence="it believes the message that arrives last. A message can be overtaken, and then the old number replaces the"
        " new one.",
        shows=all_of(seen(NEVER_FALLS, "likes-weather"), none_of(seen(NOT_LOST))),
    ),
)

SHEETS = (
    Mistake(
        name="old_values_are_neither",
        task="histories",
        sentence="it calls every history with an old value neither. Sequential consistency does not ask the clock: an old value"
        " may be read as long as one order explains what each process saw.",
        shows=seen(HISTORIES, says=OLD),
    ),
    Mistake(
        name="overlap_is_forgotten",
        task="histories",
        sentence="it orders calls by their start. Calls that overlap may take effect in either order, and one without an answer"
        " at any later time.",
        shows=seen(HISTORIES, says=OVERLAP),
    ),
    Mistake(
        name="each_register_alone",
        task="histories",
        sentence="it explains each register alone. Two orders that are fine by themselves may not fit into one: sequential"
        " consistency is not local, linearizability is.",
        shows=seen(HISTORIES, says=ALONE),
    ),
    Mistake(
        name="banks_wait_friends_answer",
        task="operations",
        sentence="it decides by the industry. Each operation has an invariant of its own: a bank takes in money without a line,"
        " and a social network must not give one name to two people.",
        shows=seen(OPERATIONS, says=INDUSTRY),
    ),
)

REGISTER = (
    Mistake(
        name="refuses_everything",
        task="QuorumRegister",
        sentence="it refuses. That is safe, and useless.",
        shows=seen(GOES_ON, "register", UNDISTURBED, says="refusal"),
    ),
    Mistake(
        name="waits_for_all_replicas",
        task="QuorumRegister",
        sentence="it waits for all replicas, so one that is down stops the others. A majority is enough: two majorities always"
        " share a replica.",
        shows=seen(GOES_ON, says="had no answer"),
    ),
    Mistake(
        name="answers_alone",
        task="QuorumRegister",
        sentence="a replica answers by itself and tells the others later. So do the likes; a register must not.",
        shows=seen(LINEARIZABLE, "register", UNDISTURBED, says="read None"),
    ),
    Mistake(
        name="reads_its_own_copy",
        task="QuorumRegister",
        sentence="writes ask a majority and reads do not, so a read meets a replica that the write has not reached.",
        shows=all_of(seen(LINEARIZABLE, "register-far", UNDISTURBED), seen(LINEARIZABLE, "register-split", UNDISTURBED)),
    ),
    Mistake(
        name="reads_without_write_back",
        task="QuorumRegister",
        sentence="a read returns a value that a majority may not have yet. The next reader asks another majority and sees the"
        " old one. Store what you read at a majority before you return it.",
        shows=seen(LINEARIZABLE, "register-far", UNDISTURBED),
    ),
    Mistake(
        name="numbers_its_own_writes",
        task="QuorumRegister",
        sentence="a write does not ask which version is the newest, so it can be older than what it should replace, and is lost.",
        shows=seen(LINEARIZABLE, "register-split", UNDISTURBED),
    ),
    Mistake(
        name="gives_a_version_twice",
        task="QuorumRegister",
        sentence="two writes that are under way at one replica get the same version, and each replica keeps the one that it"
        " heard first.",
        shows=seen(LINEARIZABLE),
    ),
)

CARTS = (
    Mistake(
        name="removed_for_ever",
        task="Cart",
        sentence="it remembers which items were removed, and not which additions. What is added again stays removed.",
        shows=seen(IN_CART, says="cable was added"),
    ),
    Mistake(
        name="newest_cart_wins",
        task="Cart",
        sentence="the cart that was changed last replaces the other side's, with everything that was added there.",
        shows=seen(IN_CART, says="before the network splits"),
    ),
    Mistake(
        name="removed_things_come_back",
        task="Cart",
        sentence="it joins the items of all replicas. Who has not heard of a removal brings the item back.",
        shows=seen(IN_CART, says="was removed"),
    ),
    Mistake(
        name="every_item_has_a_clock",
        task="Cart",
        sentence="for each item the latest word counts, so a removal also takes away an addition that nobody there has seen.",
        shows=seen(IN_CART, says="lamp was added"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *COUNTING, *SHEETS, *REGISTER, *CARTS)
