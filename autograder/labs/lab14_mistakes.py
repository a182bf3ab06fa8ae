"""Mistakes of lab 14 that are known by name, told from the way the checks break.

Each is proved in tests/wrong/lab14_flash_sale/: the program of the same name breaks its task in this way and in no way that an
earlier mistake of the list claims. The order matters: the first that fits is named.
"""

from __future__ import annotations

from autograder.invariants import sale as rule
from autograder.invariants import sale_design as paper
from autograder.labs.lab import Mistake
from autograder.labs.signs import UNDISTURBED, seen

__all__ = ["MISTAKES"]

OVERSOLD = rule.nothing_is_oversold.__name__
TWICE = rule.nobody_pays_twice.__name__
CAPTURED = rule.captured_is_paid.__name__
TRUE = rule.what_was_told_is_true.__name__
SHIPS = rule.each_paid_order_ships_once.__name__
HELD = rule.nothing_is_held_for_ever.__name__
ANSWERED = rule.everybody_is_answered.__name__

PAPER = (
    Mistake(
        name="leaves_the_design_open",
        task="design",
        sentence="parts of your design are still open. What you have not decided on paper, a crash decides for you.",
        shows=seen(paper.the_design_is_complete.__name__),
    ),
    Mistake(
        name="promises_more_than_it_keeps",
        task="design",
        sentence="your design claims what your program does not do. Either the program changes, or the promise: a limit that is"
        " written down is a decision, and one that is not is a surprise.",
        shows=seen(paper.the_claims_are_kept.__name__),
    ),
)

CRASHES = (
    Mistake(
        name="counts_down_before_it_remembers",
        task="naive",
        sentence="the counter goes down, and nothing says for whom. A worker that dies then has taken a unit from the sale that"
        " nobody has, and perhaps the money of somebody who has nothing.",
        shows=lambda found: any(one.scenario == "naive" for one in found),
    ),
    Mistake(
        name="ships_every_delivery",
        task="open_sale",
        sentence="a topic delivers at least once, and each delivery is shipped here. The inbox of day 6 belongs into the"
        " transaction of the shipment.",
        shows=seen(SHIPS, "crash", UNDISTURBED, says="was shipped"),
    ),
    Mistake(
        name="forgets_the_correlation_id",
        task="open_sale",
        sentence="the event does not carry the correlation id of its request, so nobody can follow an order from the browser to"
        " the warehouse.",
        shows=seen(SHIPS, says="and its request came with"),
    ),
    Mistake(
        name="pays_with_a_new_key",
        task="open_sale",
        sentence="each attempt to pay has a key of its own, so the gateway takes a repeat for a second payment. The key belongs to"
        " the purchase.",
        shows=seen(TWICE),
    ),
    Mistake(
        name="publishes_after_the_commit",
        task="open_sale",
        sentence="the purchase is paid in one transaction and its event is noted in the next. Between the two a worker can die,"
        " and then nobody ships.",
        shows=seen(SHIPS, says="no event tells of it"),
    ),
    Mistake(
        name="takes_a_price_of_its_own",
        task="open_sale",
        sentence="the card is charged with a price that stands in the code. What is sold, and for how much, is said by the terms.",
        shows=seen(CAPTURED, says="and the price is"),
    ),
    Mistake(
        name="tells_of_something_else",
        task="open_sale",
        sentence="the event does not say what was bought, or by whom. Whoever packs the parcel knows nothing but the event.",
        shows=seen(SHIPS, says="is right"),
    ),
    Mistake(
        name="says_paid_too_soon",
        task="open_sale",
        sentence="the buyer is told *paid* before it is written. A worker that dies in between has given its word, and nobody else"
        " knows of it.",
        shows=seen(TRUE, says="not written anywhere yet"),
    ),
    Mistake(
        name="lets_everybody_wait",
        task="open_sale",
        sentence="whoever comes is put on the waiting list, however long it is. Most of them wait for something that cannot come.",
        shows=seen(HELD, says="wait at once"),
    ),
    Mistake(
        name="never_looks_again",
        task="open_sale",
        sentence="*sold out* is believed for ever. Units come back, so a *no* must grow old, and then one request goes all the way.",
        shows=seen(HELD, "latecomer", says="who comes then"),
    ),
    Mistake(
        name="gives_back_twice",
        task="open_sale",
        sentence="two who finish the same declined purchase both put its unit back. Only whoever changed its status may.",
        shows=seen(OVERSOLD, "declined"),
    ),
    Mistake(
        name="asks_the_flag_first",
        task="open_sale",
        sentence="the flag *sold out* is asked before the buyer's own purchase. Whoever was cut off in the middle of a purchase"
        " comes back and is sent away, with the money taken.",
        shows=seen(TRUE, "crash", says="'sold out'"),
    ),
    Mistake(
        name="forgets_who_waits",
        task="open_sale",
        sentence="a unit comes back, and nobody tells those who wait for it. A waiting list needs somebody who walks along it.",
        shows=seen(HELD, "crash", UNDISTURBED, says="still wait"),
    ),
    Mistake(
        name="never_finishes_what_is_left",
        task="open_sale",
        sentence="what a dead worker has begun stays as it is when its buyer never comes back. A hold needs an end, and somebody"
        " who brings it about.",
        shows=seen(HELD, says="still held"),
    ),
    Mistake(
        name="loses_the_reservation",
        task="open_sale",
        sentence="the unit is taken in one place and written down in another. A worker that dies between the two takes it along:"
        " the counter says that it is gone, and nobody has it.",
        shows=seen(HELD, call="EVAL", says="left"),
    ),
    Mistake(
        name="releases_in_two_steps",
        task="open_sale",
        sentence="a purchase is given up in one step and its unit put back in the next. A worker that dies between the two leaves"
        " a unit that nobody can buy.",
        shows=seen(HELD, says="left"),
    ),
)

