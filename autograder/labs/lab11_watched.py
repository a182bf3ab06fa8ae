"""What lab 11 plays without backends: requests for the metrics, requests for a tracer, recorded minutes for an alert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from autograder.explore.answers import called
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played, judged
from autograder.explore.virtual_lane import VirtualLane
from autograder.history import History
from autograder.invariants import Invariant, State, Violation
from autograder.invariants import watching as rule
from autograder.labs.lab11_scenarios import HARNESS

__all__ = ["ALERT", "METRICS", "SPANS", "Watched", "busy_hour", "series_of"]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Functions of the program are called by a harness of the shop, once for each of the given inputs; rules judge what came of it."""

    engine: ClassVar[Engine] = "virtual"
    faults: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    harness: str
    functions: tuple[str, ...]
    given: tuple[Any, ...] = field(hash=False)
    """What the harness is given beside the functions, once for each call."""
    known: Mapping[str, Any] = field(hash=False)
    """What the judge knows of it."""
    keeps: Mapping[str, str] = field(hash=False)
    """What the harness says, by the name under which the rules find it; with several calls a list of it."""
    rules: tuple[Invariant, ...] = ()
    useful: str = ""
    """Where this rule holds, each of the others earns its own points; without it they are worth something together alone."""
    read: str = ""
    input: tuple[str, ...] = ("recorded",)

    @property
    def needs(self) -> tuple[str, ...]:
        """The functions that the harness calls."""
        return self.functions

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """It is played once."""
        return ()

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Call, and judge."""
        history, said = History(run=str(name), title=self.title), []
        for given in self.given:
            ended = called(lane, f"{HARNESS}.{self.harness}", [*self.functions, given])
            if ended.kind != "returned":
                found = Violation(rule=self.rules[0].__name__, evidence=f"{self.functions[0]} gives nothing to judge: {ended.error}")
                return Played(name=str(name), history=history, violations=(found,), failures=(ended.error,))
            said.append(ended.value)
        trouble = next((f"it fails: {one['trouble']}" for one in said if "trouble" in one), "")
        found = {} if trouble else {known: [one[key] for one in said] if len(said) > 1 else said[0][key] for key, known in self.keeps.items()}
        state = State(moment="in the end", known={**self.known, **found, "trouble": trouble})
        history, violations = judged(self.rules, history, [state])
        useful = self.useful and all(one.rule != self.useful for one in violations)
        return Played(name=str(name), history=history, violations=violations, share=0.0 if violations and useful else None)


# ---- metrics


Seen = tuple[str, int | None, float]
"""A request: path, status, seconds."""


def busy_hour(seed: str, requests: int = 500) -> list[Seen]:
    """An hour of the API: path, status (None: no answer was heard), seconds. Some paths nobody has ever written a route for."""
    chance = Random(seed)
    paths = ("/orders", "/orders?page=2", f"/orders/p-{seed}-0", f"/orders/p-{seed}-0/items", "/products", "/products/1", "/robots.txt")
    seen: list[Seen] = [(path, status, 0.08) for path in paths for status in (200, 500, None)]  # what there is, once
    for number in range(len(seen), requests):
        drawn = chance.random()
        path = "/orders" if drawn < 0.4 else f"/orders/p-{seed}-{number}" if drawn < 0.7 else f"/products/{chance.randrange(400)}?from={number}"
        status: int | None = chance.choices((200, 201, 404, 500, 503, None), (60, 30, 4, 2, 3, 1))[0]
        if drawn > 0.97:
            path, status = f"/wp-admin/{number}.php", 404
        seconds = chance.lognormvariate(-2.6, 0.55) if chance.random() > 0.03 else chance.uniform(1.2, 2.2)
        seen.append((path, status, round(seconds, 4)))
    return seen


def _route(path: str) -> str:
    parts = path.partition("?")[0].strip("/").split("/")
    if parts == ["orders"]:
        return "/orders"
    return f"/{parts[0]}/{{id}}" if len(parts) == 2 and parts[0] in ("orders", "products") else "other"


def _outcome(status: int | None) -> str:
    return "unknown" if status is None else "failed" if status >= 500 else "ok"


def _known_of(seen: Sequence[Seen]) -> dict[str, Any]:
    durations: dict[str, list[float]] = {}
    for path, _, seconds in seen:
        durations.setdefault(_route(path), []).append(seconds)
    return {"requests": Counter((_route(path), _outcome(status)) for path, status, _ in seen), "durations": durations, "seen": len(seen)}


_SEEN = busy_hour("held-out")
METRICS = Watched(
    name="scrape",
    title="500 requests, with 150 orders and paths that nobody has made",
    harness="scrape",
    functions=("make_metrics",),
    given=(_SEEN,),
    known=_known_of(_SEEN),
    keeps={"exposed": "exposed", "series_halfway": "series_halfway"},
    rules=(rule.labels_are_bounded, rule.every_request_is_counted, rule.the_histogram_can_answer),
    useful=rule.every_request_is_counted.__name__,
)

# ---- spans


def _traced_request(word: str, item: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A request of a word; a capital letter comes with a traceparent. And what is known of it."""
    chance, name = Random(f"trace {word}"), f"p-{word.lower()}"
    trace, span = (f"{chance.getrandbits(bits):0{bits // 4}x}" if word.isupper() else "" for bits in (128, 64))
    headers = {"traceparent": f"00-{trace}-{span}-01"} if trace else {}
    body = {"purchase_id": name, "buyer": "Ada", "item": item, "quantity": 1}
    return {"headers": headers, "body": body}, {"order_id": name, "trace": trace, "span": span}


