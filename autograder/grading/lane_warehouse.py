"""A lane's warehouse: a real HTTP service in a thread of the worker, told by the judge how to behave."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from shop.warehouse import Warehouse, serve

__all__ = ["LaneWarehouse", "begin_warehouse"]


class LaneWarehouse:
    """The warehouse of one lane, as :class:`autograder.explore.lane.Parcels` wants it."""

    def __init__(self) -> None:
        self._warehouse = Warehouse()
        self._server = serve(self._warehouse)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self, mood: str = "") -> None:
        """As if nothing had ever happened; from now on in one of ``shop.warehouse.MOODS``."""
        self._warehouse.reset(mood)

    def settle(self) -> None:
        """What it is slow with gets done now."""
        self._warehouse.settle()

    def parcels(self) -> tuple[dict[str, Any], ...]:
        """What it has packed, in order."""
        return self._warehouse.parcels()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()


def begin_warehouse(cleanup: ExitStack) -> LaneWarehouse:
    """Open a warehouse; it closes when ``cleanup`` ends."""
    warehouse = LaneWarehouse()
    cleanup.callback(warehouse.close)
    return warehouse
