"""Judging a hand-in in a process of its own, so that whatever happens in there is the loss of that one learner.

:func:`judge_handin` runs anywhere: in a thread, in any ``concurrent.futures`` executor, on another machine that has
this clone. It hands the notebook's bytes to ``python -m autograder.grading.judging`` and gets JSON lines back:
``{"progress": ...}`` and one ``{"result": ...}`` or ``{"error": sentence}``.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.backends import ROOT, BackendError
from autograder.grading.handins import taken
from autograder.grading import spent
from autograder.grading.judge import judge
from autograder.grading.lanes import backends_for
from autograder.grading.report import report_html, report_text
from autograder.grading.notebook_file import Rejected
from autograder.grading.verdict import Verdict
from autograder.labs import find

__all__ = ["Graded", "Judged", "allow_judging", "judge_handin", "main", "stop_judging"]

_GRACE_S = 10.0
HAND_IN_S = 30 * 60.0
"""A safety net: whoever is not judged by then has met an error of the grader, and keeps the score that was there."""
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_stopped = threading.Event()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One task of a hand-in after judging."""

    kind: str
    points: int
    plain: str
    html: str
    mistake: str = ""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """What came of one hand-in, as JSON can carry it."""

    lab: str
    kind: str
    """``passed``, ``broken``, ``unknown``, ``unanswered``, ``error`` (ours: no score), ``rejected`` (no score)."""
    said: str = ""
    """The sentence of an error or a refusal."""
    tasks: Mapping[str, Judged] = field(default_factory=dict)
    spent: Mapping[str, str] = field(default_factory=dict)
    """The incidents that this hand-in has answered wrongly, each with its answer: for the next hand-in of this learner."""
    tail: str = ""
    """What the judge says of the hand-in as a whole: what was left out, which protection was on."""
    seconds: float = 0.0
    """For people; never kept."""

    @property
    def has_score(self) -> bool:
        """A rejected hand-in and an error of the grader change no score."""
        return self.kind not in ("error", "rejected")

    @property
    def points(self) -> int:
        """Points earned, stretch included."""
        return sum(task.points for task in self.tasks.values())

    def to_json(self) -> dict[str, Any]:
        """For the way between processes."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Graded:
        """What :meth:`to_json` made."""
        return cls(**{**data, "tasks": {name: Judged(**task) for name, task in data["tasks"].items()}})


def graded_from(verdict: Verdict) -> Graded:
    """A verdict as data, with the report of each task."""
    whole, tasks = replace(verdict, seconds=0.0), {}
    for task in whole.tasks:
        alone = replace(whole, tasks=(task,), notes=(), protection="")
        tasks[task.task] = Judged(
            kind=task.kind,
            points=task.points,
            plain=report_text(alone),
            html=report_html(alone),
            mistake=task.mistake.name if task.mistake else "",
        )
    said = next((task.said for task in whole.tasks if task.kind == "error"), "")
    tail = "\n".join(line for line in (*whole.notes, whole.protection) if line)
    return Graded(lab=whole.lab, kind=whole.kind, said=said, tasks=tasks, tail=tail, seconds=verdict.seconds)


def judge_handin(
    lab: str,
    data: bytes,
    tasks: Iterable[str] | None = None,
    lanes: int = 1,
    *,
    learner: str = "",
    seen: Mapping[str, str] | None = None,
) -> Graded:
    """Judge the bytes of a notebook in a process of its own. Never raises for what is in them.

    ``learner`` is whose it is, as the class knows them, and ``seen`` which incidents they have answered wrongly before.
    """
    request = {
        "lab": lab,
        "notebook": base64.b64encode(data).decode(),
        "tasks": list(tasks) if tasks is not None else None,
        "lanes": lanes,
        "learner": learner,
        "seen": dict(seen or {}),
    }
    process = _start()
    if process is None:
        return Graded(lab=lab, kind="error", said="The grading was stopped before this hand-in was judged.")
    try:
        answer, words = process.communicate(json.dumps(request).encode() + b"\n", timeout=HAND_IN_S)
    except subprocess.TimeoutExpired:
        _end(process)
        process.communicate()
        said = f"It was not judged after {HAND_IN_S / 60:.0f} minutes, so its score stays as it was: look at it with check."
        return Graded(lab=lab, kind="error", said=said)
    finally:
        with _lock:
            _running.discard(process)
        _end(process)
    return _answer(lab, answer, words, process.returncode)


def _start() -> subprocess.Popen[bytes] | None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
    with _lock:
        if _stopped.is_set():
            return None
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.judging"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        _running.add(process)
    return process


def stop_judging() -> None:
    """End every judge that this process has started, now, and start no other: each gets Ctrl-C to tidy up, and little time for it."""
    with _lock:
        _stopped.set()
        processes = list(_running)
    for process in processes:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        _end(process)


def allow_judging() -> None:
    """Judges may be started again after :func:`stop_judging`."""
    _stopped.clear()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of a judge behind: what it started is in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _answer(lab: str, answer: bytes, words: bytes, code: int) -> Graded:
    for line in answer.splitlines():
        with suppress(ValueError):
            row = json.loads(line)
            if "result" in row:
                return Graded.from_json(row["result"])
            if "error" in row:
                return Graded(lab=lab, kind="error", said=str(row["error"]))
    last = words.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {code}"]
    return Graded(lab=lab, kind="error", said=f"The judge ended without an answer ({last[0][:200]}); grade it again.")


def main() -> int:
    """Serve one request."""
    request = json.loads(sys.stdin.readline())
    say: Callable[[dict[str, Any]], None] = lambda row: print(json.dumps(row, ensure_ascii=False), flush=True)
    try:
        say({"result": _serve(request).to_json()})
    except (BackendError, OSError) as error:
        say({"error": str(error)})
    except KeyboardInterrupt:
        return 130
    return 0


def _serve(request: Mapping[str, Any]) -> Graded:
    lab = find(request["lab"])
    with tempfile.TemporaryDirectory(prefix="fortnight-handin-") as folder:
        notebook = Path(folder) / f"{lab.name}.ipynb"
        notebook.write_bytes(base64.b64decode(request["notebook"]))
        try:
            program, _ = taken(lab, notebook)
        except Rejected as refusal:
            return Graded(lab=lab.name, kind="rejected", said=str(refusal))
        with backends_for(lab) as backends, spent.counting(request["learner"], request["seen"], Path(folder)) as found:
            verdict = judge(lab.name, program, backends=backends, tasks=request.get("tasks"), lanes=request["lanes"])
    return replace(graded_from(verdict), spent=found)


if __name__ == "__main__":
    sys.exit(main())