_TRACED = [_traced_request(word, item) for word, item in (("A", "lamp"), ("B", "mug"), ("c", "chair"), ("D", "lamp"))]
SPANS = Watched(
    name="spans",
    title="Four overlapping requests, three with a caller's trace; four messages that are packed in one batch",
    harness="traced",
    functions=("serve_traced", "publish_traced", "pack_traced"),
    given=([request for request, _ in _TRACED],),
    known={"orders": [known for _, known in _TRACED]},
    keeps={"spans": "spans"},
    rules=(rule.spans_have_their_parents,),
    read="A queue has no parent",
)

# ---- the alert

_MINUTES = 420


def series_of(number: int) -> list[tuple[int, int]]:
    """Requests and failures of each of 420 minutes: a calm day, blips, nights with few requests, fast burns and slow ones."""
    chance = Random(f"alert {number}")
    night = number % 2 == 1
    usual = chance.uniform(8, 20) if night else chance.uniform(300, 900)
    bad = {minute: share for minute, share in _bad_minutes(chance, number)}
    series = []
    for minute in range(_MINUTES):
        rush = 20.0 if night and (minute % 60 < 10 if number == 3 else minute >= 240) else 1.0
        total = max(1, round(usual * rush * chance.uniform(0.7, 1.3)))
        share = bad.get(minute, 0.0002)
        series.append((total, sum(chance.random() < share for _ in range(total))))
    return series


def _bad_minutes(chance: Random, number: int) -> list[tuple[int, float]]:
    begin = chance.randrange(120, 200)
    if number == 0:
        return [(begin, 0.12), (begin + 90, 0.15)]
    if number == 1:
        return [(minute, 0.02) for minute in range(260, 330)]
    if number == 2:
        return [(minute, 0.022) for minute in range(begin, begin + 100)]
    if number == 3:
        return [(minute, 0.026) for minute in range(130, 340) if minute % 60 >= 10]
    if number == 4:
        return [(minute, 0.35) for minute in range(begin, begin + 12)] + [(minute, 0.0) for minute in range(begin + 12, begin + 40)]
    return [(minute, 0.004) for minute in range(begin, begin + 150)]


_SERIES = [series_of(number) for number in range(6)]
ALERT = Watched(
    name="alert",
    title="Six recorded times of seven hours",
    harness="alerts",
    functions=("make_alert",),
    given=tuple(_SERIES),
    known={"series": _SERIES},
    keeps={"value": "fired"},
    rules=(rule.the_alert_fires_in_time, rule.the_alert_is_silent_otherwise),
    read="Page for the budget, not for a spike",
)
