"""Mistakes of lab 13 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab13_tradeoffs/: the sheet of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.tradeoffs import RULES
from autograder.labs import lab13_beliefs as said
from autograder.labs.lab import Mistake
from autograder.labs.signs import seen

__all__ = ["MISTAKES"]

MEETS, TRUE, AGREES, LIMIT = (RULES[number] for number in range(1, 5))

NAIVE = (
    Mistake(
        name="decides_by_fashion",
        task="naive",
        sentence="it names a shape and gives reasons that fit every shop. Nothing in it could turn out to be wrong.",
        shows=seen(TRUE, says="no numbers"),
    ),
)

SHAPE = (
    Mistake(
        name="pros_and_cons",
        task="shape",
        sentence="words like 'few' and 'high' are a list of pros and cons. A trade-off is a scenario with a number.",
        shows=seen(TRUE, says="which is no number"),
    ),
    Mistake(
        name="services_scale",
        task="shape",
        sentence="services do not scale by being services: each has cores of its own, and the first that is full is the limit"
        " of all. One process may use every core for whatever is asked.",
        shows=seen(MEETS, says=said.ONE_FULL),
    ),
    Mistake(
        name="one_process_for_everybody",
        task="shape",
        sentence="a part that an order can do without takes every order with it when it shares their process.",
        shows=seen(MEETS, says=said.TOGETHER),
    ),
    Mistake(
        name="counts_one_hop",
        task="shape",
        sentence="a hop is rarely slow, but an order makes several, and one slow hop makes it slow.",
        shows=seen(TRUE, says=said.ONE_HOP),
    ),
)

TALK = (
    Mistake(
        name="contradicts_itself",
        task="talk",
        sentence="the record decides for something that, by its own numbers, does not do. One of the two is wrong.",
        shows=seen(AGREES, says="the record expects"),
    ),
    Mistake(
        name="asynchronous_is_decoupled",
        task="talk",
        sentence="the queue lets the order service go on, and the warehouse has to make up for all of it, beside the new"
        " orders. What is left of its capacity decides how long that takes.",
        shows=seen(TRUE, says=said.OUTAGE),
    ),
    Mistake(
        name="the_warehouse_is_always_there",
        task="talk",
        sentence="a synchronous call makes one availability of two: while the warehouse is away, nobody can order.",
        shows=seen(MEETS, says=said.ANSWERS),
    ),
    Mistake(
        name="forgets_the_queue",
        task="talk",
        sentence="work is not latency. At tomorrow's load the warehouse is busier, and an answer takes its work divided by"
        " what is free.",
        shows=seen(TRUE, says=said.EMPTY_QUEUE),
    ),
)

READS = (
    Mistake(
        name="copies_the_slo",
        task="reads",
        sentence="an SLO says what is wanted. Work out what will be, and compare.",
        shows=seen(TRUE, says=said.COPIED),
    ),
    Mistake(
        name="consistency_is_free",
        task="reads",
        sentence="reads that all go to the leader are never stale. The price is the way there, and the others in line.",
        shows=seen(MEETS, says=said.FULL),
    ),
    Mistake(
        name="replicas_are_always_near",
        task="reads",
        sentence="most stale reads come from the rare moments in which a replica is far behind: the mean lag hides them.",
        shows=seen(TRUE, says=said.ALONE),
    ),
)

CALLS = (
    Mistake(
        name="retries_are_free",
        task="calls",
        sentence="every second attempt is work for a service that is ill already.",
        shows=seen(TRUE, says=said.FREE),
    ),
    Mistake(
        name="divides_by_the_attempts",
        task="calls",
        sentence="two attempts do not halve the failures: both have to fail, and the chances multiply.",
        shows=seen(TRUE, says=said.DIVIDED),
    ),
    Mistake(
        name="waits_and_hopes",
        task="calls",
        sentence="an attempt that is lost is not answered later, however long one waits.",
        shows=seen(MEETS, says=said.UNHEARD),
    ),
    Mistake(
        name="takes_today_for_tomorrow",
        task="calls",
        sentence="the numbers are those of today, which the chart shows. The record is about another day.",
        shows=seen(TRUE, says=said.TODAY),
    ),
)

LIMITS = (
    Mistake(
        name="holds_for_ever",
        task="limits",
        sentence="every decision has a number at which it stops being right. Whoever does not know it will not notice.",
        shows=seen(LIMIT, says="every decision has one"),
    ),
    Mistake(
        name="stops_at_the_scenario",
        task="limits",
        sentence="that is the scenario itself, in which the SLO is met with room to spare. The limit is where the first bound"
        " is reached.",
        shows=seen(LIMIT, says="still meets the SLO well above"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *SHAPE, *TALK, *READS, *CALLS, *LIMITS)
