"""Jobs: a module run for a client, its lines of JSON passed on, ended when the client goes away."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.backends.link import FINAL
from autograder.backends.privilege import launch_words
from autograder.backends.state import ROOT, python_path

__all__ = ["Say", "run_job"]

LINE_BYTES_MAX = 64 << 20
FINISH_S = 10.0
"""A job that has given its result may take this long to tidy up."""
GRACE_S = 1.0

Say = Callable[[dict[str, Any]], Any]


async def run_job(module: str, request: Any, *, state: Path, gone: asyncio.Future[Any], say: Say) -> None:
    """Run ``python -m module`` with the request as one line on its input, and say its lines as they come.

    The last line said always has a ``result`` or an ``error``; lines before it are progress. When ``gone`` is done (the
    client hung up) the job's process group is ended.
    """
    if not re.fullmatch(r"[A-Za-z_][\w.]*", str(module)):
        await say({"error": f"A job names a Python module, not {module!r}."})
        return
    process = await _start(module, state)
    words = asyncio.ensure_future(_last_words(process))
    work = asyncio.ensure_future(_converse(process, request, say))
    try:
        await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and work.result():
            await _let_finish(process)
        elif work.done():
            await say({"error": _obituary(await process.wait(), module, await words)})
    finally:
        work.cancel()
        await _end(process)
        words.cancel()


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


async def _converse(process: asyncio.subprocess.Process, request: Any, say: Say) -> bool:
    """Give the job its request and pass its lines on; was there a final one?"""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        # It died before it read; its obituary says how.
        return False
    while line := await process.stdout.readline():
        row = _object(line)
        await say(row)
        if any(key in row for key in FINAL):
            return True
    return False


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
