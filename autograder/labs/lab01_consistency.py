"""Lab 1: every acknowledged like is counted. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from autograder.explore.answers import AnswerSheet
from autograder.explore.virtual import DOUBLES, KILLS, LOSSES, VirtualScenario
from autograder.invariants import replicas as rule
from autograder.labs import lab01_beliefs, lab01_histories, lab01_operations
from autograder.labs import lab01_stories as story
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab01_mistakes import MISTAKES

__all__ = ["LAB"]

ANSWERED = rule.every_request_is_answered.__name__
NEVER_FALLS = rule.the_count_never_falls.__name__
AGREE = rule.replicas_agree.__name__
NOT_LOST = rule.no_like_is_lost_or_invented.__name__
HISTORIES = rule.the_histories_are_what_the_checker_finds.__name__
OPERATIONS = rule.operations_are_what_running_shows.__name__
LINEARIZABLE = rule.the_register_is_linearizable.__name__
GOES_ON = rule.a_majority_goes_on.__name__
IN_CART = rule.the_cart_keeps_what_nobody_removed.__name__

BOTH_SIDES = "Both sides answer, and the copies meet again"
WHO_WAITS = "One side waits, and nobody reads a lie"
LADDER = "Consistency is a ladder"
BY_COMPUTATION = "A bank and a social network are not two answers"

COUNTING = (
    rule.every_request_is_answered,
    rule.the_count_never_falls,
    rule.no_like_is_lost_or_invented,
    rule.replicas_agree,
)
REGISTER = (rule.the_register_is_linearizable, rule.a_majority_goes_on)
CART = (rule.every_request_is_answered, rule.the_cart_keeps_what_nobody_removed, rule.replicas_agree)


def _likes(name: str, kind: str, faults: tuple[str, ...]) -> VirtualScenario:
    return VirtualScenario(
        name=name,
        title="Four people like a post at three replicas, before and while replica-1 is cut off",
        play=story.likes(kind),
        input=("ada1", "bao2", "cleo3", "dan2"),
        target="replica-1",
        faults=faults,
        rules=COUNTING,
        needs=(kind,),
        stuck=ANSWERED,
        read=BOTH_SIDES,
    )


LIKES = (
    _likes("likes", "LikeCounter", (*LOSSES, *DOUBLES)),
    VirtualScenario(
        name="likes-weather",
        title="Messages are slow, get lost and overtake each other, and then the weather clears",
        play=story.likes_in_bad_weather("LikeCounter"),
        input=("ada1", "bao2", "cleo3"),
        target="replica-1",
        faults=(),
        seeds=12,
        rules=(rule.the_count_never_falls, rule.no_like_is_lost_or_invented, rule.replicas_agree),
        needs=("LikeCounter",),
        stuck=ANSWERED,
        read=BOTH_SIDES,
    ),
)

QUORUM = (
    VirtualScenario(
        name="register",
        title="Six people write and read at three replicas, two at a time, and replica-1 may die",
        play=story.register("QuorumRegister"),
        input=("w1", "w1", "r2", "r3", "w3", "r1"),
        target="replica-1",
        faults=(*KILLS, *LOSSES),
        rules=REGISTER,
        needs=("QuorumRegister",),
        stuck=GOES_ON,
        read=WHO_WAITS,
    ),
    VirtualScenario(
        name="register-far",
        title="Five replicas, of which three are far away: a value is read while it is still on its way",
        play=story.register_over_slow_links("QuorumRegister"),
        input=("w1", "r2at64", "r5at70", "r2at76", "r5at82"),
        target="replica-1",
        faults=LOSSES,
        rules=REGISTER,
        needs=("QuorumRegister",),
        stuck=GOES_ON,
        read=WHO_WAITS,
    ),
    VirtualScenario(
        name="register-split",
        title="Replica-3 is cut off; people write and read on both sides, and the network heals",
        play=story.register_split("QuorumRegister"),
        input=("w1", "r2", "w3", "r3", "w2"),
        target="replica-2",
        faults=LOSSES,
        rules=REGISTER,
        needs=("QuorumRegister",),
        stuck=GOES_ON,
        read=WHO_WAITS,
    ),
    VirtualScenario(
        name="register-weather",
        title="Messages are slow, get lost and overtake each other while three people write and read",
        play=story.register_in_bad_weather("QuorumRegister"),
        input=("ada1", "bao2", "cleo3"),
        target="replica-1",
        faults=(),
        seeds=20,
        rules=REGISTER,
        needs=("QuorumRegister",),
        stuck=GOES_ON,
        read=WHO_WAITS,
    ),
)

CARTS = (
    VirtualScenario(
        name="cart",
        title="A cart on two sides of a split: one removes what the other adds again",
        play=story.cart("Cart"),
        input=("al1", "am2", "ac3", "s", "al2", "rl1", "rm3", "rc1", "ac1", "h", "rl3", "am2"),
        target="replica-1",
        faults=(),
        rules=CART,
        needs=("Cart",),
        stuck=ANSWERED,
        read=BOTH_SIDES,
    ),
)

_above_chance = 5
"""With two words to choose from, half of the answers are right by chance."""

LAB = Lab(
    number=1,
    name="lab01_consistency",
    title="Every acknowledged like is counted",
    day="day01_consistency",
    rules=(
        Rule(number=1, invariant=rule.every_request_is_answered, read=BOTH_SIDES),
        Rule(number=2, invariant=rule.the_count_never_falls, read=BOTH_SIDES),
        Rule(number=3, invariant=rule.replicas_agree, read=BOTH_SIDES),
        Rule(number=4, invariant=rule.no_like_is_lost_or_invented, read=BOTH_SIDES),
        Rule(number=5, invariant=rule.the_histories_are_what_the_checker_finds, read=LADDER),
        Rule(number=6, invariant=rule.operations_are_what_running_shows, read=BY_COMPUTATION),
        Rule(number=7, invariant=rule.the_register_is_linearizable, read=WHO_WAITS),
        Rule(number=8, invariant=rule.a_majority_goes_on, read=WHO_WAITS),
        Rule(number=9, invariant=rule.the_cart_keeps_what_nobody_removed, read=BOTH_SIDES),
    ),
    tasks=(
        Task(
            name="naive",
            title="The naive version",
            function="NaiveLikeCounter",
            scenarios=(_likes("naive", "NaiveLikeCounter", ()),),
            points={},
            outcomes=(),
            graded=False,
        ),
        Task(
            name="LikeCounter",
            title="A count that is always available",
            function="LikeCounter",
            scenarios=LIKES,
            points={ANSWERED: 8, NEVER_FALLS: 5, AGREE: 8, NOT_LOST: 18},
            outcomes=("O1", "O2", "O4"),
            minutes=30,
        ),
        Task(
            name="histories",
            title="Eight histories, judged before the checker does",
            function="histories",
            scenarios=(
                AnswerSheet(
                    name="histories",
                    title="Eight histories",
                    function="histories",
                    questions={told.name: lab01_histories.LEVELS for told in lab01_histories.HISTORIES},
                    truth=lambda answers: lab01_histories.truth(),
                    rule=rule.the_histories_are_what_the_checker_finds,
                    belief=lab01_beliefs.of_histories,
                    read=LADDER,
                ),
            ),
            points={HISTORIES: 16},
            outcomes=("O1", "O3"),
            minutes=20,
        ),
        Task(
            name="operations",
            title="What may stay available",
            function="operations",
            scenarios=(
                AnswerSheet(
                    name="operations",
                    title="Ten operations of a bank and a social network",
                    function="operations",
                    questions={
                        one.name: (lab01_operations.AVAILABLE, lab01_operations.WAIT) for one in lab01_operations.OPERATIONS
                    },
                    truth=lambda answers: lab01_operations.truth(),
                    rule=rule.operations_are_what_running_shows,
                    belief=lab01_beliefs.of_operations,
                    worth=lambda right, asked: max(0, right - _above_chance) / (asked - _above_chance),
                    read=BY_COMPUTATION,
                ),
            ),
            points={OPERATIONS: 16},
            outcomes=("O1", "O5"),
            minutes=15,
        ),
        Task(
            name="QuorumRegister",
            title="A register that never lies",
            function="QuorumRegister",
            scenarios=QUORUM,
            points={LINEARIZABLE: 14, GOES_ON: 5},
            outcomes=("O1", "O2", "O4"),
            stretch=True,
            minutes=60,
        ),
        Task(
            name="Cart",
            title="A cart in which removals mean something",
            function="Cart",
            scenarios=CARTS,
            points={IN_CART: 6, AGREE: 2, ANSWERED: 2},
            outcomes=("O1", "O2", "O5"),
            stretch=True,
            minutes=40,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: clocks that go wrong, a replica that crashes and forgets, more than one crashed"
        " replica, replicas that lie, and every other order of the messages than those that were played."
    ),
)
