"""Lab 12: less, and said so. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from typing import Any

from autograder.explore.virtual import KILLS, VirtualScenario
from autograder.invariants import Invariant, degradation, limits, overload
from autograder.labs import lab12_gates as gates
from autograder.labs import lab12_pages as pages
from autograder.labs import lab12_rush as rush
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab12_mistakes import MISTAKES

__all__ = ["LAB"]

RULES: tuple[tuple[Invariant, str], ...] = (
    (limits.never_more_than_the_bucket_gives, "A window of five a minute lets ten through in a second"),
    (limits.nobody_is_refused_a_token, "A bucket remembers two numbers"),
    (limits.the_wait_is_true, "A refusal is an answer, and says when to come back"),
    (limits.nothing_is_kept_for_ever, "A bucket remembers two numbers"),
    (degradation.every_page_is_there_in_time, "What is not needed must not be waited for"),
    (degradation.a_page_says_what_it_is, "Degraded is a state with a name"),
    (degradation.it_recovers_by_itself, "Degraded is a state with a name"),
    (degradation.the_fallback_adds_little, "The fallback that took the shop down"),
    (overload.checkouts_come_first, "Not every request is worth the same"),
    (overload.who_is_refused_hears_it_at_once, "Queueing is not kinder than refusing"),
    (overload.a_switch_is_followed, "A toggle is a branch that somebody else takes"),
    (overload.a_toggle_is_safe, "A toggle is a branch that somebody else takes"),
)
READ = {rule.__name__: heading for rule, heading in RULES}
NUMBERED = tuple(Rule(number=number, invariant=rule, read=heading) for number, (rule, heading) in enumerate(RULES, start=1))
(MORE, REFUSED, WAIT, KEPT, IN_TIME, SAYS, RECOVERS, LITTLE, FIRST, AT_ONCE, FOLLOWED, SAFE) = (rule.name for rule in NUMBERED)

EDGES = ("a1", "p48", "a4", "p4", "a5", "p10", "b2", "p42", "c5", "p600", "c7")
GATE = (limits.never_more_than_the_bucket_gives, limits.nobody_is_refused_a_token, limits.the_wait_is_true)
WHOLE_GATE = (*GATE, limits.nothing_is_kept_for_ever)
ATOMIC = "Read, then write, and two instances spend one token"
PAGE = (degradation.every_page_is_there_in_time, degradation.a_page_says_what_it_is, degradation.it_recovers_by_itself)


def _story(name: str, title: str, play: Any, words: tuple[str, ...], rules: tuple[Invariant, ...], **more: Any) -> VirtualScenario:
    return VirtualScenario(name=name, title=title, play=play, input=words, rules=rules, **more)


def _edges(name: str, gate: str, needs: str) -> VirtualScenario:
    return _story(
        name, "Ada's bucket holds 5 and gains 1 a second; she comes at its edges, at three instances with three clocks",
        gates.script(gate, 1.0, 5), EDGES, WHOLE_GATE, target="gate-1", needs=(needs,), stuck=REFUSED,
    )  # fmt: skip


ADMITTING = (
    gates.meeting(
        "meet-last", "Two instances, one client, one token", "enter_once", "h1t0", rules=GATE[:2], read=ATOMIC
    ),
    gates.meeting(
        "meet-used", "Two instances, one client, one of three tokens left", "enter_once", "h3t2", rules=GATE[:2], read=ATOMIC
    ),
    gates.meeting(
        "meet-enough", "Two instances, one client, two tokens", "enter_once", "h2t0", rules=GATE[:2], read=ATOMIC
    ),
    _edges("edges", "Gate", "admit"),
    _story(
        "too-soon", "Ada asks again before her token is there, and again when it is",
        gates.script("Gate", 1.0, 1), ("a1", "p6", "b1", "p6", "c1", "p6", "a1", "p6", "b1"), WHOLE_GATE, target="gate-1",
        needs=("admit",), stuck=REFUSED,
    ),
    _story(
        "killed", "An instance is killed at each of its commands",
        gates.script("Gate", 0.5, 3), ("a2", "p100", "b3", "p100", "a1"), WHOLE_GATE, target="gate-1", faults=KILLS,
        needs=("admit",), stuck=REFUSED,
    ),
    _story(
        "crowd", "12 s: Ada wants 2.5 times what her bucket gives, Bao half of his, at three instances",
        gates.crowd("Gate", 5.0, 10), ("shop",), WHOLE_GATE, target="gate-1", needs=("admit",), seeds=2, stuck=REFUSED,
    ),
)  # fmt: skip

VISITS = ("k1", "e2", "s3", "n4", "b5", "p100", "k6", "p700", "n7", "n8")

PAGES = (
    _story(
        "visits", "Eight visitors, one by one: the recommendations work, refuse, take 2 s, break, say nothing",
        pages.visits("product_page"), VISITS, PAGE, target="pages-1", needs=("product_page",), stuck=IN_TIME,
    ),
    *(
        _story(
            name, title, pages.outage("product_page", trouble), (trouble + "0",),
            (degradation.the_fallback_adds_little, *PAGE), target="pages-1", needs=("product_page",), stuck=IN_TIME,
        )
        for name, trouble, title in (
            ("outage-silent", "n", "20 visitors a second; for 20 s the recommendations say nothing"),
            ("outage-refused", "e", "20 visitors a second; for 20 s the recommendations refuse everybody"),
        )
    ),
)  # fmt: skip

SHEDDING = _story(
    "rush", "Ten calm seconds, then fifteen in which three times as much comes as can be served",
    rush.rush("serve"), ("shop",), (overload.checkouts_come_first, overload.who_is_refused_hears_it_at_once),
    target="desk-1", needs=("serve",), seeds=2, stuck=FIRST,
)  # fmt: skip

TOGGLES = _story(
    "toggles", "Two toggles are switched; their store stops, comes back, holds nonsense, falls silent",
    rush.toggles("Switchboard"), ("u1", "d2", "x1", "o1", "g2", "h1", "r1", "o2"),
    (overload.a_switch_is_followed, overload.a_toggle_is_safe), target="shop-1", needs=("Toggles",), stuck=SAFE,
)  # fmt: skip

LAB = Lab(
    number=12,
    name="lab12_resilience",
    title="Less, and said so",
    redis=True,
    day="day12_resilience",
    rules=NUMBERED,
    tasks=(
        Task(
            name="naive", title="The naive version", function="naive_admit",
            scenarios=(_edges("naive", "NaiveGate", "naive_admit"),), points={}, outcomes=(), graded=False,
        ),
        Task(
            name="admit", title="One bucket for three instances", function="admit", scenarios=ADMITTING,
            points={MORE: 14, REFUSED: 10, WAIT: 6, KEPT: 5}, outcomes=("O1", "O2", "O4"), minutes=35,
        ),
        Task(
            name="product_page", title="A page without recommendations", function="product_page", scenarios=PAGES,
            points={IN_TIME: 12, SAYS: 8, RECOVERS: 10, LITTLE: 10}, outcomes=("O2", "O4", "O5"), minutes=30,
        ),
        Task(
            name="serve", title="What is shed first", function="serve", scenarios=(SHEDDING,),
            points={FIRST: 7, AT_ONCE: 6}, outcomes=("O2", "O5"), stretch=True, minutes=25,
        ),
        Task(
            name="toggles", title="A switch with a safe position", function="Toggles", scenarios=(TOGGLES,),
            points={FOLLOWED: 6, SAFE: 6}, outcomes=("O2", "O4"), stretch=True, minutes=25,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a Redis that fails over and forgets, more than two instances in one schedule,"
        " a page without its catalog, other outages than these, a computer that is busy (computing costs no virtual time)."
    ),
)  # fmt: skip