ELSEWHERE = (
    Mistake(
        name="pays_before_it_writes",
        task="processes",
        sentence="the card is charged before anything is written down. When the process is killed then, nobody knows that there"
        " is something to finish, and the buyer who is gone has paid for nothing.",
        shows=seen(CAPTURED, "killed", says="the money was taken"),
    ),
    Mistake(
        name="reads_then_takes",
        task="rush",
        sentence="it reads how many are left and writes one less. Two who read the same number take the same unit; the condition"
        " belongs into the statement that takes.",
        shows=seen(OVERSOLD, "rush"),
    ),
    Mistake(
        name="asks_postgres_for_everybody",
        task="scaling",
        sentence="whoever comes when all is sold costs as much as a buyer. Of a hundred thousand, 99 of 100 are told no: that must"
        " be the cheapest answer that you have.",
        shows=seen(rule.sold_out_costs_nothing.__name__),
    ),
    Mistake(
        name="locks_while_it_pays",
        task="scaling",
        sentence="a transaction keeps its locks while the gateway is asked. The hot row is then as slow as the slowest card.",
        shows=seen(rule.an_order_costs_little.__name__, says="keeps its locks"),
    ),
    Mistake(
        name="lines_everybody_up",
        task="scaling",
        sentence="whoever comes is put in line, however long it is. A line that nobody can reach the end of in time is memory that"
        " is paid for, and answers that come when nobody waits for them.",
        shows=seen(rule.the_line_is_bounded.__name__),
    ),
    Mistake(
        name="sleeps_in_the_worker",
        task="scaling",
        sentence="a worker takes many times as long as it must. Look for what all its buyers wait for: time.sleep in a coroutine, a"
        " lock around the gateway, a connection made anew for each statement.",
        shows=seen(rule.it_keeps_pace.__name__),
    ),
    Mistake(
        name="keeps_the_truth_in_redis",
        task="degraded",
        sentence="only Redis knows how many are left. When it comes back empty the sale begins anew.",
        shows=seen(OVERSOLD, "redis-dies"),
    ),
    Mistake(
        name="takes_silence_for_unpaid",
        task="degraded",
        sentence="a gateway that does not answer is taken for a card that is declined. Nobody knows whether the money was taken:"
        " that is a third answer, and it has to be said.",
        shows=seen(TRUE, "gateway-*", says="the card is good"),
    ),
    Mistake(
        name="answers_in_its_own_time",
        task="degraded",
        sentence="how long a buyer waits stands in the code, or nowhere. The terms say by when every request is answered, and all that"
        " it does has to fit in there.",
        shows=seen(ANSWERED, "gateway-silent", says="did not answer"),
    ),
    Mistake(
        name="waits_for_redis",
        task="degraded",
        sentence="a limiter that cannot be asked stops the sale. What protects the shop from a few must not be what all depend on.",
        shows=seen(ANSWERED, "redis-*"),
    ),
)

MISTAKES = (*PAPER, *CRASHES, *ELSEWHERE)
