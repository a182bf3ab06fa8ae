"""The pool of lab 10: many requests, two connections."""

from __future__ import annotations

from autograder.explore.conductor import Ended
from autograder.explore.scenario import Scenario
from autograder.explore.stage import Job, Stage
from autograder.invariants import stock as rule

__all__ = ["POOL"]

CONNECTIONS_MAX = 2
WAITS_MAX = 40
LOOK_S = 0.05
BUYERS = ("Ada", "Bao", "Chidi", "Dana", "Zoë O'Brien", "Emil", "Fatima", "Goran")


def _serve(stage: Stage) -> None:
    """Eight buyers at once; one of them wants what the shop has never had, twice over."""
    stage.seed("insert into stock (item, free) values ('lamp', 5)")
    wishes = [_wish(number, buyer) for number, buyer in enumerate(BUYERS, start=1)]
    most = _count_connections(stage)
    result = _run(stage, Job("server-1", "serve", (wishes,)))
    rows = {row["id"] for row in stage.lane.rows("reservation")}
    answers = result.value if result.kind == "returned" else None
    expected = {str(wish["reservation_id"]): wish["reservation_id"] in rows for wish in wishes}
    trouble = "" if isinstance(answers, list) else result.error or f"serve() returned {str(answers)[:60]!r}, not a list"
    sold = len(rows)
    if not trouble and sold != 5:
        trouble = f"5 lamps could be sold and {sold} were"
    stage.trouble = trouble
    stage.snapshot(
        "when all requests are answered",
        ("stock", "reservation"),
        connections=most[0],
        connections_max=CONNECTIONS_MAX,
        expected=expected,
        answered=dict(zip(expected, answers or [], strict=False)),
    )


def _wish(number: int, buyer: str) -> dict[str, object]:
    item = "unicorn" if number in (2, 5) else "lamp"
    return {"$": "Reserve", "reservation_id": f"r-{number}", "buyer": buyer, "lines": [[item, 1]]}


def _count_connections(stage: Stage) -> list[int]:
    most = [0]

    def opened(link: object) -> None:
        most[0] = max(most[0], sum(link.process == "server-1" for link in stage.lane.tap.links))

    stage.lane.tap.on_open = opened
    return most


def _run(stage: Stage, job: Job) -> object:
    """Let it run until it ends, or until nothing moves any more: every thread sleeps and no backend works for it."""
    server = stage.start(job)
    still = 0
    while not server.done:
        handled = stage.lane.tap.poll(LOOK_S)
        still = 0 if handled or not server.running.quiet() or stage.lane.tap.is_busy(job.process) else still + 1
        if still >= WAITS_MAX:
            last = stage.history("").calls[-1:]
            what = f"since its {last[0].label} nothing has moved" if last else "nothing has moved at all"
            waits = f"all its threads wait, no statement is under way, and {what} for two seconds"
            server.result = Ended(kind="hung", error=waits)
            stage.lane.tap.unwatch(server.running)
            server.running.kill()
    stage.lane.tap.on_open = lambda link: None
    return stage.finish(job, server)


POOL = Scenario(
    name="pool",
    title="Eight requests at once, two of them for what the shop does not have",
    play=_serve,
    input=("eight",),
    target="server-1",
    faults=(),
    rules=(rule.few_connections_serve_everybody,),
    needs=("serve",),
    read="A pool is a queue for connections",
)
