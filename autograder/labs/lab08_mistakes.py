"""Mistakes of lab 8 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab08_scalability/: the program of the same name breaks its task in this way and in no way
that an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.scaling import RULES
from autograder.labs import lab08_bottleneck as sheet
from autograder.labs.lab import Mistake
from autograder.labs.signs import UNDISTURBED, seen

__all__ = ["MISTAKES"]

LOST, ONCE, ANY, SHEET, SLOWEST = (RULES[number] for number in range(1, 6))


IN_MEMORY = (
    "what one process remembers, no other one knows, and nobody any more when it dies. The balancer sends the next request"
    " elsewhere."
)

NAIVE = (
    Mistake(
        name="keeps_carts_in_memory",
        task="naive",
        sentence=IN_MEMORY,
        shows=seen(LOST, "naive", UNDISTURBED),
    ),
)

CART = (
    Mistake(
        name="remembers_the_cart_itself",
        task="add_to_cart",
        sentence=f"the cart is in a dict of the process: {IN_MEMORY}",
        shows=seen(LOST, "cart", UNDISTURBED, says="cart-1 shows 2 lamp"),
    ),
    Mistake(
        name="shows_a_copy",
        task="add_to_cart",
        sentence="an instance shows the copy that it kept when it was asked last. Other instances have served that buyer"
        " meanwhile. A cache in a process is state too.",
        shows=seen(LOST, "cart", UNDISTURBED),
    ),
    Mistake(
        name="answers_before_it_writes",
        task="add_to_cart",
        sentence="it acknowledges and writes afterwards. Whoever is killed in between has promised something that nobody"
        " knows of.",
        shows=seen(LOST, "cart"),
    ),
    Mistake(
        name="gives_up_on_a_conflict",
        task="add_to_cart",
        sentence="the store refuses a write whose version is old, and the buyer is told that all went well. Read again, and"
        " write again.",
        shows=seen(LOST, "tabs", UNDISTURBED, says="last write the store had refused"),
    ),
    Mistake(
        name="overwrites_the_other_tab",
        task="add_to_cart",
        sentence="two instances read the same cart, and the second write replaces the first: a lost update. Write with the"
        " version that you have read.",
        shows=seen(LOST, "tabs", UNDISTURBED),
    ),
    Mistake(
        name="counts_every_repeat",
        task="add_to_cart",
        sentence="a browser that hears nothing asks again, and it counts again. The request's id says that it is the same"
        " request.",
        shows=seen(ONCE, "click", UNDISTURBED, says="shows 4 lamp"),
    ),
    Mistake(
        name="remembers_requests_itself",
        task="add_to_cart",
        sentence="it recognises a repeat in its own memory only, and the repeat reaches another instance. The ids belong"
        " into the store, with the cart.",
        shows=seen(ONCE, "click", UNDISTURBED, says="shows 3 lamp"),
    ),
    Mistake(
        name="writes_cart_and_ids_apart",
        task="add_to_cart",
        sentence="cart and request ids are two writes. Between them a repeat is unknown: keep both under one key.",
        shows=seen(ONCE),
    ),
    Mistake(
        name="refuses_the_repeat",
        task="add_to_cart",
        sentence="the repeat of a request that has had its effect is answered with an error. Whoever asks again has not"
        " heard the answer: give it again.",
        shows=seen(ANY),
    ),
)

BOTTLENECK = (
    Mistake(
        name="scales_the_slowest",
        task="bottleneck",
        sentence="a long visit is no full resource. What counts is the share of its time in which a server is busy.",
        shows=seen(SHEET, says=sheet.SLOWEST),
    ),
    Mistake(
        name="adds_api_instances",
        task="bottleneck",
        sentence="more instances of the API are cheap, and they add throughput only where the API is full.",
        shows=seen(SHEET, says=sheet.API),
    ),
    Mistake(
        name="blames_the_database",
        task="bottleneck",
        sentence="it is not always the database. Compute the utilisation of each resource.",
        shows=seen(SHEET, says=sheet.DATABASE),
    ),
    Mistake(
        name="promises_the_double",
        task="bottleneck",
        sentence="twice the bottleneck is not twice the throughput: the next resource is full before. Take the smaller one.",
        shows=seen(SHEET, says=sheet.TWICE),
    ),
    Mistake(
        name="promises_what_it_does_now",
        task="bottleneck",
        sentence="that is the limit of the system as it is; doubling what is full first raises it.",
        shows=seen(SHEET, says=sheet.NOTHING),
    ),
    Mistake(
        name="takes_the_load_for_the_limit",
        task="bottleneck",
        sentence="the metrics come from a calm minute. What a resource can do is its throughput divided by its utilisation.",
        shows=seen(SHEET, says=sheet.HALF),
    ),
)

PICKING = (
    Mistake(
        name="takes_turns",
        task="pick",
        sentence="every instance gets the same number of requests, and the slow one cannot do as much as the others.",
        shows=seen(SLOWEST, "pick-slow", says="the same number"),
    ),
    Mistake(
        name="picks_blindly",
        task="pick",
        sentence="chance gives every instance the same share, and the slow one cannot do as much as the others.",
        shows=seen(SLOWEST, "pick-slow", says="about the same share"),
    ),
    Mistake(
        name="follows_the_fastest",
        task="pick",
        sentence="everybody goes to the instance that answered fastest of late, and there they stand in line: its answers"
        " say how it was, its requests in flight say how it is.",
        shows=seen(SLOWEST, "pick-even"),
    ),
    Mistake(
        name="avoids_one_instance",
        task="pick",
        sentence="it leaves out the one that looks worst and treats the others alike. Between them are differences as well.",
        shows=seen(SLOWEST),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *CART, *BOTTLENECK, *PICKING)
