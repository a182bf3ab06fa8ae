"""Trouble: what goes wrong around a cell, told in one sentence and without our traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from autograder.backends import BackendError

__all__ = ["Trouble", "quiet_trouble"]

P = ParamSpec("P")
T = TypeVar("T")


class Trouble(Exception):
    """Something that the reader can mend; shown as one sentence."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"\x1b[1;31mStopped.\x1b[0m {self}"]


def quiet_trouble(function: Callable[P, T]) -> Callable[P, T]:
    """Turn what the backends say, and an interrupted kernel, into :class:`Trouble`."""

    @functools.wraps(function)
    def quiet(*arguments: P.args, **named: P.kwargs) -> Any:
        try:
            return function(*arguments, **named)
        except BackendError as error:
            raise Trouble(str(error)) from None
        except KeyboardInterrupt:
            raise Trouble("You interrupted it: nothing of it runs any more, and nothing was recorded.") from None

    return quiet
