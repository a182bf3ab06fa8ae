"""Service: the judge as a program of its own. A request as a JSON line on standard input, JSON lines as the answer.

    python -m autograder.grading.service

Lines are ``{"progress": ...}`` while it works and one ``{"result": ...}`` or ``{"error": sentence}`` at
the end. The supervisor runs it for notebooks, so that learner code is never forked from a kernel.

After an experiment it stays, and says so (``"stays": true``), with its lane open: the next cell of a day waits neither for
imports nor for a lane. It ends when its input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from autograder.backends import BackendError
from autograder.backends.kafka import wire
from autograder.grading import api
from autograder.grading.submission import Rejected
from autograder.labs import UnknownLab

__all__ = ["main"]


STAYING = frozenset({"experiment", "every kill", "meet", "meet update", "anomalies", "few"})
"""After these requests another one like it is likely."""


def main() -> int:
    """Serve requests: one, or as many experiments as come."""
    wire.without_clients()  # the judge makes no Kafka client of its own, and their import takes a third of its start
    try:
        while line := sys.stdin.readline():
            request = json.loads(line)
            result = {"result": _serve(request)}
            if request.get("do") not in STAYING:
                _say(result)
                break
            _say({**result, "stays": True})
    except (Rejected, BackendError, UnknownLab, KeyError, ValueError) as error:
        _say({"error": str(error.args[0] if error.args else error)})
        return 2
    return 0


def _serve(request: dict[str, Any]) -> dict[str, Any]:
    kind = request.get("do")
    if kind == "check":
        report = api.check(
            request["lab"],
            request.get("task"),
            Path(request["notebook"]) if request.get("notebook") else None,
            unsaved=request.get("unsaved") or {},
            progress=lambda line: _say({"progress": line}),
        )
        return {"report": report.to_json()}
    if kind == "experiment":
        return {"played": api.experiment(request)}
    if kind == "every kill":
        return {"played": api.every_kill(request)}
    if kind == "parts":
        return {"parts": api.parts(request["lab"])}
    if kind in ("meet", "meet update", "anomalies"):
        from autograder.grading import meetings  # for days 9 and 10 alone

        played = {"meet": meetings.play_meeting, "meet update": meetings.play_update, "anomalies": meetings.play_matrix}
        return {"played": played[kind](request)}
    if kind in ("sales", "few"):
        from autograder.grading import sales  # for day 14 alone

        say = lambda line: _say({"progress": line})
        return {"played": sales.play_crowd(request, say) if kind == "sales" else sales.play_few(request)}
    raise ValueError(f"The judge does not know the request {kind!r}.")


def _say(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False, default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main())
