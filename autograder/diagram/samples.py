"""Samples: four short histories that every reader of the diagram should be able to read.

The tests draw them, and the book explains the signs with them.
"""

from __future__ import annotations

from autograder.history import Call, History, Mark

__all__ = ["dual_write", "lock_wait", "mark_before_send", "out_of_order"]


def _postgres(process: str, tick: int, label: str, request: str, answer: str, *, effect: bool = True, **more) -> Call:
    more.setdefault("end", tick + 1)
    return Call(
        process=process, backend="postgres", label=label, request=request, answer=answer, effect=effect, start=tick, **more
    )


def _kafka(process: str, tick: int, request: str, answer: str, **more) -> Call:
    more.setdefault("end", tick + 1)
    return Call(
        process=process, backend="kafka", label="Produce purchases", request=request, answer=answer, effect=True,
        start=tick, **more,
    )  # fmt: skip


_SELECT = "select id, purchase_id, version, kind, payload from outbox where published_at is null order by id"
_PURCHASE = "insert into purchase (id, buyer, item, quantity) values ('p-1', 'Ada', 'lamp', 1)"


def dual_write() -> History:
    """The shop commits, is killed before it sends, and never tells the warehouse."""
    return History(
        run="lab06.place_order.kill-before.produce-1",
        processes=("shop",),
        calls=(
            _postgres("shop", 1, "insert purchase", _PURCHASE, "INSERT 0 1"),
            _postgres("shop", 3, "COMMIT", "COMMIT", "COMMIT"),
            _kafka(
                "shop", 5, "publish p-1/1 OrderPlaced → purchases", "", end=None, fault="kill-before", outcome="failed"
            ),
            _postgres("shop", 8, "insert purchase", f"{_PURCHASE} on conflict do nothing", "INSERT 0 0", incarnation=2),
            _postgres("shop", 10, "COMMIT", "COMMIT", "COMMIT", incarnation=2),
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
            _postgres("relay-1", 1, "select outbox", f"{_SELECT} for update skip locked", "1 row: p-1/1", effect=False),
            _postgres(
                "relay-1", 3, "update outbox",
                "update outbox set published_at = '2026-03-01 09:00:00+00'::timestamptz where id = 1", "UPDATE 1",
            ),
            _postgres("relay-1", 5, "COMMIT", "COMMIT", "", end=None, outcome="unknown", fault="kill-after"),
            _postgres("relay-1", 8, "select outbox", _SELECT, "0 rows", effect=False, incarnation=2),
            _postgres("relay-1", 10, "COMMIT", "COMMIT", "COMMIT", incarnation=2),
        ),
        marks=(
            Mark(kind="crash", process="relay-1", at=6),
            Mark(kind="restart", process="relay-1", at=7),
            Mark(kind="end", process="relay-1", at=12, text="returned 0"),
        ),
    ).with_violation("Every committed event is published: p-1/1 is marked as published and was never sent.", "relay-1")


def out_of_order() -> History:
    """Two relays: the first is paused before it sends p-1/1, the second sends p-1/2 meanwhile."""
    return History(
        run="lab06.relay.two.pause-1",
        processes=("warehouse", "relay-1", "relay-2"),
        calls=(
            _postgres("relay-1", 1, "select outbox", f"{_SELECT} limit 1 for update skip locked", "1 row: p-1/1", effect=False),
            _postgres("relay-2", 4, "select outbox", f"{_SELECT} limit 1 for update skip locked", "1 row: p-1/2", effect=False),
            _kafka("relay-2", 6, "publish p-1/2 OrderCancelled → purchases", "offset 0"),
            _postgres("relay-2", 8, "update outbox", "update outbox set published_at = now() where id = 2", "UPDATE 1"),
            _postgres("relay-2", 10, "COMMIT", "COMMIT", "COMMIT"),
            _kafka("relay-1", 13, "publish p-1/1 OrderPlaced → purchases", "offset 1"),
            _postgres("relay-1", 15, "update outbox", "update outbox set published_at = now() where id = 1", "UPDATE 1"),
            _postgres("relay-1", 17, "COMMIT", "COMMIT", "COMMIT"),
            _postgres("warehouse", 19, "insert inbox", "insert into inbox (event_id) values ('p-1/2') on conflict do nothing", "INSERT 0 1"),
            _postgres("warehouse", 21, "COMMIT", "COMMIT", "COMMIT"),
        ),
        marks=(
            Mark(kind="pause", process="relay-1", at=3),
            Mark(kind="resume", process="relay-1", at=12),
        ),
    ).with_violation("First appearances are in version order: p-1/2 stands at offset 0, before p-1/1 at offset 1.", "relay-1")  # fmt: skip


def lock_wait() -> History:
    """Two relays lock the same row; one waits, one answer is held, one statement fails, one link is cut."""
    return History(
        run="day06.lock-wait",
        processes=("relay-1", "relay-2"),
        calls=(
            _postgres("relay-1", 1, "select outbox", f"{_SELECT} limit 1 for update", "1 row: p-1/1", effect=False),
            _postgres(
                "relay-2", 3, "select outbox", f"{_SELECT} limit 1 for update", "0 rows", effect=False, end=10,
                waits_for=("relay-1",),
            ),
            _kafka("relay-1", 4, "publish p-1/1 OrderPlaced → purchases", "offset 0"),
            _postgres("relay-1", 6, "update outbox", "update outbox set published_at = now() where id = 1", "UPDATE 1"),
            _postgres("relay-1", 8, "COMMIT", "COMMIT", "COMMIT"),
            _postgres("relay-2", 11, "update outbox", "update outbox set sent = true", 'column "sent" does not exist', outcome="failed"),
            _postgres("relay-2", 13, "ROLLBACK", "ROLLBACK", "ROLLBACK"),
            _kafka("relay-2", 15, "publish p-1/1 OrderPlaced → purchases", "", end=None, fault="park", outcome="unknown"),
            _postgres("relay-1", 17, "insert relay_position", "insert into relay_position (name, last_id) values ('relay-1', 1)",
                      "connection closed", end=19, outcome="unknown", fault="cut-after"),
        ),
        marks=(
            Mark(kind="cut", process="relay-1", at=18),
            Mark(kind="end", process="relay-2", at=20, text="returned 1, its last send still in flight"),
        ),
    )  # fmt: skip
