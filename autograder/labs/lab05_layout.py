"""Lab 5's layout: a key and a number of Kafka partitions, judged on days that nobody has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from autograder.backends.kafka.wire import partition_of
from autograder.explore.answers import called
from autograder.explore.scenario import Scenario
from autograder.explore.stage import Job, Stage
from autograder.invariants import delivery as rule
from shop import Event
from shop.traffic import PEAK_PER_S, busy_day

__all__ = ["KEYS", "LAYOUT", "day_of"]

DAYS = (101, 102, 103)
"""The days that decide; the notebook shows others."""
COMING_PER_S = 2 * PEAK_PER_S
"""The load that the layout must carry without a change."""
PARTITIONS_MAX = 1000
KEYS: Mapping[str, Callable[[Event], str]] = {
    "purchase": lambda event: event.purchase_id,
    "buyer": lambda event: event.payload["buyer"],
    "item": lambda event: event.payload["item"],
    "event": lambda event: event.id,
}
"""What may be the key, by name."""

_busy_day = cache(busy_day)


def _lay_out(stage: Stage) -> None:
    result = called(stage.lane, "layout")
    stage.results.append((Job("planner-1", "layout"), result))
    trouble = "" if result.kind == "returned" else result.error or result.kind
    stage.snapshot("when the day is over", (), **_known(result.value, trouble))


def _known(answer: object, trouble: str) -> dict[str, Any]:
    key, count = (answer.get("key"), answer.get("partitions")) if isinstance(answer, dict) else (None, None)
    if key not in KEYS:
        return {"refused": f"the key is {key!r:.40}, and it must be one of {', '.join(KEYS)}{'; ' * bool(trouble)}{trouble}"}
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= PARTITIONS_MAX:
        return {"refused": f"partitions is {count!r:.40}, and it must be a whole number from 1 to {PARTITIONS_MAX}"}
    return {"days": [day_of(number, _busy_day(number), KEYS[key], count) for number in DAYS]}


def day_of(number: int, events: Sequence[Event], key: Callable[[Event], str], count: int) -> dict[str, Any]:
    """What a layout comes to on one day: the busiest Kafka partition, and a purchase that lies in more than one."""
    loads: Counter[int] = Counter()
    homes: dict[str, set[int]] = {}
    places: dict[str, int] = {}
    for event in events:
        name = key(event)
        if name not in places:
            places[name] = partition_of(name.encode(), count)
        loads[places[name]] += 1
        homes.setdefault(event.purchase_id, set()).add(places[name])
    split = max(homes, key=lambda purchase: len(homes[purchase]))
    skew = max(loads.values()) / (len(events) / count)
    busiest_per_s = COMING_PER_S * max(loads.values()) / len(events)
    several = len(homes[split])
    return {"day": number - DAYS[0] + 1, "skew": skew, "busiest_per_s": busiest_per_s, "split": split if several > 1 else "", "in": several}


LAYOUT = Scenario(
    name="layout",
    title="Three busy days, laid out by your key and your number of Kafka partitions",
    play=_lay_out,
    input=("days",),
    target="planner-1",
    faults=(),
    rules=(rule.the_layout_fits,),
    needs=("layout",),
    read="Choose the key for order, the number for the load",
)
