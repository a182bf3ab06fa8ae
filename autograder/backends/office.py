"""The supervisor's office: it answers clients, counts leases, mends what died, and closes when nobody needs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from autograder.backends.errors import BackendError
from autograder.backends.jobs import Jobs
from autograder.backends.link import PROTOCOL, address_file
from autograder.backends.worlds import World

__all__ = ["Office"]

RESTARTS_MAX = 5
"""A backend that keeps dying is given up after so many restarts within a minute."""


REFUSAL_S = 1.0


class Office:
    """One event loop around one world."""

    def __init__(self, world: World, *, state: Path, lock: IO[str], idle_s: float) -> None:
        self.world = world
        self.state = state
        self.lock = lock
        self.idle_s = idle_s
        self.refusal = ""
        self.news: list[dict[str, Any]] = []
        self.holders: dict[asyncio.StreamWriter, dict[str, Any]] = {}
        self._closing = asyncio.Event()
        self._jobs = Jobs(state)
        self._idle: asyncio.TimerHandle | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._since = time.time()

    async def serve(self, listener: socket.socket) -> None:
        """Start the world, serve until nobody needs it, end the world."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._closing.set)
        # Clients that come meanwhile wait in the socket's queue.
        self._start_world()
        loop.add_signal_handler(signal.SIGCHLD, self._mend)
        self._count_down()
        server = await asyncio.start_unix_server(self._client, sock=listener)
        watch = asyncio.ensure_future(self._watch())
        await self._closing.wait()
        watch.cancel()
        loop.remove_signal_handler(signal.SIGCHLD)
        address_file(self.state).unlink(missing_ok=True)
        server.close()
        stopping = [writer for writer, holder in self.holders.items() if holder.get("stopping")]
        await self._send_everybody_home(stopping)
        self.world.stop()
        for writer in stopping:
            writer.close()

    def _start_world(self) -> None:
        try:
            self.world.start()
        except BackendError as error:
            self._give_up(str(error))
        except Exception as error:
            self._give_up(f"The backends do not start: {type(error).__name__}: {error}.")

    def _give_up(self, reason: str) -> None:
        """Tell those who ask in the next moment why, then end, so that the next connect() begins afresh."""
        self.refusal = reason
        self._tell(reason)
        asyncio.get_running_loop().call_later(REFUSAL_S, self._closing.set)

    def _tell(self, sentence: str) -> None:
        self.news = [*self.news, {"at": time.time(), "text": sentence}][-50:]
        print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, file=sys.stderr, flush=True)

    def _mend(self) -> None:
        """Some child has ended: when it was a backend, start it again."""
        if self.refusal or self._closing.is_set():
            return
        try:
            for sentence in self.world.mend():
                self._tell(sentence)
        except BackendError as error:
            self._give_up(str(error))
        recent = [item for item in self.news if item["at"] > time.time() - 60]
        if len(recent) > RESTARTS_MAX and not self.refusal:
            self._give_up(f"The backends keep dying; given up. The last: {recent[-1]['text']}")

    async def _watch(self) -> None:
        """Close when our folder is gone: a clone that was removed must not leave servers behind."""
        while not self._closing.is_set():
            await asyncio.sleep(1.0)
            self._mend()
            try:
                ours = os.path.samestat(os.fstat(self.lock.fileno()), os.stat(self.lock.name))
            except OSError:
                ours = False
            if not ours:
                self._closing.set()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if message.get("op") == "job" and not self.refusal:
                    await self._job(message, reader, writer)
                    break
                self._answer(message, writer)
                await writer.drain()
        except (ConnectionError, ValueError, KeyError, asyncio.CancelledError):
            # Gone, or not one of our clients: either way the end of this conversation and of nothing else.
            pass
        finally:
            self._clients.discard(task)
            if not self.holders.get(writer, {}).get("stopping"):
                writer.close()
                self._release(writer)

    def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        op = message.get("op")
        if op == "hello":
            _send(writer, {"ok": self._greeting()})
        elif op == "status":
            _send(writer, {"ok": self._status()})
        elif op == "stop":
            self.holders[writer] = {"stopping": True}
            self._closing.set()
        elif op in ("lease", "job") and self.refusal:
            _send(writer, {"error": self.refusal})
        elif op == "lease":
            self._hold(writer, message.get("holder", {}))
            judge, shop = self.world.addresses()
            _send(writer, {"ok": {"backends": asdict(judge), "shop": asdict(shop)}})
        else:
            _send(writer, {"error": f"The supervisor does not know the request {op!r}."})

    async def _job(self, message: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The last request of a conversation: run a job; whatever comes from the client now means that it gives up."""
        self._hold(writer, {"name": message["module"]})
        _send(writer, {"ok": {}})

        async def say(row: dict[str, Any]) -> None:
            _send(writer, row)
            await writer.drain()

        gone = asyncio.ensure_future(reader.read(1))
        try:
            await self._jobs.run(message["module"], message.get("request"), gone=gone, say=say)
        finally:
            gone.cancel()

    def _hold(self, writer: asyncio.StreamWriter, holder: dict[str, Any]) -> None:
        self.holders[writer] = holder
        if self._idle:
            self._idle.cancel()

    def _release(self, writer: asyncio.StreamWriter) -> None:
        """Forget a holder; whoever only asked for the status held nothing and prolongs nothing."""
        if self.holders.pop(writer, None) is not None and not self.holders:
            self._count_down()

    def _count_down(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(self.idle_s, self._closing.set)

    def _greeting(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "state": str(self.state.resolve()),
            "world": self.world.name,
            "leases": len(self.holders),
        }

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "state": str(self.state),
            "world": self.world.name,
            "up_s": round(time.time() - self._since, 1),
            "leases": list(self.holders.values()),
            "backends": {} if self.refusal else self.world.status(),
            "refusal": self.refusal,
            "news": self.news,
        }

    async def _send_everybody_home(self, but: list[asyncio.StreamWriter]) -> None:
        """Cancel jobs and hang up on everybody but those who wait for our end."""
        for task in list(self._clients):
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients, timeout=5.0)
        await self._jobs.end()
        for writer in [writer for writer in self.holders if writer not in but]:
            writer.close()


def _send(writer: asyncio.StreamWriter, row: dict[str, Any]) -> None:
    writer.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
