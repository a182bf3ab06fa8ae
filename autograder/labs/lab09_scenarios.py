"""The stories that lab 9 plays on the real Redis and the real Postgres: a look at a product meets its update.

The words of a story say what is there: ``warm`` is a lamp that somebody has looked at, ``cold`` one that nobody has,
``new`` one that the shop does not have yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.explore.schedules import ScheduleScenario
from autograder.explore.stage import Job, Stage
from autograder.invariants import Invariant
from autograder.invariants.caching import Look

__all__ = ["calm", "crashed_look", "crashed_put", "look", "meets", "meets_and_dies", "two_puts"]

ID, NAME, OLD, NEW, NEWER = "p-1", "lamp", 9000, 8000, 7000
LATER = "a second after the update was acknowledged"
TABLES = ("product",)
A_SECOND_MS, WARM_MS, TTL_MS = 1001, 39_000, 66_001
PUTS = {NEW: (ID, NAME, NEW), NEWER: (ID, NAME, NEWER)}


def meets(name: str, get: str, put: str, word: str, rules: tuple[Invariant, ...], read: str) -> ScheduleScenario:
    """One buyer looks while the price is changed, in every order of their requests."""
    titles = {
        "cold": "A look at a product that nobody has looked at meets its update",
        "warm": "A look at a cached product meets its update",
        "new": "A look at a product that does not exist meets its arrival",
    }
    return ScheduleScenario(
        name=name,
        title=titles[word],
        input=(word,),
        prepare=lambda stage: _prepare(stage, get),
        calls=lambda stage: (Job("reader-1", get, (ID,)), Job("writer-1", put, PUTS[NEW])),
        finish=_settled(get),
        rules=rules,
        needs=(get, put),
        read=read,
        alike=False,
    )


def meets_and_dies(name: str, get: str, put: str, rules: tuple[Invariant, ...], read: str) -> ScheduleScenario:
    """One buyer looks while the price is changed, and one of the two dies on the way; whoever died is asked again."""
    met = meets(name, get, put, "cold", rules, read)
    return replace(met, title="A look meets an update, and one of them is killed and comes again", kills=True)


def two_puts(name: str, get: str, put: str, rules: tuple[Invariant, ...], read: str, word: str = "warm") -> ScheduleScenario:
    """Two updates of the same product, in every order of their requests."""
    return ScheduleScenario(
        name=name,
        title="Two updates of one product meet",
        input=(word,),
        prepare=lambda stage: _prepare(stage, get),
        calls=lambda stage: (Job("writer-1", put, PUTS[NEW]), Job("writer-2", put, PUTS[NEWER])),
        finish=_settled(get),
        rules=rules,
        needs=(get, put),
        read=read,
        alike=True,
    )


def crashed_put(name: str, get: str, put: str, rules: tuple[Invariant, ...], read: str, word: str = "warm") -> Scenario:
    """The update is struck at each of its requests; whoever asked for it asks again."""

    def play(stage: Stage) -> None:
        _prepare(stage, get)
        undone = "" if stage.until_done("writer-1", put, *PUTS[NEW]) else f"the update is never done: {stage.trouble}"
        _look_later(stage, get, undone=undone)

    return Scenario(
        name=name, title="An update is struck, and asked for again", play=play, input=(word,), target="writer-1",
        faults=CRASH_FAULTS, rules=rules, needs=(get, put), read=read,
    )  # fmt: skip


def crashed_look(name: str, get: str, put: str, rules: tuple[Invariant, ...], read: str) -> Scenario:
    """A look is struck at each of its requests; then comes an update, and another look."""

    def play(stage: Stage) -> None:
        _prepare(stage, get)
        answered = stage.until_done("reader-1", get, ID)
        answers = [stage.results[-1][1].value] if answered else []
        undone = "" if answered else f"the look is never answered: {stage.trouble}"
        if not stage.until_done("writer-1", put, *PUTS[NEW]):
            undone = f"the update is never done: {stage.trouble}"
        _look_later(stage, get, undone=undone, answers=answers)

    return Scenario(
        name=name, title="A look is struck, and comes again", play=play, input=("cold",), target="reader-1",
        faults=CRASH_FAULTS, rules=rules, needs=(get, put), read=read,
    )  # fmt: skip


def calm(name: str, get: str, put: str, rules: tuple[Invariant, ...], read: str) -> Scenario:
    """One thing after the other: looks, an update, and a change that the cache hears nothing of."""

    def play(stage: Stage) -> None:
        _prepare(stage, get)
        looks = []
        for product_id in (ID, "unicorn"):
            for warm in (False, True):
                looks.append(look(stage, get, "a moment later", product_id, warm=warm))
        stage.lane.redis.pass_time(WARM_MS)
        looks.append(look(stage, get, "39 s later", warm=True))
        undone = "" if stage.until_done("writer-1", put, *PUTS[NEW]) else f"the update is never done: {stage.trouble}"
        stage.lane.redis.pass_time(A_SECOND_MS)
        looks.append(look(stage, get, LATER))
        stage.seed("update product set price = %s, version = version + 1 where id = %s", NEWER, ID)
        stage.note("buyer's tool", "changes the price in the table; then 66 s pass")
        stage.lane.redis.pass_time(TTL_MS)
        looks.append(look(stage, get, "67 s later", expired=True))
        stage.snapshot("in the end", TABLES, looks=looks, undone=undone)

    return Scenario(
        name=name, title="Looks, an update, and a change behind the cache's back", play=play, input=("cold",),
        target="reader-1", faults=(), rules=rules, needs=(get, put), read=read,
    )  # fmt: skip


# ---- what they share


def _prepare(stage: Stage, get: str) -> None:
    if "new" not in stage.input:
        stage.seed("insert into product (id, name, price) values (%s, %s, %s)", ID, NAME, OLD)
    if "warm" in stage.input:
        stage.once("buyer-1", get, ID)


def _settled(get: str) -> Callable[[Stage], None]:
    """Whoever got an error asks again; a second later somebody looks."""

    def finish(stage: Stage) -> None:
        undone, answers = "", []
        for job, result in [pair for pair in stage.results if pair[0].process != "buyer-1"]:
            if result.kind != "returned":
                if not stage.until_done(job.process, job.function, *job.arguments):
                    undone = f"{job.function} gets an error again and again: {stage.trouble}"
                    continue
                result = stage.results[-1][1]
            if job.function == get:
                answers.append(result.value)
        _look_later(stage, get, undone=undone, answers=answers)

    return finish


def _look_later(stage: Stage, get: str, *, undone: str, answers: Sequence[Any] = ()) -> None:
    """A second passes in Redis; then a process that knows nothing looks."""
    stage.lane.redis.pass_time(A_SECOND_MS)
    seen = look(stage, get, LATER)
    ever = [_product(price) for price in (OLD, NEW, NEWER)] + ([None] if "new" in stage.input else [])
    stage.snapshot("in the end", TABLES, looks=[seen], undone=undone, answers=list(answers), ever=ever)


def look(
    stage: Stage, get: str, moment: str, product_id: str = ID, *, warm: bool = False, expired: bool = False
) -> Look:
    """One look by a process that knows nothing, and how many statements of Postgres it took."""
    before = len(stage.recorder.entries)
    result = stage.once("buyer-2", get, product_id)
    if result.kind == "raised":
        result = stage.once("buyer-2", get, product_id)
    asked = [one for one in stage.recorder.entries[before:] if one.process == "buyer-2" and one.backend == "postgres"]
    row = stage.lane.database.execute("select id, name, price from public.product where id = %s", [product_id]).fetchone()
    return Look(
        moment=moment,
        shown=result.value if result.kind == "returned" else None,
        stored=dict(zip(("id", "name", "price"), row, strict=True)) if row else None,
        error="" if result.kind == "returned" else result.error or result.kind,
        statements=len(asked),
        warm=warm,
        expired=expired,
    )


def _product(price: int) -> dict[str, Any]:
    return {"id": ID, "name": NAME, "price": price}
