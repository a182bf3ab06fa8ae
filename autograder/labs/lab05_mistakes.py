"""Mistakes of lab 5 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab05_kafka/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.delivery import RULES
from autograder.labs.lab import Mistake
from autograder.labs.lab05_losses import ALL_MEANS_ALL, INSYNC_FOR_ALL
from autograder.labs.signs import UNDISTURBED, all_of, none_of, seen

__all__ = ["MISTAKES"]

DELIVERED, ONCE, IN_ORDER, DONE, ASIDE, FITS, FORETOLD = (RULES[number] for number in range(1, 8))

NAIVE = (
    Mistake(
        name="commits_on_delivery",
        task="naive",
        sentence="it commits the offset when it gets the message. Killed before the effect, it leaves a message that Kafka"
        " takes for done.",
        shows=seen(DELIVERED, "naive", "kill-after", "OffsetCommit"),
    ),
)

CONSUMING = (
    Mistake(
        name="starts_at_the_end",
        task="consume",
        sentence="a group that has committed nothing begins where auto_offset_reset says. At `latest` it never reads what"
        " was there before it came.",
        shows=seen(DELIVERED, "consume", UNDISTURBED),
    ),
    Mistake(
        name="never_commits",
        task="consume",
        sentence="it commits no offset. The effects happen once, and every start reads the whole topic again: the lag only"
        " grows.",
        shows=seen(DONE, "consume", UNDISTURBED, says="nothing was ever committed"),
    ),
    Mistake(
        name="commits_the_message_itself",
        task="consume",
        sentence="the committed offset is the offset of the next message to read. It commits the one that it has handled,"
        " so the last message of each Kafka partition comes again for ever.",
        shows=seen(DONE, "consume", UNDISTURBED, says="the lag of"),
    ),
    Mistake(
        name="lets_the_client_commit",
        task="consume",
        sentence="with auto commit, close() commits all that was polled, also after an error in the middle of it. Polled is"
        " not handled.",
        shows=all_of(seen(DELIVERED, "consume", "cut-before"), none_of(seen(DELIVERED, "consume", "kill-after"))),
    ),
    Mistake(
        name="remembers_before_it_packs",
        task="consume",
        sentence="the inbox is committed before the effect. Killed in between, the message counts as handled and nothing is"
        " ever packed.",
        shows=all_of(
            seen(DELIVERED, "consume", "kill-after", "insert-inbox"),
            none_of(seen(DELIVERED, "consume", "kill-before", "insert-inbox")),
        ),
    ),
    Mistake(
        name="commits_before_it_packs",
        task="consume",
        sentence="it commits the offset first. A committed offset is a promise that all before it is done: killed in"
        " between, the message is lost.",
        shows=all_of(
            seen(DELIVERED, "consume", "kill-before", "insert-inbox"),
            seen(DELIVERED, "consume", says="p-a/1 was never"),
            seen(DELIVERED, "consume", says="p-b/1 was never"),
        ),
    ),
    Mistake(
        name="commits_what_it_polled",
        task="consume",
        sentence="commit() without offsets commits everything that poll() has returned, also what still waits in the list."
        " Commit the offset behind the message that is done.",
        shows=seen(DELIVERED, "consume"),
    ),
    Mistake(
        name="packs_without_memory",
        task="consume",
        sentence="nothing remembers which messages have had their effect. Delivery is at least once, so what comes again is"
        " packed again.",
        shows=seen(ONCE, "consume"),
    ),
    Mistake(
        name="looks_before_it_packs",
        task="consume",
        sentence="it looks whether the parcel is there, then packs it. Two consumers look, and both see nothing: let an"
        " insert decide.",
        shows=seen(ONCE, "replaced"),
    ),
    Mistake(
        name="sorts_the_batch",
        task="consume",
        sentence="it handles a batch in another order than Kafka's. As text, version 10 comes before version 9.",
        shows=seen(IN_ORDER, "busy"),
    ),
)

SETTING_ASIDE = (
    Mistake(
        name="tries_for_ever",
        task="dead_letters",
        sentence="what cannot be handled stops its Kafka partition for ever, with everything that stands behind it.",
        shows=seen(DONE, "poison", UNDISTURBED),
    ),
    Mistake(
        name="swallows_the_poison",
        task="dead_letters",
        sentence="it logs the error and goes on. The message is read, committed and gone, and nobody can mend it.",
        shows=seen(DELIVERED, "poison", UNDISTURBED, says="neither handled nor"),
    ),
    Mistake(
        name="counts_by_purchase",
        task="dead_letters",
        sentence="the failures of one message are counted against the next one of its purchase, which could have been packed."
        " Count by message.",
        shows=seen(DELIVERED, "poison", UNDISTURBED, says="could have been packed"),
    ),
    Mistake(
        name="gives_up_at_once",
        task="dead_letters",
        sentence="the first failure decides. What would have worked a moment later lies among the dead letters.",
        shows=seen(ASIDE, "poison", UNDISTURBED, says="was tried 1 times"),
    ),
    Mistake(
        name="forgets_the_origin",
        task="dead_letters",
        sentence="its dead letters do not say where they come from, so nobody can find out what else happened there.",
        shows=seen(ASIDE, "poison", UNDISTURBED, says="header origin"),
    ),
    Mistake(
        name="comes_back_to_it_later",
        task="dead_letters",
        sentence="it goes on with the next message while this one still waits for its next attempt. Whoever does not wait"
        " gives up the order of the key.",
        shows=seen(IN_ORDER, says="was packed before"),
    ),
    Mistake(
        name="sets_aside_after_the_commit",
        task="dead_letters",
        sentence="the offset is committed before the dead letter topic has the message. Killed in between, it is in neither"
        " place.",
        shows=seen(DELIVERED, "poison", "kill-after", "OffsetCommit"),
    ),
    Mistake(
        name="counts_before_it_tries",
        task="dead_letters",
        sentence="an attempt is counted before it is made. A crash in between is taken for a failure of the message.",
        shows=seen(ASIDE, "poison", "kill-after", says="was tried 2 times"),
    ),
    Mistake(
        name="counts_in_memory",
        task="dead_letters",
        sentence="the count dies with the process, so every start tries anew. A message that kills its consumer is never"
        " set aside at all.",
        shows=seen(ASIDE, "poison", says="was tried 5 times"),
    ),
    Mistake(
        name="knows_only_unicorns",
        task="dead_letters",
        sentence="it gives up on the one thing of which it knows that it cannot be packed, and tries anything else for ever."
        " The number of attempts decides, not the item.",
        shows=seen(DONE, "poisons", UNDISTURBED),
    ),
    Mistake(
        name="writes_one_reason",
        task="dead_letters",
        sentence="its dead letters all give the same reason, whatever the attempt has raised.",
        shows=seen(ASIDE, "poisons", UNDISTURBED, says="gives the reason"),
    ),
    Mistake(
        name="counts_all_failures_together",
        task="dead_letters",
        sentence="one counter serves several messages, so the second is given up before its attempts are made. Count by message.",
        shows=seen(ASIDE, "poisons", UNDISTURBED, says="together were tried"),
    ),
    Mistake(
        name="drops_what_it_cannot_read",
        task="dead_letters",
        sentence="the offset of bytes that are no event is committed before they are set aside. Killed in between, they are in"
        " neither place.",
        shows=seen(DELIVERED, "unreadable", "kill-after", "OffsetCommit"),
    ),
    Mistake(
        name="knows_one_kind_of_rubbish",
        task="dead_letters",
        sentence="it recognises the unreadable bytes that it has seen, and fails at others. Whatever `Event.decode` refuses is no"
        " event.",
        shows=seen(DONE, "unreadable", UNDISTURBED),
    ),
)

STRETCH = (
    Mistake(
        name="keys_by_event",
        task="layout",
        sentence="the load is even because every event goes its own way, and so does the order of a purchase.",
        shows=seen(FITS, says="nothing orders them"),
    ),
    Mistake(
        name="keys_by_buyer",
        task="layout",
        sentence="one key has a fifth of the load. A Kafka partition has one consumer, and no number of them splits a key.",
        shows=all_of(seen(FITS, says="at twice the peak"), none_of(*(seen(FITS, says=f"gets {n} events") for n in range(51, 60)))),
    ),
    Mistake(
        name="reckons_with_the_mean",
        task="layout",
        sentence="on average the load would fit. Keys are not spread evenly, and the busiest Kafka partition is late first.",
        shows=seen(FITS, says="at twice the peak"),
    ),
    Mistake(
        name="all_means_all",
        task="losses",
        sentence="acks=all waits for the replicas that are in step, and that may be the leader alone.",
        shows=seen(FORETOLD, says=ALL_MEANS_ALL),
    ),
    Mistake(
        name="binds_everybody",
        task="losses",
        sentence="min.insync.replicas refuses a send only where the producer asks for acks=all.",
        shows=seen(FORETOLD, says=INSYNC_FOR_ALL),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *CONSUMING, *SETTING_ASIDE, *STRETCH)
