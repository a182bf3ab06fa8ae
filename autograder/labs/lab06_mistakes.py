"""Mistakes of lab 6 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab06_outbox/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.outbox import RULES
from autograder.labs.lab import Mistake
from autograder.labs.signs import UNDISTURBED, all_of, none_of, seen

__all__ = ["MISTAKES"]

TOGETHER, PUBLISHED, IN_ORDER, ONCE, DONE, CLEAN, ALONE = (RULES[number] for number in range(1, 8))


DUAL_WRITE = (
    "it writes to two systems, one commit each. Between the two commits stands a crash point, and nothing repairs what is"
    " lost there."
)

NAIVE = (
    Mistake(
        name="dual_write",
        task="naive",
        sentence=DUAL_WRITE,
        shows=seen(TOGETHER, "naive", "kill-before", "Produce-purchases"),
    ),
)

PLACING = (
    Mistake(
        name="new_id_per_attempt",
        task="place_order",
        sentence="it draws a new id for the order, so the repeated command is a new order. The id of the command is the"
        " one thing that both attempts share.",
        shows=all_of(seen(ONCE, "place", UNDISTURBED), seen(DONE, "place", UNDISTURBED)),
    ),
    Mistake(
        name="repeats_the_event",
        task="place_order",
        sentence="the repeated command finds its order and tells of it again. Write the event only when the order is new.",
        shows=all_of(seen(ONCE, "place", UNDISTURBED), none_of(seen(DONE, "place", UNDISTURBED))),
    ),
    Mistake(
        name="refuses_the_repeat",
        task="place_order",
        sentence="the repeated command raises an error. To a buyer who has not heard the first answer that is a refusal.",
        shows=seen(DONE, "place", UNDISTURBED, says="never answered: "),
    ),
    Mistake(
        name="born_published",
        task="place_order",
        sentence="the event is marked as published when it is written, so no relay will ever look at it.",
        shows=seen(TOGETHER, "place", UNDISTURBED, says="no message tells of it"),
    ),
    Mistake(
        name="dual_write",
        task="place_order",
        sentence=DUAL_WRITE,
        shows=seen(TOGETHER, "place", "kill-before", "Produce-purchases"),
    ),
    Mistake(
        name="publishes_before_commit",
        task="place_order",
        sentence="it tells the world of an order that Postgres has not committed yet, and perhaps never will.",
        shows=seen(TOGETHER, "place", "kill-after", "Produce-purchases"),
    ),
    Mistake(
        name="two_transactions",
        task="place_order",
        sentence="order and event are in one database, but in two transactions: the crash between them leaves one without"
        " the other.",
        shows=seen(TOGETHER, "place", "kill-before", "insert-outbox"),
    ),
)

RELAYING = (
    Mistake(
        name="publishes_nothing",
        task="relay",
        sentence="it says that nothing is left and has published nothing. That is safe, and useless.",
        shows=seen(PUBLISHED, "relay", UNDISTURBED, says="nothing was ever published"),
    ),
    Mistake(
        name="forgets_to_mark",
        task="relay",
        sentence="it never notes what it has published, so it publishes the same events for ever.",
        shows=seen(DONE, "relay", UNDISTURBED, says="had not returned 0"),
    ),
    Mistake(
        name="changes_the_event",
        task="relay",
        sentence="what it publishes is not what was committed. The relay carries events; it does not write them.",
        shows=seen(PUBLISHED, says="and published as"),
    ),
    Mistake(
        name="keys_by_event",
        task="relay",
        sentence="its Kafka key is not the purchase, so the events of one purchase land in several Kafka partitions.",
        shows=seen(IN_ORDER, "relay", UNDISTURBED, says="Kafka partitions"),
    ),
    Mistake(
        name="newest_first",
        task="relay",
        sentence="it does not publish the events of a purchase in the order of their versions.",
        shows=seen(IN_ORDER, "relay", UNDISTURBED),
    ),
    Mistake(
        name="marks_before_sending",
        task="relay",
        sentence="it notes that an event is published before Kafka has it. Killed in between, nobody sends it any more.",
        shows=all_of(
            seen(PUBLISHED, "relay", "kill-before", "Produce-purchases"),
            seen(PUBLISHED, "relay", "kill-after", "COMMIT"),
        ),
    ),
    Mistake(
        name="does_not_wait_for_the_ack",
        task="relay",
        sentence="send() only puts the event into a buffer of this process. What is not acknowledged yet dies with it:"
        " wait for the ack before you mark.",
        shows=seen(PUBLISHED, "relay", "park", "Produce-purchases"),
    ),
    Mistake(
        name="swallows_send_errors",
        task="relay",
        sentence="the send fails, nobody minds (the error is caught, or the future is never asked), and the event is"
        " marked all the same.",
        shows=seen(PUBLISHED, "relay", "cut-before", "Produce-purchases"),
    ),
    Mistake(
        name="reads_past_the_last_id",
        task="relay",
        sentence="it remembers the last id and reads behind it. Ids are drawn at INSERT, not at COMMIT: an event with a"
        " smaller id may commit later, and is never seen.",
        shows=seen(PUBLISHED, "late", UNDISTURBED),
    ),
    Mistake(
        name="marks_more_than_it_sent",
        task="relay",
        sentence="it marks whatever is unmarked at that moment, or all of a purchase: also what was committed after it had"
        " read, and what it has never sent. Mark the rows that you have sent, by their key.",
        shows=seen(PUBLISHED, "late", "pause"),
    ),
    Mistake(
        name="skips_locked_rows",
        task="relay",
        sentence="SKIP LOCKED over rows lets the second relay take a purchase's next event while the first still holds"
        " the one before it. Claim the purchase, not the row.",
        shows=seen(IN_ORDER, "two-relays", "pause"),
    ),
)

RECEIVING = (
    Mistake(
        name="ships_without_inbox",
        task="receive",
        sentence="nothing remembers which events have arrived, so every copy ships again.",
        shows=seen(ONCE, "receive", UNDISTURBED, says="times"),
    ),
    Mistake(
        name="remembers_before_it_ships",
        task="receive",
        sentence="the inbox commits before the shipment. Killed in between, the event counts as received and nothing"
        " is ever shipped.",
        shows=seen(ONCE, "receive", says="never left"),
    ),
    Mistake(
        name="ships_before_it_remembers",
        task="receive",
        sentence="the shipment commits before the inbox. Killed in between, the next copy ships again.",
        shows=seen(ONCE, "receive", says="times"),
    ),
    Mistake(
        name="looks_before_it_leaps",
        task="receive",
        sentence="two copies both look into the inbox before either has written to it. Let the INSERT decide.",
        shows=seen(ONCE, "receive-twice", "pause"),
    ),
)

STRETCH = (
    Mistake(
        name="knows_only_schema_1",
        task="receive_items",
        sentence="it reads an event of schema 2 as if it were schema 1.",
        shows=seen(DONE, "items", UNDISTURBED),
    ),
    Mistake(
        name="ships_the_first_item",
        task="receive_items",
        sentence="an event of schema 2 lists several items, and only one of them is shipped.",
        shows=seen(ONCE, "items", UNDISTURBED, says="half an order"),
    ),
    Mistake(
        name="deletes_unpublished",
        task="clean_up",
        sentence="it takes the oldest rows for published ones. An event that commits late has a small id too.",
        shows=seen(CLEAN, says="never been published"),
    ),
    Mistake(
        name="clean_up_knows_no_limit",
        task="clean_up",
        sentence="it removes everything at once: a long transaction, and many locks, just when the shop is busy.",
        shows=seen(CLEAN, says="told to remove at most"),
    ),
    Mistake(
        name="clean_up_locks_the_table",
        task="clean_up",
        sentence="it locks more than the rows that it removes, so everybody else waits for the janitor.",
        shows=seen(CLEAN, says="waits for"),
    ),
    Mistake(
        name="lease_without_fencing",
        task="relay_alone",
        sentence="a lease tells a relay that it may start. It does not stop one that slept through the end of its lease:"
        " only Kafka can refuse what an old instance sends.",
        shows=seen(ALONE, "takeover", "pause"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *PLACING, *RELAYING, *RECEIVING, *STRETCH)
