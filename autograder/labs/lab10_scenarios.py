"""The stories that lab 10 plays: two buyers at one shelf, in every order of their statements.

An input word says what the shelf holds: ``l1`` is one lamp, ``l3m1`` three lamps and one mug.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from autograder.explore.schedules import ScheduleScenario
from autograder.explore.stage import Job, Stage
from autograder.invariants import Invariant
from shop import price_of

__all__ = ["Basket", "meeting"]

ITEMS = {"l": "lamp", "m": "mug", "s": "sofa", "v": "vase"}
BUYERS = ("Ada", "Bao", "Chidi")
TABLES = ("stock", "reservation")
ERRORS = ("raised", "killed")

Basket = tuple[tuple[str, int], ...]
"""The lines of one wish: item and quantity."""


def meeting(
    name: str,
    title: str,
    function: str,
    shelf: str,
    *baskets: Basket,
    rules: tuple[Invariant, ...],
    read: str,
    preemptions_max: int | None = None,
    looks_max: int = 1,
) -> ScheduleScenario:
    """Buyers with these baskets meet at this shelf."""
    wishes = [_wish(number, basket) for number, basket in enumerate(baskets)]
    jobs = tuple(Job(f"checkout-{number}", function, (wish,)) for number, wish in enumerate(wishes, start=1))
    return ScheduleScenario(
        name=name,
        title=title,
        input=(shelf,),
        prepare=lambda stage: _fill(stage, shelf_of(stage.input[0])),
        calls=lambda stage: jobs,
        finish=_finish(wishes, looks_max),
        rules=rules,
        needs=(function,),
        read=read,
        alike=len(set(baskets)) == 1,
        preemptions_max=preemptions_max,
    )


def shelf_of(word: str) -> dict[str, int]:
    """What a word puts on the shelf.

    >>> shelf_of("l3m1")
    {'lamp': 3, 'mug': 1}
    """
    return {ITEMS[letter]: int(count) for letter, count in re.findall(r"([lmsv])(\d+)", word)}


def _wish(number: int, basket: Basket) -> dict[str, object]:
    return {
        "$": "Reserve",
        "reservation_id": f"r-{number + 1}",
        "buyer": BUYERS[number],
        "lines": [list(one) for one in basket],
    }


def _fill(stage: Stage, shelf: Mapping[str, int]) -> None:
    for item, count in shelf.items():
        stage.seed("insert into stock (item, free) values (%s, %s)", item, count)


def _finish(wishes: list[dict[str, object]], looks_max: int) -> Callable[[Stage], None]:
    """Whoever got an error asks again; then everybody's answer is held against what is stored."""

    def finish(stage: Stage) -> None:
        answers: dict[str, object] = {}
        for (job, result), wish in zip(list(stage.results), wishes, strict=True):
            if result.kind in ERRORS and stage.until_done(job.process, job.function, *job.arguments):
                result = stage.results[-1][1]
            answers[str(wish["reservation_id"])] = result.value if result.kind == "returned" else None
        stage.snapshot(
            "when everybody has an answer",
            TABLES,
            had=shelf_of(stage.input[0]),
            prices={
                item: [price_of(left) for left in range(had, 0, -1)] for item, had in shelf_of(stage.input[0]).items()
            },
            wishes=wishes,
            answers={name: answer for name, answer in answers.items() if answer is not None},
            looks_max=looks_max,
        )

    return finish
