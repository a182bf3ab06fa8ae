"""How a run ended: joins the judge's own verdict, the zygote's word and the subject's word, in that order of trust."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

from autograder.grading.protocol import Result, read_reply

__all__ = ["ending_of"]


def ending_of(answer: bytes, ending: bytes, *, verdict: tuple[str, str] | None, output: str) -> Result:
    """The result of a run.

    ``answer`` came from the subject, ``ending`` from the zygote; ``verdict`` is the judge's own kind and error, if it
    ended the run.
    """
    report = _zygotes_report(ending)
    if "sandbox" in report:
        return Result(kind="grader error", error=f"the sandbox could not be put on: {report['sandbox']}")
    if verdict is not None:
        kind, error = verdict
        return Result(kind=kind, error=error, output=output)
    reply = read_reply(answer)
    if reply is not None:
        return replace(reply, output=output)
    return Result(kind="exited", error=_how_it_exited(report.get("status")), output=output)


def _zygotes_report(ending: bytes) -> dict:
    report: dict = {}
    for row in ending.splitlines():
        report |= json.loads(row)
    return report


def _how_it_exited(status: int | None) -> str:
    if status is None:
        return "its process was lost"
    if status >= 0:
        return f"its process exited with status {status} before the function returned"
    number = -status
    if number == getattr(signal, "SIGXCPU", None):
        return "it used more processor time than a run may"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"its process was ended by {name} before the function returned"
