"""Lab 9: fast, and never wrong for long. What is played, which rules must hold, what each is worth."""

from __future__ import annotations

from typing import Any

from autograder.backends.databases import SCHEMA
from autograder.explore.scenario import Playable
from autograder.explore.virtual import KILLS, VirtualScenario
from autograder.invariants import Invariant
from autograder.invariants import cached_writes as writes
from autograder.invariants import caching as rule
from autograder.labs import lab09_scenarios as story
from autograder.labs import lab09_traffic as traffic
from autograder.labs.lab import Lab, Rule, Task
from autograder.labs.lab09_mistakes import MISTAKES
from autograder.labs.lab09_traffic import Story
from autograder.labs.lab09_workload import PLAN, READ
from autograder.labs.lab09_writes import LOCK, READ_BEHIND, READ_LOCK, READ_THROUGH, THROUGH, VIEWS

__all__ = ["LAB"]

FRESH = rule.no_stale_look.__name__
SERVES = rule.the_cache_serves.__name__
ENDS = rule.a_value_ends_by_itself.__name__
ANSWERED = rule.each_look_is_answered.__name__
SPREAD = rule.expiry_is_spread.__name__
ONE = rule.one_question_at_a_time.__name__
MISSING = rule.a_missing_product_is_remembered.__name__
SURVIVES = rule.the_database_survives.__name__
SERVED = rule.most_buyers_are_served.__name__
COMMITTED = writes.only_the_committed_is_shown.__name__
ONCE = writes.each_view_counts_once.__name__
BEHIND = writes.few_views_reach_postgres.__name__
STATED = writes.the_loss_is_as_stated.__name__
RATIO = writes.the_hit_ratio_is_near_the_best.__name__
HOLDER = writes.one_holder_at_a_time.__name__
LATE = writes.a_late_holder_changes_nothing.__name__
FREE = writes.the_lock_comes_free.__name__

ASIDE = (rule.no_stale_look, rule.the_cache_serves, rule.a_value_ends_by_itself, rule.each_look_is_answered)
STALE = "Update the table, delete the key: in some orders the old value stays"
CROWD = "A key that expires sends everybody to the database"
DEAD = "A dead cache is not a slow cache"


def _aside(name: str, get: str, put: str) -> tuple[Playable, ...]:
    return (
        story.calm(f"{name}-calm", get, put, ASIDE, STALE),
        story.meets(f"{name}-cold", get, put, "cold", ASIDE, STALE),
        story.meets(f"{name}-new", get, put, "new", ASIDE, STALE),
        story.meets(f"{name}-warm", get, put, "warm", ASIDE, STALE),
        story.two_puts(f"{name}-puts", get, put, ASIDE, STALE),
        story.crashed_put(f"{name}-put", get, put, ASIDE, STALE),
        story.crashed_look(f"{name}-look", get, put, ASIDE, STALE),
        story.meets_and_dies(f"{name}-dies", get, put, ASIDE, STALE),
    )


def _virtual(
    name: str, title: str, play: Story, rules: tuple[Invariant, ...], read: str, needs: str, **more: Any
) -> VirtualScenario:
    return VirtualScenario(
        name=name,
        title=title,
        play=play,
        input=("shop",),
        rules=rules,
        needs=(needs,),
        read=read,
        stuck=rules[-1].__name__,
        **more,
    )


CATALOGUE = (
    _virtual(
        "crowd-dies", "Six buyers look at one lamp, and whoever fetches it may die on the way",
        traffic.nobody_waits_for_the_dead("Catalogue"), (rule.one_question_at_a_time,), CROWD, "Catalogue",
        target="shop-1", faults=KILLS,
    ),
    _virtual(
        "crowd", "Twenty buyers a second look at one lamp", traffic.crowd("Catalogue"),
        (rule.one_question_at_a_time,), CROWD, "Catalogue", seeds=2,
    ),
    _virtual(
        "unicorns", "Somebody asks for a unicorn, 2.5 times a second; then the shop has one", traffic.unicorns("Catalogue"),
        (rule.a_missing_product_is_remembered,), CROWD, "Catalogue",
    ),
    _virtual(
        "together", "Forty products are looked at in the same second, and again a minute later",
        traffic.filled_together("Catalogue"), (rule.expiry_is_spread,), CROWD, "Catalogue", seeds=2,
    ),
)  # fmt: skip

