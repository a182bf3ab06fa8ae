"""The stories of lab 9's further tasks on the real Redis and Postgres: writing through, writing behind, and a lock."""

from __future__ import annotations

import json
from typing import Any

from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.explore.schedules import ScheduleScenario
from autograder.explore.stage import Job, Stage
from autograder.invariants import cached_writes as rule
from autograder.invariants import caching
from autograder.invariants.cached_writes import Holder
from autograder.labs.lab09_scenarios import ID, LATER, NEW, NEWER, OLD, PUTS, TABLES, look

__all__ = ["LOCK", "READ_BEHIND", "READ_LOCK", "READ_THROUGH", "THROUGH", "VIEWS"]

THROUGH_RULES = (rule.only_the_committed_is_shown, caching.no_stale_look, caching.the_cache_serves)
VIEW_RULES = (rule.each_view_counts_once,)
READ_THROUGH = "Write through, and write behind"
READ_BEHIND = READ_THROUGH
READ_LOCK = "A lock that can expire protects nothing by itself"
PUT, SHOWN = "put_through", "look_through"
KILLS = ("kill-before", "kill-after")
STRUCK = (*KILLS, "cut-after")


# ---- write-through


def _seed(stage: Stage) -> None:
    stage.seed("insert into product (id, name, price) values (%s, 'lamp', %s)", ID, OLD)


def _through(stage: Stage) -> None:
    """The update is struck; then somebody looks into the cache; then it is asked for again."""
    _seed(stage)
    stage.once("writer-1", PUT, *PUTS[NEW])
    cached = stage.lane.redis.ask("GET", f"shown:{ID}")
    row = stage.lane.rows("product")[0]["price"]
    stage.snapshot("after the fault", TABLES, cached=_price(cached), committed=sorted({OLD, row}, reverse=True))
    if not stage.until_done("writer-1", PUT, *PUTS[NEW]):
        stage.snapshot("in the end", TABLES, looks=[caching.Look(moment="", shown=None, stored=None, error=stage.trouble)])
        return
    _shown(stage)


def _price(cached: Any) -> Any:
    try:
        return json.loads(cached)["price"] if cached is not None else None
    except (ValueError, KeyError, TypeError):
        return cached


def _shown(stage: Stage) -> None:
    """What the given reader shows, after whoever got an error has asked again."""
    for job, result in [pair for pair in stage.results if pair[1].kind != "returned"]:
        stage.until_done(job.process, job.function, *job.arguments)
    stage.lane.redis.pass_time(1001)
    stage.snapshot("in the end", TABLES, looks=[look(stage, SHOWN, LATER, warm=True)])


THROUGH = (
    Scenario(
        name="through-put", title="An update is struck, and asked for again", play=_through, input=("lamp",),
        target="writer-1", faults=CRASH_FAULTS, rules=THROUGH_RULES, needs=(PUT,), read=READ_THROUGH,
    ),
    ScheduleScenario(
        name="through-puts", title="Two updates of one product meet", input=("lamp",), prepare=_seed,
        calls=lambda stage: (Job("writer-1", PUT, PUTS[NEW]), Job("writer-2", PUT, PUTS[NEWER])),
        finish=_shown, rules=THROUGH_RULES, needs=(PUT,), read=READ_THROUGH,
    ),
)  # fmt: skip


# ---- write-behind

VIEW, FLUSH, MANY = "record_view", "flush", "record_views"
SEEN = {"p-1": 3, "p-2": 2}
VIEWS_MAX = 24


def _counted(stage: Stage) -> dict[str, int]:
    return {row["product_id"]: row["views"] for row in stage.lane.rows("page_view")}


def _flushed(stage: Stage, viewed: dict[str, int]) -> None:
    undone = "" if stage.drain("flusher-1", FLUSH) else f"the flush never comes to its end: {stage.trouble}"
    stage.snapshot("when all is flushed", (), viewed=viewed, counted=_counted(stage), undone=undone)


def _view(stage: Stage) -> None:
    for product, count in SEEN.items():
        stage.once("page-1", MANY, product, count)


