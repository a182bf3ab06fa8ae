"""Mistakes of lab 7 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab07_review/: the program of the same name breaks its task in this way and in no way that an
earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.checkout import RULES
from autograder.labs.lab import Mistake
from autograder.labs.lab07_pipelines import CAREFUL, COMPOSE, RETRY, SWITCH
from autograder.labs.signs import TWICE, UNDISTURBED, seen

__all__ = ["MISTAKES"]

PREDICTED, MONEY, UNPAID, SHELF, TRULY = (RULES[number] for number in range(1, 6))

JOINED = (
    Mistake(
        name="joins_two_correct_parts",
        task="naive",
        sentence="each part survives every kill, and between the two stands a crash point that belongs to neither. What joins"
        " parts needs a memory of its own.",
        shows=seen(MONEY, "naive"),
    ),
)

SHEETS = (
    Mistake(
        name="exactly_once_is_a_switch",
        task="pipelines",
        sentence="one of your answers takes a Kafka transaction for *exactly once*. It covers what is in Kafka, and the mark in"
        " Postgres is not.",
        shows=seen(PREDICTED, says=SWITCH),
    ),
    Mistake(
        name="correct_parts_compose",
        task="pipelines",
        sentence="one of your answers takes a chain of correct parts for correct. An inbox knows a message again by its id: look"
        " who gives it, and how often.",
        shows=seen(PREDICTED, says=COMPOSE),
    ),
    Mistake(
        name="asking_again_repairs",
        task="pipelines",
        sentence="one of your answers lets the browser repair what a crash has lost. Look what a repeated command finds, and what"
        " it then leaves out.",
        shows=seen(PREDICTED, says=RETRY),
    ),
    Mistake(
        name="nothing_ever_holds",
        task="pipelines",
        sentence="a pipeline breaks in your sheet that survives every kill. That a step is repeated is no harm where the repeat"
        " is recognised, in the transaction of its effect.",
        shows=seen(PREDICTED, says=CAREFUL),
    ),
)

CHECKOUT = (
    Mistake(
        name="answers_every_repeat_with_yes",
        task="checkout",
        sentence="a repeat finds its wish in the log and hears *placed*, whatever became of it. Keep the answer beside the wish.",
        shows=seen(TRULY, "no-money", UNDISTURBED, says="answered with 'placed'"),
    ),
    Mistake(
        name="orders_before_it_charges",
        task="checkout",
        sentence="it places the order first. The order's event is in the outbox then, and neither relay nor warehouse waits for"
        " the money.",
        shows=seen(MONEY, "no-money", UNDISTURBED, says="nobody has paid"),
    ),
    Mistake(
        name="keeps_what_was_not_paid",
        task="checkout",
        sentence="the card is declined, and what was taken off the shelf for it stays away. Every step needs its way back.",
        shows=seen(SHELF, "no-money", UNDISTURBED),
    ),
    Mistake(
        name="new_key_per_attempt",
        task="checkout",
        sentence="every attempt to charge has a key of its own, so the gateway takes the repeat for another payment. The key"
        " belongs to the purchase.",
        shows=seen(MONEY, "checkout", says="in 2 charges"),
    ),
    Mistake(
        name="takes_from_the_shelf_again",
        task="checkout",
        sentence="the claim on the shelf is committed without a note that it was made, so the next attempt takes again. Take and"
        " note in one transaction.",
        shows=seen(SHELF, "checkout", "kill-after", "update-stock"),
    ),
)

RECOVERY = (
    Mistake(
        name="recovery_that_cannot_be_killed",
        task="recover",
        sentence="the recovery repairs in two transactions. Killed between them it finds its own repair half done, and repairs"
        " again. A recovery must survive itself.",
        shows=seen(SHELF, fault=TWICE),
    ),
    Mistake(
        name="recovers_nothing",
        task="recover",
        sentence="it says that nothing is left. What was begun stays begun: the item off the shelf, the money perhaps taken.",
        shows=seen(SHELF, "declined", "kill-after", "COMMIT"),
    ),
    Mistake(
        name="writes_after_it_charges",
        task="recover",
        sentence="the wish is written down when the money is taken already. Killed in between, nobody here knows of the payment."
        " Write first what you are about to do.",
        shows=seen(MONEY, "recover", "kill-before", "insert-checkout"),
    ),
    Mistake(
        name="takes_begun_for_unpaid",
        task="recover",
        sentence="it takes a wish without a note of payment for one that was never charged. The note comes after the charge:"
        " *begun* means that nobody here knows. Ask the gateway, with the same key.",
        shows=seen(MONEY, "recover", "kill-after", "POST-charges", says="no such order"),
    ),
    Mistake(
        name="charges_anew_in_the_recovery",
        task="recover",
        sentence="the recovery charges with a key of its own. To the gateway that is a second payment: use the key that the"
        " first attempt used.",
        shows=seen(MONEY, "recover", says="in 2 charges"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*JOINED, *SHEETS, *CHECKOUT, *RECOVERY)
