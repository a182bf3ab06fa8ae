"""A system of the reader's own: drawn from a name, measured for a minute, shown as metrics."""

from __future__ import annotations

from autograder.labs.lab08_systems import code_of, measured
from autograder.notebook.card import Card
from autograder.notebook.trouble import Trouble, quiet_trouble
from shop.load import Measured

__all__ = ["my_system"]

WHAT = {
    "api": "instances of the API",
    "service": "instances of the service",
    "pool": "connections in the pool",
    "database": "cores of the database",
}


@quiet_trouble
def my_system(name: str) -> Card:
    """One minute of the system that belongs to this name, and the code that the answer must carry."""
    try:
        code = code_of(name)
    except ValueError as error:
        raise Trouble(str(error)) from None
    seen = measured(code)
    return Card(f"System **{code}**: {_minute(seen)}\n\n{_table(seen)}")


def _minute(seen: Measured) -> str:
    return (
        f"{seen.answered:,} orders answered in {seen.seconds:.1f} s, p50 {seen.percentile_ms(0.5):.0f} ms,"
        f" p99 {seen.percentile_ms(0.99):.0f} ms."
    )


def _table(seen: Measured) -> str:
    rows = ["| resource | there are | visits | held, all together | a visit held it | a visit waited |", "|---|---|---|---|---|---|"]
    for name, use in seen.stations.items():
        held_ms = 1000 * use.busy_s / use.visits
        rows.append(
            f"| {name} | {use.servers} {WHAT[name]} | {use.visits:,} | {use.busy_s:.1f} s | {held_ms:.1f} ms | {use.wait_ms:.1f} ms |"
        )
    return "\n".join(rows)