def _struck_flush(stage: Stage) -> None:
    _view(stage)
    stage.once("flusher-1", FLUSH)
    stage.once("page-1", MANY, "p-1", 1)
    _flushed(stage, {**SEEN, "p-1": SEEN["p-1"] + 1})


def _after_meeting(stage: Stage) -> None:
    viewed = dict(SEEN)
    for job, result in list(stage.results):
        if job.process == "page-2":
            if result.kind != "returned":
                stage.until_done(job.process, job.function, *job.arguments)
            viewed["p-1"] += 1
    _flushed(stage, viewed)


def _lose_everything(stage: Stage) -> None:
    """One view after the other, until most are not in the table; then the same again, and Redis dies there."""
    stated = stage.once("page-1", "loss_window")
    worst, died_after, reached = 0, 0, 0
    for number in range(1, VIEWS_MAX + 1):
        before = len(stage.recorder.entries)
        stage.once("page-1", VIEW, ID)
        reached += any(entry.backend == "postgres" for entry in stage.recorder.entries[before:])
        missing = number - _counted(stage).get(ID, 0)
        if missing > worst:
            worst, died_after = missing, number
    stage.lane.reset()
    stage.take_the_tap()
    stage.once("page-1", MANY, ID, died_after)
    stage.lane.redis.ask("FLUSHALL")
    stage.note("Redis", "dies, with all that it holds")
    stage.drain("flusher-1", FLUSH)
    lost = died_after - _counted(stage).get(ID, 0)
    stage.snapshot(
        "when all is flushed", (), views=VIEWS_MAX, reached=reached, lost=lost, died_after=died_after,
        stated=stated.value if stated.kind == "returned" else stated.error,
    )  # fmt: skip


VIEWS = (
    Scenario(
        name="views-lost", title="Redis dies with all it holds, at the worst moment", play=_lose_everything, input=("v24",),
        target="page-1", faults=(), rules=(rule.the_loss_is_as_stated, rule.few_views_reach_postgres),
        needs=(VIEW, FLUSH, "loss_window"), read=READ_BEHIND,
    ),
    Scenario(
        name="views-flush", title="A flush is struck, and comes again", play=_struck_flush, input=("v5",),
        target="flusher-1", faults=STRUCK, rules=VIEW_RULES, needs=(VIEW, FLUSH), read=READ_BEHIND,
    ),
    ScheduleScenario(
        name="views-meet", title="A view comes while the flush runs", input=("v5",), prepare=_view,
        calls=lambda stage: (Job("flusher-1", FLUSH), Job("page-2", MANY, ("p-1", 1))), finish=_after_meeting,
        rules=VIEW_RULES, needs=(VIEW, FLUSH), read=READ_BEHIND, alike=False,
    ),
    ScheduleScenario(
        name="views-two", title="Two flushes at the same time", input=("v5",), prepare=_view,
        calls=lambda stage: (Job("flusher-1", FLUSH), Job("flusher-2", FLUSH)), finish=_after_meeting,
        rules=VIEW_RULES, needs=(VIEW, FLUSH), read=READ_BEHIND,
    ),
)  # fmt: skip


# ---- the lock

LOCK_RULES = (rule.one_holder_at_a_time, rule.a_late_holder_changes_nothing, rule.the_lock_comes_free)
PRICES = {"worker-1": 8000, "worker-2": 7000}
TTL_S = 10
OVER_MS = 10_001
A_NIGHT_MS = 12 * 3_600_000
"""Between one holder and the next; whoever slept through it still holds its old token."""
NEEDED = ("acquire", "release", "write_price")


def _tag(stage: Stage) -> None:
    stage.seed("insert into price_tag (item) values ('lamp')")


def _held(expired: bool) -> Any:
    def finish(stage: Stage) -> None:
        found = []
        for job, result in stage.results:
            if job.process in PRICES:
                told = result.value if result.kind == "returned" and isinstance(result.value, dict) else {}
                found.append(
                    Holder(process=job.process, token=told.get("token"), wrote=told.get("wrote"), price=PRICES[job.process])
                )
        stage.snapshot("in the end", ("price_tag",), holders=found, expired=expired)

    return finish


