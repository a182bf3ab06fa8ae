"""Jobs: a module run for a client, its lines of JSON passed on, ended when the client goes away.

A process that says with its result that it stays is given the next request for its module, if one comes soon.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.backends.link import FINAL
from autograder.backends.privilege import launch_words
from autograder.backends.state import ROOT, python_path

__all__ = ["Jobs", "Say"]

LINE_BYTES_MAX = 64 << 20
FINISH_S = 10.0
"""A job that has given its result may take this long to tidy up."""
GRACE_S = 1.0
KEPT_S = 10.0
"""A process that stays is ended when no request has come for so long: nobody works, or its cell takes its time."""

Say = Callable[[dict[str, Any]], Any]


@dataclass(eq=False)
class _Worker:
    """A process that runs a module."""

    module: str
    process: asyncio.subprocess.Process
    words: asyncio.Future[str]
    """What it writes to its standard error."""
    leaving: asyncio.Task[None] | None = None
    """Its end, when no other request comes."""

    async def end(self) -> None:
        """End it with all its children."""
        await _end(self.process)
        self.words.cancel()


class Jobs:
    """The jobs of one supervisor."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._kept: dict[str, _Worker] = {}

    async def run(self, module: str, request: Any, *, gone: asyncio.Future[Any], say: Say) -> None:
        """Give the request to ``python -m module`` as one line on its input, and say its lines as they come.

        The last line said always has a ``result`` or an ``error``; lines before it are progress. When ``gone`` is done (the
        client hung up) the job's process group is ended.
        """
        if not re.fullmatch(r"[A-Za-z_][\w.]*", str(module)):
            await say({"error": f"A job names a Python module, not {module!r}."})
            return
        worker = self._that_stayed(module) or await self._new(module)
        work = asyncio.ensure_future(_converse(worker.process, request, say))
        stays = False
        try:
            await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
            last = work.result() if work.done() else {}
            stays = bool(last.get("stays")) and module not in self._kept
            if last and not stays:
                await _let_finish(worker.process)
            elif work.done() and not last:
                await say({"error": _obituary(await worker.process.wait(), module, await worker.words)})
        finally:
            work.cancel()
            if stays:
                self._keep(worker)
            else:
                await worker.end()

    async def end(self) -> None:
        """End the processes that stayed."""
        for worker in [*self._kept.values()]:
            if worker.leaving:
                worker.leaving.cancel()
            await worker.end()
        self._kept.clear()

    def _that_stayed(self, module: str) -> _Worker | None:
        worker = self._kept.get(module)
        if worker is None or worker.process.returncode is not None:
            return None  # the one that died is taken away when its time is over
        del self._kept[module]
        if worker.leaving:
            worker.leaving.cancel()
        return worker

    async def _new(self, module: str) -> _Worker:
        process = await _start(module, self._state)
        return _Worker(module, process, asyncio.ensure_future(_last_words(process)))

    def _keep(self, worker: _Worker) -> None:
        self._kept[worker.module] = worker
        worker.leaving = asyncio.ensure_future(self._leave(worker))

    async def _leave(self, worker: _Worker) -> None:
        await asyncio.sleep(KEPT_S)
        if self._kept.get(worker.module) is worker:
            del self._kept[worker.module]
        await _let_finish(worker.process)
        await worker.end()


async def _start(module: str, state: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *launch_words("plain", signal.SIGKILL),
        *(sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=_environment(state),
        start_new_session=True,
        limit=LINE_BYTES_MAX,
    )


def _environment(state: Path) -> dict[str, str]:
    """Ours, without what a notebook's kernel set for itself and passed on to us."""
    inherited = {
        name: text for name, text in os.environ.items() if name != "MPLBACKEND" and not name.startswith("JPY_")
    }
    return {**inherited, "PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1", "FORTNIGHT_STATE": str(state)}


async def _converse(process: asyncio.subprocess.Process, request: Any, say: Say) -> dict[str, Any]:
    """Give the job its request and pass its lines on; the final one, which is empty when there was none."""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It died before it read; its obituary says how.
        return {}
    while line := await process.stdout.readline():
        row = _object(line)
        await say(row)
        if any(key in row for key in FINAL):
            return row
    return {}


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Pass what it writes to its standard error on to our log; the end of it."""
    assert process.stderr is not None
    kept = b""
    while some := await process.stderr.read(1 << 14):
        os.write(sys.stderr.fileno(), some)
        kept = (kept + some)[-2000:]
    return kept.decode(errors="replace").strip()


def _object(line: bytes) -> dict[str, Any]:
    """A job's line as an object; whatever else it printed becomes a line of its output."""
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    return row if isinstance(row, dict) else {"output": line.decode(errors="replace").rstrip("\n")}


def _obituary(code: int, module: str, words: str) -> str:
    how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
    last = f" Its last words: {words.splitlines()[-1]}" if words else ""
    return f"{module} ended ({how}) before it had a result: an error of ours, not yours.{last}"


async def _let_finish(process: asyncio.subprocess.Process) -> None:
    """No other request comes; it may tidy up."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), FINISH_S)
    except TimeoutError:
        return


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of its process group, politely and then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            await asyncio.wait_for(process.wait(), GRACE_S)
        except TimeoutError:
            continue
    await process.wait()
