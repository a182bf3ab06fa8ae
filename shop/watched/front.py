"""The front of the watched shop: requests on two threads that take turns, and a pool for what blocks.

A thread gives its turn away where a real one would wait: for the body of its request, and for the database. So two
requests are always under way at once, and always in the same way.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

__all__ = ["POOL", "Request", "Turns", "give_way", "require_pool", "stock_of"]

POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pool")
"""The threads for what blocks. They outlive every request."""
STOCK = {"lamp": 12, "mug": 40, "kettle": 7, "chair": 3}
_mine = threading.local()


@dataclass(frozen=True)
class Request:
    """One HTTP request: ``POST /orders`` with headers and a JSON body."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """A header by its name, in whatever case; None where it was not sent."""
        return next((value for sent, value in self.headers.items() if sent.lower() == name.lower()), None)

    def json(self) -> dict[str, Any]:
        """The body; it arrives when it arrives, and meanwhile other requests are handled."""
        give_way()
        return dict(self.body)


def stock_of(item: str) -> int:
    """How many there are. It blocks, so it must be asked from a thread of a pool; raises RuntimeError elsewhere."""
    require_pool("stock_of")
    return STOCK.get(item, 0)


def require_pool(what: str) -> None:
    """Refuse to block a thread that handles requests or reads messages; raises RuntimeError."""
    if hasattr(_mine, "turns") or threading.current_thread() is threading.main_thread():
        raise RuntimeError(f"{what} blocks: call it from a thread of the pool, as POOL.submit({what}, ...).result()")


class Turns:
    """Threads that run one at a time, in a fixed order."""

    def __init__(self, names: list[str]) -> None:
        self._names, self._now = list(names), 0
        self._changed = threading.Condition()

    def begin(self, name: str) -> None:
        """This thread takes part from now on."""
        _mine.turns, _mine.name = self, name
        self._await(name)

    def pass_on(self) -> None:
        """The others go on; returns when it is this thread's turn again."""
        with self._changed:
            self._now = (self._now + 1) % len(self._names)
            self._changed.notify_all()
        self._await(_mine.name)

    def end(self) -> None:
        """This thread is done."""
        with self._changed:
            place = self._names.index(_mine.name)
            del self._names[place]
            self._now = place % len(self._names) if self._names else 0
            self._changed.notify_all()
        del _mine.turns, _mine.name

    def _await(self, name: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._names[self._now] == name)


def give_way() -> None:
    """Here a request waits, so another one goes on; nothing happens on a thread that handles no request."""
    turns = getattr(_mine, "turns", None)
    if turns is not None:
        turns.pass_on()