STURDY = tuple(
    _virtual(
        f"cache-{trouble}", title, traffic.dead_cache("SturdyCatalogue", trouble),
        (rule.the_database_survives, rule.most_buyers_are_served), DEAD, "SturdyCatalogue",
    )
    for trouble, title in {
        "dies": "Redis dies for six seconds",
        "hangs": "Redis is silent for six seconds",
        "empties": "Redis dies and is back at once, with nothing in it",
    }.items()
)  # fmt: skip

LAB = Lab(
    number=9,
    name="lab09_caching",
    title="Fast, and never wrong for long",
    day="day09_caching",
    rules=(
        Rule(number=1, invariant=rule.no_stale_look, read=STALE),
        Rule(number=2, invariant=rule.the_cache_serves, read=STALE),
        Rule(number=3, invariant=rule.a_value_ends_by_itself, read=STALE),
        Rule(number=4, invariant=rule.each_look_is_answered, read=STALE),
        Rule(number=5, invariant=rule.one_question_at_a_time, read=CROWD),
        Rule(number=6, invariant=rule.a_missing_product_is_remembered, read=CROWD),
        Rule(number=7, invariant=rule.expiry_is_spread, read=CROWD),
        Rule(number=8, invariant=rule.the_database_survives, read=DEAD),
        Rule(number=9, invariant=rule.most_buyers_are_served, read=DEAD),
        Rule(number=10, invariant=writes.only_the_committed_is_shown, read=READ_THROUGH),
        Rule(number=11, invariant=writes.each_view_counts_once, read=READ_BEHIND),
        Rule(number=12, invariant=writes.the_loss_is_as_stated, read=READ_BEHIND),
        Rule(number=13, invariant=writes.few_views_reach_postgres, read=READ_BEHIND),
        Rule(number=14, invariant=writes.the_hit_ratio_is_near_the_best, read=READ),
        Rule(number=15, invariant=writes.one_holder_at_a_time, read=READ_LOCK),
        Rule(number=16, invariant=writes.a_late_holder_changes_nothing, read=READ_LOCK),
        Rule(number=17, invariant=writes.the_lock_comes_free, read=READ_LOCK),
    ),
    tasks=(
        Task(
            name="naive", title="The naive version", function="naive_get_product",
            scenarios=_aside("naive", "naive_get_product", "naive_put_product")[1:2], points={}, outcomes=(), graded=False,
        ),
        Task(
            name="get_product", title="Cache aside, and never stale", function="get_product",
            scenarios=_aside("aside", "get_product", "put_product"),
            points={FRESH: 12, SERVES: 4, ENDS: 3, ANSWERED: 3}, outcomes=("O1", "O4"), minutes=25,
        ),
        Task(
            name="catalogue", title="A crowd at one key", function="Catalogue", scenarios=CATALOGUE,
            points={ONE: 10, MISSING: 6, SPREAD: 6}, outcomes=("O2", "O4"), minutes=20,
        ),
        Task(
            name="sturdy", title="The day the cache dies", function="SturdyCatalogue", scenarios=STURDY,
            points={SURVIVES: 9, SERVED: 7}, outcomes=("O2", "O4", "O5"), minutes=25,
        ),
        Task(
            name="put_through", title="Written through", function="put_through", scenarios=THROUGH,
            points={COMMITTED: 3, FRESH: 5, SERVES: 2}, outcomes=("O4", "O5"), stretch=True, minutes=20,
        ),
        Task(
            name="views", title="Written behind", function="record_view", scenarios=VIEWS,
            points={ONCE: 5, STATED: 3, BEHIND: 2}, outcomes=("O2", "O4", "O5"), stretch=True, minutes=40,
        ),
        Task(
            name="plan", title="What to cache", function="what_to_cache", scenarios=PLAN,
            points={RATIO: 10}, outcomes=("O3", "O5"), stretch=True, minutes=25,
        ),
        Task(
            name="lock", title="A lock that can expire", function="acquire", scenarios=LOCK,
            points={HOLDER: 3, LATE: 5, FREE: 2}, outcomes=("O1", "O2", "O4"), stretch=True, minutes=30,
        ),
    ),
    mistakes=MISTAKES,
    not_shown=(
        "Not shown by any run of this lab: more than two requests that meet (three with the clock), Redis with replicas,"
        " eviction in a Redis that is full, a Postgres that fails over, clocks that differ, a switch inside one script."
    ),
    schema=SCHEMA.with_name("catalogue.sql"),
    redis=True,
)  # fmt: skip
