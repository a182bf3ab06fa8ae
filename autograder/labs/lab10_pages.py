"""The pages of lab 10: what a buyer is shown, how many statements and how many rows that takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from autograder.explore.scenario import Scenario
from autograder.explore.stage import Stage
from autograder.invariants import stock as rule

__all__ = ["INDEX", "PAGES"]

STATEMENTS_MAX = 2
ROWS_MAX = 100
ORDERS = 20_000
OF_ADA = 400
BUYERS = ("Ada", "buyer 8")
ALONE = re.compile(r"\bconcurrently\b|\bif\s+not\s+exists\b", re.IGNORECASE)
"""Words that make no other index, and that Postgres does not allow where the judge tries it."""
SHOWN = 20
READ_N1 = "One line of Python, thirteen statements"
READ_INDEX = "An index is a second table that is kept in order"
ITEMS = ("lamp", "mug", "kettle", "chair", "vase")
INDEX_ONLY = re.compile(r"\s*create\s+(unique\s+)?index\b[^;]*;?\s*", re.IGNORECASE)
OPEN_ORDERS = (
    "select id, placed_on from customer_order"
    " where buyer = %s and status = 'open' order by placed_on desc, id desc limit 20"
)
MANY_ORDERS = """
insert into customer_order (id, buyer, placed_on, status)
select n,
       case when n %% 50 = 0 then 'Ada' else 'buyer ' || n %% 97 end,
       date '2024-01-01' + (n * 37) %% 700,
       case when n %% 3 = 0 then 'open' else 'shipped' end
  from generate_series(1, %s) as n
"""


def _page(count: int) -> Scenario:
    return Scenario(
        name=f"page-{count}",
        title=f"A page with {count} orders",
        play=_show_page,
        input=(f"o{count}",),
        target="page-1",
        faults=(),
        rules=(rule.the_page_is_right, rule.a_page_takes_two_statements),
        needs=("orders_of",),
        read=READ_N1,
    )


def _show_page(stage: Stage) -> None:
    count = int(stage.input[0][1:])
    expected = [_order(stage, number, "Ada", number % 3 + 1) for number in range(1, count + 1)]
    for number in range(count + 1, count + 4):
        _order(stage, number, "Bao", 2)
    _bare_order(stage, count + 4)
    result = stage.once("page-1", "orders_of", "Ada")
    stage.snapshot(
        "when the page is shown",
        (),
        buyer="Ada",
        page=result.value,
        expected=[{"id": count + 4, "lines": []}, *reversed(expected)],
        statements_max=STATEMENTS_MAX,
    )


def _order(stage: Stage, number: int, buyer: str, lines: int) -> dict[str, Any]:
    # Two orders share a day, so that the larger id must decide.
    stage.seed("insert into customer_order values (%s, %s, date '2026-01-01' + %s, 'open')", number, buyer, number // 2)
    bought = [(ITEMS[(number + line) % len(ITEMS)], line) for line in range(1, lines + 1)]
    for line, (item, quantity) in reversed(list(enumerate(bought, start=1))):
        stage.seed("insert into order_line values (%s, %s, %s, %s)", number, line, item, quantity)
    return {"id": number, "lines": [[item, quantity] for item, quantity in bought]}


def _bare_order(stage: Stage, number: int) -> None:
    """An order whose lines were all cancelled: an inner join loses it."""
    stage.seed("insert into customer_order values (%s, 'Ada', date '2026-01-01' + %s, 'open')", number, number)


PAGES = (_page(2), _page(12))


def _look_up(stage: Stage) -> None:
    stage.seed(MANY_ORDERS, ORDERS)
    stage.seed("analyze customer_order")
    result = stage.once("dba-1", "index_for_open_orders")
    known = _explained(stage, result.value if result.kind == "returned" else None)
    stage.snapshot("when the index is there", (), rows_max=ROWS_MAX, shown=SHOWN, **known)


def _explained(stage: Stage, wanted: object) -> Mapping[str, Any]:
    """Make the index, and ask Postgres how it would find the page's rows, and how many it read."""
    if not isinstance(wanted, str) or not INDEX_ONLY.fullmatch(wanted):
        why = stage.trouble or f"index_for_open_orders() returned {str(wanted)[:80]!r}"
        return {"refused": f"there is no index to try: one statement that begins with create index is asked for; {why}"}
    with stage.lane.session() as session:
        session.execute("set statement_timeout = '10s'")
        try:
            with session.transaction(force_rollback=True):
                session.execute(ALONE.sub(" ", wanted).encode())
                session.execute("analyze customer_order")
                plans = [_plan(session, buyer) for buyer in BUYERS]
        except psycopg.Error as error:
            return {"refused": f"Postgres refuses your index: {str(error).strip().splitlines()[0]}"}
    return max((_read(plan) for plan in plans), key=lambda known: known["rows_read"])


def _plan(session: psycopg.Connection[Any], buyer: str) -> Mapping[str, Any]:
    (plan,) = session.execute(f"explain (analyze, buffers, format json) {OPEN_ORDERS}", [buyer]).fetchone() or ("[]",)
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def _read(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    scans = [node for node in _nodes(plan) if "Scan" in node["Node Type"]]
    rows_read = sum(_rows_read(node) for node in scans if node["Node Type"] != "Bitmap Index Scan")
    more = ", more than the buyer has ever ordered" if rows_read > OF_ADA else ""
    return {"rows_read": rows_read, "path": f"{' and '.join(_path(node) for node in scans)}{more}"}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _rows_read(node: Mapping[str, Any]) -> int:
    """Rows that a node looked at, whether it kept them or not."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + removed) * node["Actual Loops"])


def _path(node: Mapping[str, Any]) -> str:
    return f"{node['Node Type']} by {node['Index Name']}" if "Index Name" in node else str(node["Node Type"])


INDEX = Scenario(
    name="open-orders",
    title="A buyer's open orders, among 20,000",
    play=_look_up,
    input=("t20000",),
    target="dba-1",
    faults=(),
    rules=(rule.few_rows_are_read,),
    needs=("index_for_open_orders",),
    read=READ_INDEX,
)