def _jobs(stage: Stage) -> tuple[Job, ...]:
    return tuple(Job(process, "reprice", ("lamp", price)) for process, price in PRICES.items())


def _late(stage: Stage) -> None:
    """Ada gets the lock, and sleeps longer than it lasts; Bao gets it; Ada wakes up, and goes on where she was."""
    _tag(stage)
    known: dict[str, Any] = {}
    first = _acquire(stage, "ada", known)
    if known or _acquire(stage, "bao", known, free=False) is not None:
        known.setdefault("second_holder", "bao gets the lock that ada holds")
        _end(stage, known)
        return
    stage.note("ada", f"sleeps for more than {TTL_S} s: the lock is over")
    stage.lane.redis.pass_time(OVER_MS)
    second = _acquire(stage, "bao", known)
    stage.once("ada", "release", "lamp", first)
    if not known and _acquire(stage, "chidi", known, free=False) is not None:
        known["second_holder"] = "ada gives back a lock that is not hers any more, and chidi gets what bao holds"
    if not known and stage.once("bao", "write_price", "lamp", PRICES["worker-2"], second).value is not True:
        known["stuck"] = "bao holds the lock, and his write is refused"
    if not known and stage.once("ada", "write_price", "lamp", PRICES["worker-1"], first).value is not False:
        known["late"] = "ada's lock has expired, bao has written since, and ada's write is taken"
    stage.once("bao", "release", "lamp", second)
    stage.lane.redis.pass_time(A_NIGHT_MS)
    third = _acquire(stage, "chidi", known) if not known else None
    if not known and not first < second < third:
        known["late"] = f"the tokens are {first}, {second} and {third}: they do not grow"
    _end(stage, known)


def _acquire(stage: Stage, process: str, known: dict[str, Any], *, free: bool = True) -> Any:
    result = stage.once(process, "acquire", "lamp", TTL_S)
    if result.kind != "returned":
        known.setdefault("stuck", f"{process} asks for the lock and gets an error: {result.error or result.kind}")
    elif free and result.value is None:
        known.setdefault("stuck", f"the lock is free, and {process} does not get it")
    elif free and (isinstance(result.value, bool) or not isinstance(result.value, int)):
        known.setdefault("late", f"the token {result.value!r:.40} is no number, so nobody can compare it")
    return result.value


def _end(stage: Stage, known: dict[str, Any]) -> None:
    stage.snapshot("in the end", ("price_tag",), **known)


def _dies_with_it(stage: Stage) -> None:
    """Ada dies on her way to the lock, or with it; when its time is over, Bao gets it."""
    _tag(stage)
    known: dict[str, Any] = {}
    stage.once("ada", "acquire", "lamp", TTL_S)
    stage.lane.redis.pass_time(OVER_MS)
    _acquire(stage, "bao", known)
    if known.get("stuck"):
        known["stuck"] = f"ada died on her way to the lock, {TTL_S} s have passed, and bao does not get it"
    _end(stage, known)


LOCK = (
    Scenario(
        name="lock-late", title="Ada sleeps longer than her lock lasts", play=_late, input=("lamp",), target="ada",
        faults=(), rules=LOCK_RULES, needs=NEEDED, read=READ_LOCK,
    ),
    Scenario(
        name="lock-dies", title="Ada dies with the lock", play=_dies_with_it, input=("lamp",), target="ada",
        faults=KILLS, rules=LOCK_RULES, needs=NEEDED, read=READ_LOCK,
    ),
    ScheduleScenario(
        name="lock-meet", title="Two workers want the lock", input=("lamp",), prepare=_tag, calls=_jobs,
        finish=_held(expired=False), rules=LOCK_RULES, needs=NEEDED, read=READ_LOCK, alike=False,
    ),
    ScheduleScenario(
        name="lock-expires", title="Two workers want the lock, and at some moment its time is over", input=("lamp",),
        prepare=_tag, calls=lambda stage: (*_jobs(stage), Job("clock", "time_passes")), finish=_held(expired=True),
        rules=LOCK_RULES, needs=NEEDED, read=READ_LOCK, alike=False, preemptions_max=2,
    ),
)  # fmt: skip
