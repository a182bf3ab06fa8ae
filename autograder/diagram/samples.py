"""Samples: four short histories that every reader of the diagram should be able to read.

The tests draw them, and the book explains the signs with them.
"""

from __future__ import annotations

from typing import Any

from autograder.history import Call, History, Mark

__all__ = ["dual_write", "lock_wait", "mark_before_send", "out_of_order"]

_UNPUBLISHED = "select id, purchase_id, version, kind, payload from outbox where published_at is null order by id"
_PURCHASE = "insert into purchase (id, buyer, item, quantity) values ('p-1', 'Ada', 'lamp', 1)"


def _postgres(process: str, tick: int, label: str, request: str, answer: str, **more: Any) -> Call:
    call = {"effect": True, "end": tick + 1, **more}
    return Call(process=process, backend="postgres", label=label, request=request, answer=answer, start=tick, **call)


def _select(process: str, tick: int, lock: str, answer: str, **more: Any) -> Call:
    return _postgres(process, tick, "select outbox", f"{_UNPUBLISHED}{lock}", answer, effect=False, **more)


def _mark_published(process: str, tick: int, row: int) -> Call:
    request = f"update outbox set published_at = '2026-03-01 09:00:00+00'::timestamptz where id = {row}"
    return _postgres(process, tick, "update outbox", request, "UPDATE 1")


def _commit(process: str, tick: int, **more: Any) -> Call:
    return _postgres(process, tick, "COMMIT", "COMMIT", "COMMIT", **more)


def _publish(process: str, tick: int, event: str, answer: str, **more: Any) -> Call:
    call = {"end": tick + 1, **more}
    return Call(
        process=process,
        backend="kafka",
        label="Produce purchases",
        request=f"publish {event} → purchases",
        answer=answer,
        effect=True,
        start=tick,
        **call,
    )


def dual_write() -> History:
    """The shop commits, is killed before it sends, and never tells the warehouse."""
    again = f"{_PURCHASE} on conflict do nothing"
    return History(
        run="lab06.place_order.kill-before.produce-1",
        processes=("shop",),
        calls=(
            _postgres("shop", 1, "insert purchase", _PURCHASE, "INSERT 0 1"),
            _commit("shop", 3),
            _publish("shop", 5, "p-1/1 OrderPlaced", "", end=None, fault="kill-before", outcome="failed"),
            _postgres("shop", 8, "insert purchase", again, "INSERT 0 0", incarnation=2),
            _commit("shop", 10, incarnation=2),
        ),
        marks=(
            Mark(kind="crash", process="shop", at=6, text="before its send"),
            Mark(kind="restart", process="shop", at=7, text="the command is sent again"),
            Mark(kind="end", process="shop", at=12, text="the purchase is there already"),
        ),
    ).with_violation("No order without its message: purchase p-1 is committed, and Kafka has no event of it.", "shop")


def mark_before_send() -> History:
    """A relay marks an event as published, and is killed after the commit, before it hears of it."""
    return History(
        run="lab06.relay.kill-after.commit-1",
        processes=("relay-1",),
        calls=(
            _select("relay-1", 1, " for update skip locked", "1 row: p-1/1"),
            _mark_published("relay-1", 3, 1),
            _commit("relay-1", 5, end=None, outcome="unknown", fault="kill-after"),
            _select("relay-1", 8, "", "0 rows", incarnation=2),
            _commit("relay-1", 10, incarnation=2),
        ),
        marks=(
            Mark(kind="crash", process="relay-1", at=6),
            Mark(kind="restart", process="relay-1", at=7),
            Mark(kind="end", process="relay-1", at=12, text="returned 0"),
        ),
    ).with_violation("Every committed event is published: p-1/1 is marked as published and was never sent.", "relay-1")


def out_of_order() -> History:
    """Two relays: the first is paused before it sends p-1/1, the second sends p-1/2 meanwhile."""
    seen = "insert into inbox (event_id) values ('p-1/2') on conflict do nothing"
    rule = "First appearances are in version order: p-1/2 stands at offset 0, before p-1/1 at offset 1."
    return History(
        run="lab06.relay.two.pause-1",
        processes=("warehouse", "relay-1", "relay-2"),
        calls=(
            _select("relay-1", 1, " limit 1 for update skip locked", "1 row: p-1/1"),
            _select("relay-2", 4, " limit 1 for update skip locked", "1 row: p-1/2"),
            _publish("relay-2", 6, "p-1/2 OrderCancelled", "offset 0"),
            _mark_published("relay-2", 8, 2),
            _commit("relay-2", 10),
            _publish("relay-1", 13, "p-1/1 OrderPlaced", "offset 1"),
            _mark_published("relay-1", 15, 1),
            _commit("relay-1", 17),
            _postgres("warehouse", 19, "insert inbox", seen, "INSERT 0 1"),
            _commit("warehouse", 21),
        ),
        marks=(Mark(kind="pause", process="relay-1", at=3), Mark(kind="resume", process="relay-1", at=12)),
    ).with_violation(rule, "relay-1")


def lock_wait() -> History:
    """Two relays want the same row: one waits. Then a statement fails, a send is held and a connection is cut."""
    no_column = {"answer": 'column "sent" does not exist', "outcome": "failed"}
    position = "insert into relay_position (name, last_id) values ('relay-1', 1)"
    return History(
        run="day06.lock-wait",
        processes=("relay-1", "relay-2"),
        calls=(
            _select("relay-1", 1, " limit 1 for update", "1 row: p-1/1"),
            _select("relay-2", 3, " limit 1 for update", "0 rows", end=10, waits_for=("relay-1",)),
            _publish("relay-1", 4, "p-1/1 OrderPlaced", "offset 0"),
            _mark_published("relay-1", 6, 1),
            _commit("relay-1", 8),
            _postgres("relay-2", 11, "update outbox", "update outbox set sent = true", **no_column),
            _postgres("relay-2", 13, "ROLLBACK", "ROLLBACK", "ROLLBACK"),
            _publish("relay-2", 15, "p-1/1 OrderPlaced", "", end=None, fault="park", outcome="unknown"),
            _postgres(
                "relay-1", 17, "insert relay_position", position, "", end=19, outcome="unknown", fault="cut-after"
            ),
        ),
        marks=(
            Mark(kind="cut", process="relay-1", at=18),
            Mark(kind="end", process="relay-2", at=20, text="returned 1, its last send still in flight"),
        ),
    )
