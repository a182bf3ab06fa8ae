"""Mistakes of lab 2 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab02_idempotency/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants import sessions
from autograder.invariants.payments import RULES
from autograder.labs.lab import Mistake
from autograder.labs.signs import UNDISTURBED, seen

__all__ = ["MISTAKES"]

ONCE, SAME, TRUE, KEEPS, DONE, NOTED = (RULES[number] for number in range(1, 7))
OWN = sessions.a_buyer_sees_his_own_write.__name__
LATER = sessions.a_second_look_is_never_older.__name__
SHARE = sessions.the_replica_does_its_share.__name__

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        name="charges_without_a_key",
        task="naive",
        sentence="the gateway gets no key, so it cannot know that the repeat is a repeat. The note that would have told is"
        " written after the charge, and the crash came in between.",
        shows=seen(ONCE, "naive"),
    ),
    Mistake(
        name="asks_only_the_gateway",
        task="charge",
        sentence="it keeps no answer that outlives its process. The gateway remembers a key for a day; what comes later is a new"
        " charge.",
        shows=seen(ONCE, "pay", UNDISTURBED),
    ),
    Mistake(
        name="new_key_per_attempt",
        task="charge",
        sentence="every attempt has a key of its own, so the gateway takes the repeat for another payment. A key names the"
        " wish, and all attempts at one wish share it.",
        shows=seen(ONCE, "pay"),
    ),
    Mistake(
        name="key_from_the_body",
        task="charge",
        sentence="the key at the gateway is made of the body. Two wishes can have the same body, and then the second one is"
        " never charged. Only whoever has the wish can name it.",
        shows=seen(TRUE, "pay-many", says="were both answered with"),
    ),
    Mistake(
        name="forgets_the_answer",
        task="charge",
        sentence="a repeat does no harm, and gets no receipt. Whoever repeats does so because the answer was lost: store it"
        " with the key, and give it again.",
        shows=seen(TRUE, "pay", UNDISTURBED, says="where a Receipt"),
    ),
    Mistake(
        name="takes_silence_for_no",
        task="charge",
        sentence="no answer counts as a declined card. The request may have arrived: the outcome is unknown until somebody"
        " asks the gateway.",
        shows=seen(TRUE, "pay*", says="never declined it"),
    ),
    Mistake(
        name="remembers_before_it_charges",
        task="charge",
        sentence="it writes down that the money is taken, and then asks for it. A crash in between leaves a receipt for"
        " nothing. Before the charge only this is true: it was started.",
        shows=seen(TRUE, "pay", says="has taken nothing"),
    ),
    Mistake(
        name="in_progress_for_ever",
        task="charge",
        sentence="it finds a note without a result and takes somebody to be at work. After a crash nobody is. Such a note"
        " is a question for the gateway.",
        shows=seen(DONE, "pay", "kill-before", "POST-charges"),
    ),
    Mistake(
        name="pays_any_body",
        task="refuse",
        sentence="it looks at the key and never at what came with it. The same key with another amount is a mistake of the"
        " caller, and a stored answer hides it.",
        shows=seen(KEEPS, "reuse", UNDISTURBED),
    ),
    Mistake(
        name="compares_the_amount_only",
        task="refuse",
        sentence="it compares a part of the body. A key stands for one payment: this purchase, this buyer, this amount.",
        shows=seen(KEEPS, "reuse-*", UNDISTURBED),
    ),
    Mistake(
        name="notes_after_the_charge",
        task="reconcile",
        sentence="the key is written down when the result is known. Killed before that, nobody here knows that there is"
        " anything to ask about: commit the note before the charge, as started.",
        shows=seen(NOTED, "open", says="says nothing"),
    ),
    Mistake(
        name="reconcile_charges",
        task="reconcile",
        sentence="what the gateway does not know, it charges. The buyer has left, perhaps for another shop: find out what was"
        " taken, and take nothing.",
        shows=seen(NOTED, "open", says="reconcile itself charged"),
    ),
    Mistake(
        name="takes_not_found_for_declined",
        task="reconcile",
        sentence="a key that the gateway does not know counts as declined. It was never asked, and it may still be: leave the"
        " payment open.",
        shows=seen(NOTED, "open", says="never declined it"),
    ),
    Mistake(
        name="notes_any_charge_of_the_purchase",
        task="reconcile",
        sentence="it takes a charge of the purchase for the one that it looks for. A purchase can be paid in parts: the key says"
        " which charge is whose.",
        shows=seen(NOTED, "doubt-two", says="was taken for"),
    ),
    Mistake(
        name="gives_up_at_the_first_doubt",
        task="reconcile",
        sentence="one payment that nobody knows the end of stops it, and those behind that one are never looked at.",
        shows=seen(DONE, says="does not come to an end"),
    ),
    Mistake(
        name="looks_before_it_leaps",
        task="together",
        sentence="both copies look, see no charge, and charge. It is SELECT-then-INSERT with a gateway in between: the key"
        " must be the same for both, so that the gateway lets one win.",
        shows=seen(ONCE, "together"),
    ),
    Mistake(
        name="charges_again_tomorrow",
        task="tomorrow",
        sentence="it relies on the gateway to know the key, and a day later the gateway does not. The statement knows the"
        " charge for ever: look there before you charge.",
        shows=seen(ONCE, "tomorrow*"),
    ),
    Mistake(
        name="takes_any_charge_of_the_purchase",
        task="tomorrow",
        sentence="it takes any charge of the purchase for its own. A purchase can be paid in parts: the key on the statement says"
        " which charge is whose.",
        shows=seen(TRUE, "tomorrow-two", says="were both answered with"),
    ),
    Mistake(
        name="gives_up_tomorrow",
        task="tomorrow",
        sentence="a payment that is open for a day is never answered. The statement says what was taken; if nothing was, the"
        " buyer may pay.",
        shows=seen(DONE, "tomorrow"),
    ),
    Mistake(
        name="looks_at_the_replica_only",
        task="look",
        sentence="it asks the replica and takes what stands there for the present. Who has just written must be shown it: ask how far"
        " the replica has come, and the primary where it has not come far enough.",
        shows=seen(OWN, "replica"),
    ),
    Mistake(
        name="forgets_what_it_has_shown",
        task="look",
        sentence="its token says what the session has written, and not what it was shown at the primary. The next look may go to a"
        " replica that is behind that.",
        shows=seen(LATER, "replica"),
    ),
    Mistake(
        name="looks_at_the_primary_only",
        task="look",
        sentence="every look goes to the primary. That is right, and the replica is of no use.",
        shows=seen(SHARE, "replica", says="asked the primary"),
    ),
)
