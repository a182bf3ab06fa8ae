"""One request on its way through the broker."""

from __future__ import annotations

from asyncio import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from autograder.backends.kafka.broker import Broker
from autograder.backends.kafka.wire import Request

__all__ = ["Answer", "Call", "Gone"]

Answer = dict[str, Any]
"""The fields of an answer, as Kafka's schema names them."""
T = TypeVar("T")


class Gone(Exception):
    """The client hung up while its request waited: what it asked for has happened, nobody hears the answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, where it came in and from whom."""

    broker: Broker
    node: int
    host: str
    request: Request
    gone: Future[None]
    """Done when the client has closed its side of the connection."""

    @property
    def body(self) -> Any:
        """The request's fields."""
        return self.request.body

    @property
    def version(self) -> int:
        """The request's version."""
        return self.request.version

    async def hears(self, answer: Future[T]) -> T:
        """Wait for an answer that depends on others; raises Gone when the client does not wait that long."""
        def hang_up(_: Future[None]) -> None:
            if not answer.done():
                answer.set_exception(Gone())

        self.gone.add_done_callback(hang_up)
        try:
            return await answer
        finally:
            self.gone.remove_done_callback(hang_up)
