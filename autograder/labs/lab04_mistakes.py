"""Mistakes of lab 4 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab04_saga/: the program of the same name breaks its task in this way and in no way that an
earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.saga import RULES
from autograder.labs.lab import Mistake
from autograder.labs.lab04_seen import FORWARDS, ISOLATED, SEE_THROUGH
from autograder.labs.signs import UNDISTURBED, all_of, none_of, seen

__all__ = ["MISTAKES"]

ENDED, ONCE, REVERSE, PIVOT, SERVED, PREDICTED = (RULES[number] for number in range(1, 7))

NAIVE = (
    Mistake(
        name="forgets_with_its_process",
        task="naive",
        sentence="what is still to do stands only in the memory of the process. When that is killed, nobody knows how far the"
        " order had come.",
        shows=seen(ENDED, "naive", "kill-before", "POST-charges"),
    ),
)

PLACING = (
    Mistake(
        name="trusts_the_rollback",
        task="place_order",
        sentence="it relies on a rollback. The database takes back its own rows; the charge at the gateway is no part of that"
        " transaction and stays.",
        shows=seen(REVERSE, "closed", UNDISTURBED, says="at that moment"),
    ),
    Mistake(
        name="cancels_everything",
        task="place_order",
        sentence="it cancels orders that nobody has refused. That is safe, and useless.",
        shows=seen(SERVED, "ships", UNDISTURBED, says="nobody refused"),
    ),
    Mistake(
        name="takes_from_the_shelf_again",
        task="place_order",
        sentence="a repeated command takes the item off the shelf once more. Only the attempt that adds the order may take it.",
        shows=seen(ONCE, "ships", UNDISTURBED, says="off the shelf"),
    ),
    Mistake(
        name="announces_what_may_be_undone",
        task="place_order",
        sentence="it announces the order before the parcel is packed, and a message cannot be taken back.",
        shows=seen(PIVOT, "closed", UNDISTURBED, says="Kafka says"),
    ),
    Mistake(
        name="keeps_the_money",
        task="place_order",
        sentence="it cancels a paid order and does not give the money back. Each step that was done needs its compensation.",
        shows=all_of(seen(ENDED, "closed", UNDISTURBED, says="still holds"), seen(REVERSE, "closed", UNDISTURBED)),
    ),
    Mistake(
        name="refunds_what_was_never_taken",
        task="place_order",
        sentence="it undoes a step that has never been done: the card was declined, so there is nothing to give back.",
        shows=all_of(seen(SERVED, "declined", UNDISTURBED), none_of(seen(SERVED, "closed"))),
    ),
    Mistake(
        name="packs_one_of_each",
        task="place_order",
        sentence="its parcels hold one unit, whatever was ordered.",
        shows=seen(ONCE, "ships", UNDISTURBED, says="left in the parcel"),
    ),
    Mistake(
        name="charges_another_buyer",
        task="place_order",
        sentence="the card that it charges is not that of the buyer who ordered.",
        shows=seen(ONCE, "ships", UNDISTURBED, says="was charged for"),
    ),
    Mistake(
        name="undoes_one_unit",
        task="place_order",
        sentence="it puts one unit back, whatever was ordered. A compensation gives back what its step has taken.",
        shows=all_of(seen(ENDED, "refused", UNDISTURBED, says="still off the shelf"), none_of(seen(ENDED, "closed"))),
    ),
    Mistake(
        name="refunds_one_unit",
        task="place_order",
        sentence="it refunds the price of one unit, whatever was paid. The receipt of the charge says how much that was.",
        shows=all_of(seen(ENDED, "refused", UNDISTURBED, says="still holds"), none_of(seen(ENDED, "closed"))),
    ),
)

RECOVERING = (
    Mistake(
        name="pays_with_a_new_key",
        task="recover",
        sentence="its key for the charge is a new one at each attempt, so the gateway takes the repeated charge for another.",
        shows=seen(ONCE, says="charged 2 times"),
    ),
    Mistake(
        name="takes_silence_for_a_no",
        task="recover",
        sentence="it takes no answer for a declined card. The charge may have been made: ask again, with the same key.",
        shows=all_of(seen(ENDED, "done-cut", "cut-after", "POST-charges"), none_of(seen(REVERSE, "undone", "kill-after"))),
    ),
    Mistake(
        name="writes_before_it_acts",
        task="recover",
        sentence="its log says that a step is done before it has been done. Killed in between, nobody ever does it.",
        shows=seen(ENDED, "done", "kill-after", "insert-saga_log", says="0.00 euros of"),
    ),
    Mistake(
        name="puts_back_before_it_refunds",
        task="recover",
        sentence="it undoes its steps in the order in which they were done. Killed in between, the shop has the money and has"
        " set nothing aside for it.",
        shows=seen(REVERSE, "undone"),
    ),
    Mistake(
        name="puts_back_twice",
        task="recover",
        sentence="the item goes back on the shelf in one transaction, and the note of it in another. Killed in between, it goes"
        " back once more.",
        shows=seen(ONCE, "undone", says="put back twice"),
    ),
    Mistake(
        name="refunds_with_a_new_key",
        task="recover",
        sentence="its refund has a new key at each attempt, so the repeated refund is another one, and there is no money left"
        " for it. A compensation needs its key as much as the step.",
        shows=seen(SERVED, "undone", says="cents are left"),
    ),
    Mistake(
        name="recovers_only_the_first",
        task="recover",
        sentence="it finishes one order and says that nothing is left. A dead process may have left several.",
        shows=all_of(seen(ENDED, "two", says="when recover has returned 0"), none_of(seen(ENDED, "two", says="p-1 is 'pending'"))),
    ),
    Mistake(
        name="recovers_nothing",
        task="recover",
        sentence="it says that nothing is left, and orders are left. Perhaps their buyers never ask again: what a dead process"
        " has begun, the shop must finish.",
        shows=seen(ENDED, "unpaid", says="'pending'"),
    ),
)

INSISTING = (
    Mistake(
        name="undoes_whatever_is_unfinished",
        task="insist",
        sentence="its recovery undoes every order that is not at its end, also one whose parcel has left. Past the pivot there"
        " is only forward.",
        shows=seen(PIVOT, "away", "kill-after", "insert-saga_log"),
    ),
    Mistake(
        name="gives_up_the_refund",
        task="insist",
        sentence="it catches the refund that fails and goes on. A compensation has no compensation: repeat it until it is done.",
        shows=seen(ENDED, "refund", UNDISTURBED, says="still holds"),
    ),
    Mistake(
        name="looks_and_turns_round",
        task="insist",
        sentence="it takes a parcel that the warehouse has not heard of for one that will never leave. The request may still be"
        " on its way: cancel the key before you turn round.",
        shows=all_of(seen(PIVOT, "slow", UNDISTURBED), none_of(seen(PIVOT, "away"))),
    ),
    Mistake(
        name="believes_the_latest_answer",
        task="insist",
        sentence="a 503 speaks of one request and of no earlier one. The parcel may have left already: cancel the key before"
        " you turn round.",
        shows=seen(PIVOT, "away", "kill-after", "POST-parcels"),
    ),
    Mistake(
        name="forgets_that_it_was_undoing",
        task="insist",
        sentence="it decides to undo and does not write that down. Whoever starts next goes forward again, with half of the"
        " order undone.",
        shows=seen(PIVOT, "opens", "kill-after", "POST-refunds"),
    ),
)

SEEING = tuple(
    Mistake(name=name, task="seen", sentence=sentence, shows=seen(PREDICTED, says=belief))
    for name, belief, sentence in (
        (
            "believes_in_isolation",
            ISOLATED,
            "a saga is no transaction: each of its steps commits by itself, and is seen from then on.",
        ),
        (
            "sees_what_is_not_committed",
            SEE_THROUGH,
            "inside one local transaction nothing is seen before its commit: a saga gives up isolation between its steps only.",
        ),
        (
            "undoes_from_the_front",
            FORWARDS,
            "a saga undoes its last step first: look at the order of the steps once more, and read it backwards.",
        ),
    )
)

STRETCH = (
    Mistake(
        name="confirms_what_is_paid",
        task="react",
        sentence="it confirms an order that is paid and not packed. The end of the story is the parcel.",
        shows=seen(PIVOT, says="Kafka says"),
    ),
    Mistake(
        name="keeps_the_money_when_refused",
        task="react",
        sentence="nobody gives the money back when the parcel is refused. Each service must hear of the failures of the later"
        " ones.",
        shows=all_of(seen(ENDED, says="still holds"), none_of(seen(PIVOT))),
    ),
    Mistake(
        name="puts_back_for_every_copy",
        task="react",
        sentence="each copy of an event puts an item back. Change the status in the same transaction, and only once.",
        shows=seen(ONCE, says="put back twice"),
    ),
    Mistake(
        name="decides_again_for_every_copy",
        task="react",
        sentence="the second copy of the event is decided anew, and differently. Keep the decision, or let the warehouse keep"
        " it: cancel the key.",
        shows=all_of(seen(PIVOT, says="went back"), none_of(seen(PIVOT, "events-s"))),
    ),
    Mistake(
        name="takes_no_answer_for_a_refusal",
        task="react",
        sentence="the warehouse did not answer, and the money went back. The request may still be on its way: cancel the key"
        " before you turn round.",
        shows=seen(PIVOT, "events-s", UNDISTURBED, says="went back"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *PLACING, *RECOVERING, *INSISTING, *SEEING, *STRETCH)
