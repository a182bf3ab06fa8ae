"""Lab 4: done, or undone. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.backends.state import ROOT
from autograder.explore.pairs import NO_PAIRS, Pairs
from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.invariants import saga as rule
from autograder.labs import lab04_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab04_mistakes import MISTAKES
from autograder.labs.lab04_seen import SHEET

__all__ = ["LAB"]

ENDED = rule.done_or_undone.__name__
ONCE = rule.each_effect_once.__name__
REVERSE = rule.undone_in_reverse.__name__
PIVOT = rule.nothing_undone_past_the_pivot.__name__
SERVED = rule.whoever_asks_is_served.__name__
SEEN = rule.the_predictions_are_right.__name__

ORCHESTRATED = (
    rule.whoever_asks_is_served,
    rule.each_effect_once,
    rule.nothing_undone_past_the_pivot,
    rule.undone_in_reverse,
    rule.done_or_undone,
)
CHOREOGRAPHED = (
    rule.whoever_asks_is_served,
    rule.each_effect_once,
    rule.nothing_undone_past_the_pivot,
    rule.done_or_undone,
)
"""Where services react to events, nobody is asked to undo in an order."""
KILLS = ("kill-after",)
"""Killed after a call it leaves the backends as if killed before the next one: one side is enough."""
CUTS = tuple(fault for fault in CRASH_FAULTS if not fault.startswith("kill-"))
"""The process lives and does not know what has become of its call."""
TWICE = Pairs(said="the recovery is killed too")

COMPENSATION = "A compensation is a new action, and it can fail"
LOG = "Write down what is done, or nobody can finish it"
PIVOT_SECTION = "Past the pivot there is only forward"
CHOREOGRAPHY = "The same saga without a conductor"


def _orchestrated(
    name: str,
    title: str,
    functions: tuple[str, ...],
    read: str,
    faults: tuple[str, ...] = (),
    *,
    pairs: Pairs = NO_PAIRS,
    words: tuple[str, ...] = ("p1",),
    **how: object,
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        play=story.order(*functions, **how),  # type: ignore[arg-type]
        input=words,
        target="checkout-1",
        faults=faults,
        pairs=pairs,
        rules=ORCHESTRATED,
        needs=functions,
        read=read,
    )


BAO = ("p2",)
"""Who orders two mugs: one unit is not every order."""
PLACE = ("place_order",)
BOTH = ("place_order", "recover")

PLACING = (
    _orchestrated("ships", "Ada and Bao order, and ask again", PLACE, LOG, words=("p1", "p2")),
    _orchestrated("closed", "The payment went through, the warehouse is unavailable", PLACE, COMPENSATION, mood="stands still"),
    _orchestrated("refused", "The warehouse has none left", PLACE, COMPENSATION, mood="refuses", words=BAO),
    _orchestrated("declined", "The card is declined", PLACE, COMPENSATION, declines=True),
)
RECOVERING = (
    _orchestrated("unpaid", "The card is declined", BOTH, LOG, KILLS, declines=True, words=BAO),
    _orchestrated("done", "Ada's order is paid and packed", BOTH, LOG, KILLS),
    _orchestrated(
        "undone", "The payment went through, the warehouse is unavailable", BOTH, LOG, KILLS, pairs=TWICE, mood="stands still"
    ),
    _orchestrated("done-cut", "Ada's order is paid and packed, and a message is lost", BOTH, LOG, CUTS),
    _orchestrated("undone-cut", "The warehouse is unavailable, and a message is lost", BOTH, LOG, CUTS, mood="stands still", words=BAO),
    _orchestrated("two", "Two orders were begun by a process that died", BOTH, LOG, words=("p1", "p2"), begun=("p1", "p2")),
)
"""The short stories first: most mistakes show there."""
INSISTING = (
    _orchestrated("slow", "The warehouse hangs up, and packs later", BOTH, PIVOT_SECTION, mood="is slow"),
    _orchestrated("away", "The warehouse packs, and then it is away for two requests", BOTH, PIVOT_SECTION, KILLS, mood="goes away"),
    _orchestrated("opens", "The warehouse is away for one request", BOTH, PIVOT_SECTION, KILLS, mood="opens later"),
    _orchestrated(
        "refund", "The gateway refuses the refund twice", BOTH, COMPENSATION, KILLS, mood="refuses", refund_fails=2, words=BAO
    ),
)


def _choreographed(
    name: str, title: str, target: str, faults: tuple[str, ...] = KILLS, *, words: tuple[str, ...] = ("p1",), **how: object
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        play=story.crossed("react", **how),  # type: ignore[arg-type]
        input=words,
        target=target,
        faults=faults,
        rules=CHOREOGRAPHED,
        needs=("react",),
        read=CHOREOGRAPHY,
    )


REACTING = (
    _choreographed("events", "All goes well; payments gets each event twice", "payments-1", (), twice="payments"),
    _choreographed(
        "events-x", "The warehouse is away for one request; its service gets each event twice", "warehouse-1", (),
        twice="warehouse", mood="opens later",
    ),
    _choreographed("events-d", "The card is declined; payments gets each event twice", "payments-1", (), twice="payments", declines=True),
    _choreographed("events-s", "The warehouse hangs up, and packs later", "warehouse-1", (), mood="is slow"),
    _choreographed("pay", "The warehouse is unavailable, and payments is struck", "payments-1", mood="stands still"),
    _choreographed("pack", "The warehouse is away for one request, and its service is struck", "warehouse-1", mood="opens later"),
    _choreographed("end", "The warehouse is unavailable, and orders is struck", "orders-1", mood="stands still", words=BAO),
    _choreographed("tell", "Ada's order is packed, and orders is struck", "orders-1"),
)

LAB = Lab(
    number=4,
    name="lab04_saga",
    title="Done, or undone",
    day="day04_saga",
    rules=(
        Rule(number=1, invariant=rule.done_or_undone, read="A saga undoes what it cannot finish"),
        Rule(number=2, invariant=rule.each_effect_once, read=COMPENSATION),
        Rule(number=3, invariant=rule.undone_in_reverse, read="A saga undoes what it cannot finish"),
        Rule(number=4, invariant=rule.nothing_undone_past_the_pivot, read=PIVOT_SECTION),
        Rule(number=5, invariant=rule.whoever_asks_is_served, read=LOG),
        Rule(number=6, invariant=rule.the_predictions_are_right, read="A saga is ACD: everybody sees the middle"),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_place_order",
            scenarios=(
                _orchestrated("naive", "Ada orders, and asks again", ("naive_place_order",), LOG, CRASH_FAULTS),
            ),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="place_order",
            title="The way there, and the way back",
            function="place_order",
            scenarios=PLACING,
            points={ENDED: 7, SERVED: 4, ONCE: 4, PIVOT: 3, REVERSE: 2},
            outcomes=("O1", "O2", "O4"),
            minutes=20,
        ),
        Task(
            name="recover",
            title="Whatever crashes",
            function="recover",
            scenarios=RECOVERING,
            points={ENDED: 12, ONCE: 8, REVERSE: 4, PIVOT: 4, SERVED: 2},
            outcomes=("O1", "O2", "O4"),
            minutes=25,
        ),
        Task(
            name="insist",
            title="When the way back is blocked",
            function="recover",
            scenarios=INSISTING,
            points={PIVOT: 6, ENDED: 4, ONCE: 2, SERVED: 2, REVERSE: 1},
            outcomes=("O2", "O4", "O5"),
            minutes=12,
        ),
        Task(
            name="seen",
            title="What others see meanwhile",
            function="seen",
            scenarios=(SHEET,),
            points={SEEN: 10},
            outcomes=("O1", "O3", "O5"),
            minutes=8,
        ),
        Task(
            name="react",
            title="The same saga, choreographed",
            function="react",
            scenarios=REACTING,
            points={ENDED: 10, ONCE: 6, PIVOT: 5, SERVED: 4},
            outcomes=("O2", "O4", "O5"),
            stretch=True,
            minutes=45,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a loss of power, a gateway or a warehouse that forgets its keys, two processes that"
        " recover at the same time, two buyers who want the last lamp, a request that arrives after its sender has died."
    ),
    topics={"purchases": 1},
    gateway=True,
    warehouse=True,
    schema=ROOT / "shop" / "saga.sql",
)
