"""Parties: who can be called, what they are asked, and how a call can end."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from autograder.history import Outcome
from autograder.values import plain, restored
from shop.network import Broken, Refused, ServiceError, Unavailable

__all__ = ["CALLER", "Answer", "Asked", "Ending", "Party", "Service", "ending_of", "raised", "text_of"]

Ending = Literal["ok", "refused", "unavailable", "broken", "unreachable", "reset", "gave up"]
"""How a call ends for its caller. The last three are not said by the callee."""

OUTCOMES: dict[Ending, Outcome] = {
    "ok": "ok", "refused": "failed", "unavailable": "failed", "unreachable": "failed",
    "broken": "unknown", "reset": "unknown", "gave up": "unknown",
}  # fmt: skip

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""The name of whoever asked the service whose code is running."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a client was told, and when."""

    outcome: Outcome
    value: Any = None
    error: str = ""
    """The reason, where it is not ok: ``refused: card declined``."""
    start_ms: float = 0.0
    end_ms: float = 0.0
    """When it heard the answer, or gave up."""

    @property
    def ok(self) -> bool:
        """Was the call answered as hoped?"""
        return self.outcome == "ok"

    @property
    def ms(self) -> float:
        """How long the client waited."""
        return self.end_ms - self.start_ms


@dataclass(eq=False)
class Asked:
    """One copy of a call that has arrived."""

    caller: str
    method: str
    args: tuple[Any, ...]
    reply: Callable[[Ending, Any], None]
    """To be called at most once, with the value or the reason."""


class Party(Protocol):
    """Somebody in the network who can be called."""

    name: str

    @property
    def running(self) -> bool:
        """Is anybody there to answer?"""

    def take(self, asked: Asked) -> None:
        """A call has arrived."""


class Service:
    """A part of the shop that the story plays: the methods of an object."""

    running = True

    def __init__(self, name: str, subject: object, spawn: Callable[[Any], Any]) -> None:
        self.name = name
        self._subject, self._spawn = subject, spawn

    def take(self, asked: Asked) -> None:
        """Run the method, beside everything else."""
        method = getattr(self._subject, asked.method, None)
        if not callable(method) or asked.method.startswith("_"):
            asked.reply("refused", f"{self.name} has no {asked.method}")
            return
        self._spawn(self._answer(asked, method))

    async def _answer(self, asked: Asked, method: Callable[..., Any]) -> None:
        CALLER.set(asked.caller)
        try:
            value = method(*[restored(arg) for arg in asked.args])
            value = plain(await value if inspect.isawaitable(value) else value)
        except ServiceError as error:
            asked.reply(ending_of(error), error.reason)
            return
        except ConnectionError:
            asked.reply("reset", "")
            return
        asked.reply("ok", value)


def ending_of(error: BaseException) -> Ending:
    """What an exception of the callee is to its caller."""
    if isinstance(error, Refused):
        return "refused"
    return "unavailable" if isinstance(error, Unavailable) else "broken"


def raised(ending: Ending, reason: str, callee: str) -> Exception:
    """What the caller's code sees."""
    if ending == "unreachable":
        return ConnectionRefusedError(111, f"nobody answers at {callee}")
    if ending == "reset":
        return ConnectionResetError(104, f"the connection to {callee} was lost")
    return {"refused": Refused, "unavailable": Unavailable}.get(ending, Broken)(reason)  # type: ignore[arg-type]


def text_of(ending: Ending, value: Any) -> str:
    """The answer in the words of a picture."""
    words = {"unreachable": "nobody is there", "reset": "the connection was lost", "gave up": "gave up"}
    if ending in words:
        return words[ending]
    return f"{ending}: {value}" if value else ending


