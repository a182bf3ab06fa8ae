"""Lab 8: any instance will do. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.explore.virtual import KILLS, LOSSES, VirtualScenario
from autograder.invariants import scaling as rule
from autograder.labs import lab08_scenarios as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab08_balancing import FLEETS, fleet
from autograder.labs.lab08_bottleneck import SHEET
from autograder.labs.lab08_mistakes import MISTAKES

__all__ = ["LAB"]

LOST = rule.nothing_acknowledged_is_lost.__name__
ONCE = rule.repeats_count_once.__name__
ANY = rule.any_instance_serves.__name__
NAMED = rule.the_bottleneck_is_named.__name__
SLOWEST = rule.the_slowest_hundredth.__name__

CARTS = (rule.nothing_acknowledged_is_lost, rule.repeats_count_once, rule.any_instance_serves)
STATELESS = "Any instance can serve whoever asks"
BALANCED = "Who picks the instance"


def _any_instance(name: str, add: str, show: str, faults: tuple[str, ...]) -> VirtualScenario:
    return VirtualScenario(
        name=name,
        read=STATELESS,
        title="Every request reaches another instance, and cart-1 may die for good",
        play=story.any_instance(add, show),
        input=("a1", "b1", "a2", "a4"),
        target="cart-1",
        faults=faults,
        rules=CARTS,
        needs=(add, show),
        stuck=ANY,
    )


CART = (
    _any_instance("cart", "add_to_cart", "show_cart", (*KILLS, *LOSSES)),
    VirtualScenario(
        name="tabs",
        read=STATELESS,
        title="Ada's and Bao's tabs ask three instances at the same moment",
        play=story.two_tabs("add_to_cart", "show_cart"),
        input=("a1", "a2", "b1", "a3"),
        target="cart-1",
        faults=(*KILLS, *LOSSES),
        rules=CARTS,
        needs=("add_to_cart", "show_cart"),
        seeds=4,
        stuck=ANY,
    ),
    VirtualScenario(
        name="click",
        read=STATELESS,
        title="A double click: one request reaches two instances at the same moment, and comes twice more",
        play=story.double_click("add_to_cart", "show_cart"),
        input=("a1",),
        target="cart-1",
        faults=(*KILLS, *LOSSES),
        rules=CARTS,
        needs=("add_to_cart", "show_cart"),
        seeds=4,
        stuck=ANY,
    ),
)

PICK = tuple(
    VirtualScenario(
        name=f"pick-{word}",
        read=BALANCED,
        title=f"1,500 requests for {held.title}",
        play=fleet("pick"),
        input=(word,),
        rules=(rule.the_slowest_hundredth,),
        needs=("pick",),
        stuck=SLOWEST,
    )
    for word, held in FLEETS.items()
)

LAB = Lab(
    number=8,
    name="lab08_scalability",
    title="Any instance will do",
    day="day08_scalability",
    rules=(
        Rule(number=1, invariant=rule.nothing_acknowledged_is_lost, read=STATELESS),
        Rule(number=2, invariant=rule.repeats_count_once, read=STATELESS),
        Rule(number=3, invariant=rule.any_instance_serves, read=STATELESS),
        Rule(number=4, invariant=rule.the_bottleneck_is_named, read="Scale what is full"),
        Rule(number=5, invariant=rule.the_slowest_hundredth, read=BALANCED),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="naive_add_to_cart",
            scenarios=(_any_instance("naive", "naive_add_to_cart", "naive_show_cart", ()),),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="add_to_cart",
            title="A stateless cart",
            function="add_to_cart",
            scenarios=CART,
            points={LOST: 20, ONCE: 12, ANY: 8},
            outcomes=("O1", "O2", "O4"),
            minutes=35,
        ),
        Task(
            name="bottleneck",
            title="The bottleneck",
            function="bottleneck",
            scenarios=(SHEET,),
            points={NAMED: 35},
            outcomes=("O3", "O5"),
            minutes=25,
        ),
        Task(
            name="pick",
            title="A balancer for uneven instances",
            function="pick",
            scenarios=PICK,
            points={SLOWEST: 25},
            outcomes=("O4", "O5"),
            stretch=True,
            minutes=40,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: a store that dies, is slow or full, two instances that die, an instance that"
        " fails at once and looks idle, several balancers, work that gets slower under load."
    ),
)
