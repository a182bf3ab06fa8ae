"""A scenario in words: what was measured today, and tomorrow in the six parts of ATAM (source, stimulus, environment, ...)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.labs.lab13_scenarios import Scenario
from shop.decisions import Calls, Reads, Shape, Talk

__all__ = ["knob", "scenario_text"]

DAY_S = 86_400


def scenario_text(scenario: Scenario) -> str:
    """The whole scenario as Markdown."""
    name = scenario.decision.name
    measured, tomorrow = _TELLS[name]
    six = "\n".join(f"| {part} | {said} |" for part, said in tomorrow(scenario))
    slo = "; ".join(str(bound) for bound in scenario.slo)
    return (
        f"Scenario **{scenario.code}**, decision `{name}`.\n\n{measured(scenario.today)}\n\n"
        f"| tomorrow | |\n|:---|:---|\n{six}\n| response measure (the SLO) | **{slo}** |\n\n"
        f"Options: {'; '.join(f'`{one}`' for one in scenario.decision.options)}."
    )


def knob(decision: str) -> str:
    """What the chart of today can turn."""
    return {
        "shape": "orders a second",
        "talk": "orders a second, the warehouse away for 20 s",
        "reads": "reads and writes a second",
        "calls": "slow and lost attempts",
    }[decision]


def _times(before: float, after: float) -> str:
    return f"{after / before:.3g} times"


def _shape_today(of: Shape) -> str:
    rows = "\n".join(
        f"| {part.name} | {part.work_ms:g} ms | {part.cores} | {of.rate_per_s * DAY_S / part.orders_per_crash:.2f} | {part.start_s:g} s |"
        f" {'fails' if part.needed else 'is served without it'} |"
        for part in of.parts
    )
    return (
        f"Measured today, at {of.rate_per_s:g} orders a second:\n\n"
        "| part | work on an order | its cores | bugs that kill, a day | loading at a start | without it an order |\n"
        f"|:---|:---|:---|:---|:---|:---|\n{rows}\n\n"
        f"A hop to another process costs its caller (the process with the cart) {of.hop_work_ms:g} ms of work; of 1,000 hops"
        f" {1000 * of.hop_slow:g} are slow."
    )


def _shape_tomorrow(scenario: Scenario) -> list[tuple[str, str]]:
    before, after = scenario.today, scenario.tomorrow
    times = _times(before.rate_per_s, after.rate_per_s)
    return [
        ("source", "buyers, after the shop has been on television"),
        (
            "stimulus",
            f"{after.rate_per_s:g} orders a second, {times} today's; each order can meet each bug",
        ),
        (
            "environment",
            "the same bugs for a year; a cheaper data centre with as many cores, on which all work takes"
            f" {_times(before.hop_work_ms, after.hop_work_ms)} as long, that of hops too, and {1000 * after.hop_slow:g} of 1,000"
            " hops are slow",
        ),
        ("artifact", "the checkout: one process, four, or two"),
        ("response", "orders are accepted"),
    ]


def _talk_today(of: Talk) -> str:
    busy = of.rate_per_s * of.work_ms / 1000
    return (
        f"Measured today, at {of.rate_per_s:g} orders a second, all of them synchronous:\n\n"
        "| what | measured |\n|:---|:---|\n"
        f"| the order service's own time, the way to the buyer included | {of.own_ms:g} ms |\n"
        f"| there and back to the warehouse, without its work | {of.wire_ms:g} ms |\n"
        f"| the warehouse is busy | {busy:.1%} of the time |\n"
        f"| leaving an event in a queue (tried out) | {of.queue_ms:g} ms |\n"
        "| what it costs more in a month | asynchronous 180 euros; with two consumers 420 euros |"
    )


def _talk_tomorrow(scenario: Scenario) -> list[tuple[str, str]]:
    before, after = scenario.today, scenario.tomorrow
    return [
        ("source", "the warehouse's operator, who installs a new version"),
        ("stimulus", f"the warehouse is away for {after.away_s:g} seconds, beginning one minute into the half hour"),
        (
            "environment",
            f"the sale: {after.rate_per_s:g} orders a second, {_times(before.rate_per_s, after.rate_per_s)} today's, for the"
            f" {after.window_s / 60:g} minutes that are looked at; a fraud check, so that the order service's own time is"
            f" {after.own_ms:g} ms",
        ),
        ("artifact", "the way from the order service to the warehouse"),
        ("response", "buyers are answered, and the warehouse hears of every order that was accepted"),
    ]


def _reads_today(of: Reads) -> str:
    busy = of.rate_per_s * of.work_ms / 1000
    return (
        f"Measured today, at {of.rate_per_s:g} reads a second, all of them at the leader:\n\n"
        "| what | measured |\n|:---|:---|\n"
        f"| there and back to the leader | {of.leader_ms:g} ms |\n"
        f"| there and back to the nearest of {of.replicas} replicas, each of which gets its share | {of.near_ms:g} ms |\n"
        f"| the leader is busy with reads | {busy:.1%} of the time |\n"
        f"| writes of one product | {60 * of.writes_per_s:g} a minute |\n"
        f"| a replica applies a write after | {of.lag_ms:g} ms |\n"
        f"| but for {of.behind:.0%} of the time after | {of.behind_ms:g} ms (and it knows that it is behind) |"
    )


def _reads_tomorrow(scenario: Scenario) -> list[tuple[str, str]]:
    before, after = scenario.today, scenario.tomorrow
    return [
        ("source", "buyers in another country, who look at the stock"),
        (
            "stimulus",
            f"{after.rate_per_s:g} reads a second, {_times(before.rate_per_s, after.rate_per_s)} today's;"
            f" {60 * after.writes_per_s:g} writes a minute of each product",
        ),
        (
            "environment",
            f"the same machines and the same lag; buyers are further away: {after.leader_ms:g} ms there and back to the"
            f" leader, {after.near_ms:g} ms to the nearest replica",
        ),
        ("artifact", "the read of the stock: from the leader, from the nearest replica, or bounded (the nearest unless it is far behind, then the leader)"),
        ("response", "the stock is shown"),
    ]


def _calls_today(of: Calls) -> str:
    return (
        "Measured today, of 1,000 attempts to pay:\n\n"
        "| attempts | how many | answered after |\n|:---|:---|:---|\n"
        f"| quick | {1000 * (1 - of.slow - of.lost):g} | 40 to 160 ms |\n"
        f"| slow | {1000 * of.slow:g} | 1,200 to 2,000 ms |\n"
        f"| lost | {1000 * of.lost:g} | never |\n\n"
        "`one call` waits for 2,500 ms. `patient retry` makes a second one after 2,500 ms, and waits as long again. `hedge` sends"
        " a second one after 200 ms without an answer and takes whichever comes first, within 2,500 ms. `three quick tries`"
        " gives each attempt 250 ms. An order whose answer takes longer than 450 ms is slow; one without an answer fails."
    )


def _calls_tomorrow(scenario: Scenario) -> list[tuple[str, str]]:
    before, after = scenario.today, scenario.tomorrow
    return [
        ("source", "the payment provider"),
        (
            "stimulus",
            f"a bad day: {_times(before.lost, after.lost)} as many attempts are slow ({1000 * after.slow:g} of 1,000) and"
            f" {_times(before.lost, after.lost)} as many are lost ({1000 * after.lost:g})",
        ),
        ("environment", "attempts fare independently; every attempt of an order carries its idempotency key"),
        ("artifact", "the call from the checkout to the payment service"),
        ("response", "the order is paid, or its buyer is told that it is not"),
    ]


_TELLS: dict[str, tuple[Callable[[Any], str], Callable[[Scenario], list[tuple[str, str]]]]] = {
    "shape": (_shape_today, _shape_tomorrow),
    "talk": (_talk_today, _talk_tomorrow),
    "reads": (_reads_today, _reads_tomorrow),
    "calls": (_calls_today, _calls_tomorrow),
}
