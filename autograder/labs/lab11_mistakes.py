"""Mistakes of lab 11 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab11_observability/: the program of the same name breaks its task in this way and in no way
that an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants import correlation, watching
from autograder.invariants.incident import RULE as INCIDENT
from autograder.labs import lab11_sheet as sheet
from autograder.labs.lab import Mistake
from autograder.labs.signs import all_of, none_of, seen

__all__ = ["MISTAKES"]

LINES, ONE_ID, MADE, SELLS = (correlation.RULES[number] for number in range(1, 5))
COUNTED, BOUNDED, BUCKETS = (watching.RULES[number] for number in range(5, 8))
PARENTS, IN_TIME, SILENT = (watching.RULES[number] for number in range(9, 12))

GLOBAL = "a global variable holds one id, and two requests are under way. Whoever came last has written over the other's."

NAIVE = (
    Mistake(
        name="keeps_the_id_in_a_global",
        task="naive",
        sentence=GLOBAL,
        shows=seen(ONE_ID, "naive", says="request.received of p-a with the id of p-b"),
    ),
)

DOOR = (
    Mistake(
        name="writes_sentences",
        task="place_order",
        sentence="its lines are sentences for people. A machine that is to find all lines of one order has to guess where the"
        " id begins and ends.",
        shows=seen(LINES, "door", says="is no JSON"),
    ),
    Mistake(
        name="writes_local_time",
        task="place_order",
        sentence="the time has no zone, so the lines of two machines cannot be laid side by side.",
        shows=seen(LINES, "door", says="timestamp"),
    ),
    Mistake(
        name="remembers_the_request_in_a_global",
        task="place_order",
        sentence=GLOBAL,
        shows=seen(ONE_ID, "door", says="request.received of p-a with the id of p-b"),
    ),
    Mistake(
        name="expects_the_context_in_the_pool",
        task="place_order",
        sentence="a context variable belongs to the thread in which it was set. A thread of a pool was started long before,"
        " and sees nothing of it: copy the context, and run the work in the copy.",
        shows=seen(ONE_ID, "door", says="stock.checked of p-a with no id"),
    ),
    Mistake(
        name="copies_the_context_once",
        task="place_order",
        sentence="the pool's threads keep the context of the request for which they were started. Copy it for each piece of"
        " work, not for each thread.",
        shows=seen(ONE_ID, "door", says="stock.checked of p-b with the id of p-a"),
    ),
    Mistake(
        name="keeps_the_id_in_the_process",
        task="place_order",
        sentence="the id is in the process, and the relay is another one. What is not in the row is lost.",
        shows=seen(ONE_ID, "door", says="outbox row"),
    ),
    Mistake(
        name="ignores_the_header",
        task="place_order",
        sentence="whoever called has lines with the id that was sent. A new one cuts the journey in two.",
        shows=seen(MADE, "door", says="came with a usable id"),
    ),
    Mistake(
        name="trusts_every_header",
        task="place_order",
        sentence="a header is what a stranger typed: a line break in it writes lines into your log, and a megabyte of it pays"
        " for your disk. Keep what is usable, and replace the rest.",
        shows=seen(MADE, "strangers", says="which is not usable, and its lines carry"),
    ),
    Mistake(
        name="keeps_what_is_nearly_an_id",
        task="place_order",
        sentence="what is nearly usable is kept. A rule with two bounds and an alphabet has three edges; try each of them from"
        " both sides.",
        shows=seen(MADE, "edges"),
    ),
    Mistake(
        name="asks_only_whether_there_is_one",
        task="place_order",
        sentence="it asks whether there is any of the item, and not whether there are as many as were ordered.",
        shows=seen(SELLS, "edges", says="p-m"),
    ),
)

JOURNEY = (
    Mistake(
        name="takes_the_first_rows_id",
        task="journey",
        sentence="a batch is not a request. Each row brings the context of its own order.",
        shows=seen(ONE_ID, "journey", says="event.published of p-b with the id of p-a"),
    ),
    Mistake(
        name="sends_no_header",
        task="journey",
        sentence="the relay writes the id into its log and not into the message. Kafka carries what it is given.",
        shows=seen(ONE_ID, "journey", says="has not its id in the header"),
    ),
    Mistake(
        name="makes_a_new_id_at_the_consumer",
        task="journey",
        sentence="the warehouse makes an id of its own. An id is made at the door, once; whoever is handed one hands it on.",
        shows=seen(ONE_ID, "journey", says="parcel.packed of p-a with an id that no request has"),
    ),
    Mistake(
        name="keeps_the_last_messages_id",
        task="journey",
        sentence="the id is set where a message brings one, and left alone where the next brings none. That one is then logged"
        " as the order before it, or as nobody's.",
        shows=seen(MADE, "unnamed"),
    ),
)

METRICS = (
    Mistake(
        name="adds_a_label_for_the_order",
        task="metrics",
        sentence="each value of a label is a series of its own, kept for weeks. The order id belongs into a line or a span.",
        shows=seen(BOUNDED, says="a label is called"),
    ),
    Mistake(
        name="labels_by_order",
        task="metrics",
        sentence="the path holds the order id, so every order makes series of its own. Count by the route, with {id} in it.",
        shows=seen(BOUNDED, says="have made"),
    ),
    Mistake(
        name="forgets_who_heard_nothing",
        task="metrics",
        sentence="a request without an answer is a request, and the worst kind. Its outcome is unknown, and counted as that.",
        shows=seen(COUNTED, says='outcome="unknown"'),
    ),
    Mistake(
        name="averages_the_duration",
        task="metrics",
        sentence="from a sum and a count only the mean can be had, and the mean hides who waited. Count in buckets.",
        shows=seen(BUCKETS, says="has no buckets"),
    ),
    Mistake(
        name="stops_below_the_slo",
        task="metrics",
        sentence="the buckets end below the SLO, so the fast requests are known exactly and the slow ones not at all.",
        shows=seen(BUCKETS, says="and inf s"),
    ),
    Mistake(
        name="takes_the_default_buckets",
        task="metrics",
        sentence="the library's buckets know nothing of your SLO. One of yours must end exactly there.",
        shows=seen(BUCKETS, says="no bucket ends at 0.3 s"),
    ),
    Mistake(
        name="ends_at_the_slo",
        task="metrics",
        sentence="what is slower than the last bucket is one heap: 0.4 s and 40 s look the same. Let the buckets go on.",
        shows=seen(BUCKETS, says="from the buckets it is 0.30 s"),
    ),
)

INCIDENTS = (
    Mistake(
        name="blames_the_first_error",
        task="incident",
        sentence="the first ERROR line is whoever complained first. Ask of each contract whether it was kept.",
        shows=seen(INCIDENT, says=sheet.FIRST_ERROR),
    ),
    Mistake(
        name="blames_the_deploy",
        task="incident",
        sentence="that something was deployed a moment before is a place to look, and no evidence.",
        shows=seen(INCIDENT, says=sheet.DEPLOY),
    ),
    Mistake(
        name="blames_the_loudest",
        task="incident",
        sentence="who writes most ERROR lines is who suffers most. The cause may not have written one.",
        shows=seen(INCIDENT, says=sheet.LOUDEST),
    ),
    Mistake(
        name="cites_a_later_line",
        task="incident",
        sentence="the line is one of the right kind and not the first. Go through the component's lines by their numbers.",
        shows=seen(INCIDENT, says=sheet.LATER),
    ),
    Mistake(
        name="trusts_the_clocks",
        task="incident",
        sentence="what the clocks show side by side need not have happened side by side. Follow the spans.",
        shows=seen(INCIDENT, says=sheet.CONSEQUENCE),
    ),
    Mistake(
        name="counts_what_failed",
        task="incident",
        sentence="an order may fail for another reason, and one that was answered with 201 may be lost. Follow each from the"
        " broken contract on.",
        shows=seen(INCIDENT, says=sheet.FAILED),
    ),
    Mistake(
        name="forgets_the_silent_ones",
        task="incident",
        sentence="orders are missing: those of which nobody complains. Look for what should be there and is not.",
        shows=seen(INCIDENT, says="some are missing"),
    ),
)

STRETCH = (
    Mistake(
        name="ignores_the_caller",
        task="spans",
        sentence="the traceparent of the request is not read, so the caller's trace ends at your door.",
        shows=seen(PARENTS, says="came with a traceparent"),
    ),
    Mistake(
        name="loses_the_span_in_the_pool",
        task="spans",
        sentence="the current span is a context variable too, and the pool's threads do not see it.",
        shows=seen(PARENTS, says="parent of check stock of p-a is none"),
    ),
    Mistake(
        name="begins_anew_at_the_queue",
        task="spans",
        sentence="the row brings the context of its request, and publish begins without it.",
        shows=seen(PARENTS, says="parent of publish of p-a is none"),
    ),
    Mistake(
        name="makes_the_batch_a_child",
        task="spans",
        sentence="a batch of four messages has four causes, and a span has one parent. Causes that are not the parent are links.",
        shows=seen(PARENTS, says="pack batch is a child"),
    ),
    Mistake(
        name="links_one_message",
        task="spans",
        sentence="the other messages of the batch have no way to the span in which they were packed.",
        shows=seen(PARENTS, says="has no link"),
    ),
    Mistake(
        name="waits_for_a_whole_hour",
        task="alert",
        sentence="it wants every minute to be bad. Real trouble has better minutes in between, and the budget burns all the same.",
        shows=seen(IN_TIME),
    ),
    Mistake(
        name="averages_the_minutes",
        task="alert",
        sentence="a minute of ten requests counts as much as one of a thousand. Add up requests and failures, then divide.",
        shows=all_of(seen(SILENT, says="it fires"), none_of(seen(SILENT, says="burned at 2."))),
    ),
    Mistake(
        name="pages_for_a_spike",
        task="alert",
        sentence="one bad minute wakes somebody who can do nothing about it any more. Ask how much of the budget it has burned.",
        shows=seen(SILENT, says="it fires"),
    ),
    Mistake(
        name="forgets_the_short_window",
        task="alert",
        sentence="the hour remembers what was mended long ago, so it goes on ringing. Ask the last minutes as well.",
        shows=seen(SILENT, says="still fires"),
    ),
)

MISTAKES: tuple[Mistake, ...] = (*NAIVE, *DOOR, *JOURNEY, *METRICS, *INCIDENTS, *STRETCH)
