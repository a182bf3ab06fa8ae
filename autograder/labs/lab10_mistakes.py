"""Mistakes of lab 10 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab10_locking/: the program of the same name breaks its task in this way and in no way that
an earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants.stock import RULES
from autograder.labs.lab import Mistake
from autograder.labs.lab10_anomalies import NO_LOST_UPDATES, SERIALIZABLE_ENOUGH, STANDARD
from autograder.labs.signs import UNDISTURBED, seen

__all__ = ["MISTAKES"]

(
    NEVER_MORE, TRUE, SOLD, PRICE, NO_WAIT, NO_DEADLOCK, ONE_LOOK, TWO_STATEMENTS, RIGHT_PAGE, FEW_ROWS, CONNECTIONS, PREDICTED
) = (RULES[number] for number in range(1, 13))  # fmt: skip
SERIAL, RACE = UNDISTURBED, "schedule"


READ_THEN_WRITE = (
    "it reads how many are free, reckons, and writes the result. Between its look and its write another buyer does the"
    " same. This is a lost update; at READ COMMITTED a transaction around both statements does not help."
)

MISTAKES: tuple[Mistake, ...] = (
    Mistake(name="read_then_write", task="naive", sentence=READ_THEN_WRITE, shows=seen(NEVER_MORE, fault=RACE)),
    Mistake(
        name="sells_nothing",
        task="reserve",
        sentence="it says no to everybody. That is safe, and no shop.",
        shows=seen(SOLD, "reserve-last", SERIAL, says="told no"),
    ),
    Mistake(
        name="forgets_the_row_count",
        task="reserve",
        sentence="the conditional statement is right, and nobody asks how many rows it changed. None means: nothing is left.",
        shows=seen(NEVER_MORE, "reserve-last", SERIAL),
    ),
    Mistake(
        name="asks_for_one",
        task="reserve",
        sentence="its condition asks whether anything is left, where it must ask whether enough is. The check constraint"
        " of the table saves the stock, and the buyer gets an error for ever.",
        shows=seen(SOLD, "reserve-pairs", SERIAL),
    ),
    Mistake(
        name="refuses_a_conflict",
        task="reserve",
        sentence="it takes a conflict for an empty shelf. An error with SQLSTATE 40001 means that somebody was faster: try"
        " again.",
        shows=seen(SOLD, "reserve-enough", RACE),
    ),
    Mistake(
        name="reckons_with_one_rival",
        task="reserve",
        sentence="it takes it that one buyer was faster, counts the version up by one itself and does not look again. Two"
        " can be faster: whoever has lost a race must look.",
        shows=seen(SOLD, "reserve-three", RACE),
    ),
    Mistake(
        name="locks_after_the_look",
        task="reserve",
        sentence="it locks the row, but decides by a number that it read before it had the lock. What is read before the"
        " lock is old.",
        shows=seen(NEVER_MORE, "reserve-last", RACE, "select-stock"),
    ),
    Mistake(
        name="looks_then_takes",
        task="reserve",
        sentence=f"{READ_THEN_WRITE} Nor does a lock of Python's: the other buyer is served by another process.",
        shows=seen(NEVER_MORE, fault=RACE),
    ),
    Mistake(
        name="locks_while_it_thinks",
        task="reserve_optimistic",
        sentence="it is correct and not optimistic: it locks the row before it looks, so everybody waits while it reckons.",
        shows=seen(NO_WAIT),
    ),
    Mistake(
        name="gives_up",
        task="reserve_optimistic",
        sentence="it notices that somebody was faster and tells the buyer that nothing is left. The loser of a race must"
        " look again.",
        shows=seen(SOLD, "optimist-enough", RACE),
    ),
    Mistake(
        name="never_compares",
        task="reserve_optimistic",
        sentence="it counts the version up and never asks whether it is still the one that it has read. A version that"
        " nobody compares protects nothing.",
        shows=seen(NEVER_MORE, fault=RACE),
    ),
    Mistake(
        name="prices_an_old_look",
        task="reserve_optimistic",
        sentence="it takes the unit with a safe statement and reckons the price from a look before it. What you decide by"
        " must be what you compare.",
        shows=seen(PRICE, fault=RACE),
    ),
    Mistake(
        name="keeps_the_half",
        task="reserve_cart",
        sentence="the second item is missing, and the first stays taken. Leaving the block by return commits it: roll back.",
        shows=seen(TRUE, fault=SERIAL),
    ),
    Mistake(
        name="gives_back_later",
        task="reserve_cart",
        sentence="it commits each item by itself and gives back what it took in vain. Meanwhile another buyer was told that"
        " the lamp is gone.",
        shows=seen(SOLD, fault=RACE),
    ),
    Mistake(
        name="takes_in_cart_order",
        task="reserve_cart",
        sentence="it locks the items in the order of the basket. Two baskets packed in different orders wait for each other:"
        " a deadlock. Take them in one order that all share.",
        shows=seen(NO_DEADLOCK),
    ),
    Mistake(
        name="checks_all_then_takes",
        task="reserve_cart",
        sentence="it checks the whole basket and then takes it. What was checked is old by then: check and take are one"
        " statement, or the check locks.",
        shows=seen(NEVER_MORE, fault=RACE),
    ),
    Mistake(
        name="looks_again",
        task="reserve_pessimistic",
        sentence="it looks without a lock and begins again when somebody was faster. With `for update` the first look is"
        " the last.",
        shows=seen(ONE_LOOK),
    ),
    Mistake(
        name="one_query_per_order",
        task="orders_of",
        sentence="it asks once for the orders and once more for each of them: N+1 queries. At 1 ms a round trip a page of"
        " a hundred orders takes a tenth of a second before Postgres has done anything.",
        shows=seen(TWO_STATEMENTS),
    ),
    Mistake(
        name="loses_the_empty_order",
        task="orders_of",
        sentence="an inner join shows only orders that have a line. An order whose lines were all cancelled is still an order.",
        shows=seen(RIGHT_PAGE, says="it should be"),
    ),
    Mistake(
        name="indexes_what_everybody_has",
        task="index",
        sentence="the index is on a column in which thousands of rows agree. An index helps by what it rules out.",
        shows=seen(FEW_ROWS, says="more than the buyer has ever ordered"),
    ),
    Mistake(
        name="indexes_the_buyer_alone",
        task="index",
        sentence="the index finds all that the buyer ever ordered, and the rest is seen row by row. What the query compares"
        " comes first, what it sorts by comes next.",
        shows=seen(FEW_ROWS, says="rows ("),
    ),
    Mistake(
        name="connects_for_each_request",
        task="pool",
        sentence="it opens as many connections as there are requests. Each is a process of Postgres; a pool is the queue that"
        " keeps them few.",
        shows=seen(CONNECTIONS, says="open at the same time"),
    ),
    Mistake(
        name="leaks_a_connection",
        task="pool",
        sentence="on one way out the connection is not given back. After as many such requests as the pool has connections,"
        " everybody waits. A `with` block gives it back on every way out.",
        shows=seen(CONNECTIONS, says="since its update stock nothing has moved"),
    ),
    Mistake(
        name="takes_two_at_once",
        task="pool",
        sentence="each request holds one connection while it waits for a second. With two of them and two requests, nobody ever"
        " gets the second: the pool is in a deadlock with itself.",
        shows=seen(CONNECTIONS, says="nothing has moved"),
    ),
    *(
        Mistake(name=name, task="anomalies", sentence=sentence, shows=seen(PREDICTED, says=says))
        for name, says, sentence in (
            (
                "repeatable_read_is_serializable",
                SERIALIZABLE_ENOUGH,
                "at REPEATABLE READ Postgres gives each transaction a snapshot. Two that read the same and write different"
                " rows do not meet: write skew.",
            ),
            (
                "begin_commit_stops_lost_updates",
                NO_LOST_UPDATES,
                "a transaction at READ COMMITTED reads what is committed, and writes what it reckoned from it, later.",
            ),
            (
                "reads_the_standard",
                STANDARD,
                "the standard says what a level *may* admit. At REPEATABLE READ Postgres works on a snapshot, in which no row"
                " appears.",
            ),
        )
    ),
)
