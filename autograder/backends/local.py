"""A world whose servers are our own child processes; with the servers that wheels bring it is the embedded one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from signal import Signals
from typing import Any, Protocol

from autograder.backends.addresses import Backends, ShopAddresses
from autograder.backends.broker import Broker
from autograder.backends.databases import prepare_shop
from autograder.backends.errors import BackendError
from autograder.backends.gateway import GatewayServer
from autograder.backends.postgres import Postgres
from autograder.backends.processes import Identity, end
from autograder.backends.redis import Redis
from autograder.backends.state import make_folder, read_json, write_text

__all__ = ["Launcher", "LocalWorld", "Make", "embedded"]


def embedded(state: Path) -> LocalWorld:
    """The world that any Python can start."""
    return LocalWorld("embedded", state, _embedded_servers)


class Launcher(Protocol):
    """What one server of these worlds can do."""

    name: str

    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def identity(self) -> Identity | None: ...
    def launch(self) -> None: ...
    def wait(self) -> None: ...
    def is_running(self) -> bool: ...
    def how_it_ended(self) -> str: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


Make = Callable[[Path, Mapping[str, int]], tuple[Postgres, Redis, Launcher]]
"""From a state folder and the ports of last time to the three servers."""


def _embedded_servers(state: Path, ports: Mapping[str, int]) -> tuple[Postgres, Redis, Broker]:
    return (
        Postgres(state / "postgres", port=ports.get("Postgres")),
        Redis(state / "redis", port=ports.get("Redis")),
        Broker(state / "kafka", port=ports.get("Kafka")),
    )


class LocalWorld:
    """Postgres, Redis, Kafka and the payment gateway as our own child processes, their data in the state folder.

    ``servers.json`` there names the processes that run and the ports they had, so that the next start can end what a
    killed supervisor left behind, and notebooks find everything where it was.
    """

    def __init__(self, name: str, state: Path, make: Make) -> None:
        self.name = name
        self.state = state
        self.record = make_folder(state / "supervisor") / "servers.json"
        ports = self._recorded_ports().get(name, {})
        self.postgres, self.redis, self.kafka = make(state, ports)
        self.gateway = GatewayServer(port=ports.get("Gateway"), control_port=ports.get("Sandbox"))
        self.restarts = dict.fromkeys(("Postgres", "Redis", "Kafka", "Gateway"), 0)

    @property
    def launchers(self) -> Sequence[Launcher]:
        """All of them, the slowest first."""
        return (self.kafka, self.gateway, self.redis, self.postgres)

    def start(self) -> None:
        """Launch all at once, then wait for each; the first start also makes the shop's database."""
        self._end_orphans()
        try:
            for launcher in self.launchers:
                launcher.launch()
                self._write_record()
            for launcher in self.launchers:
                launcher.wait()
            prepare_shop(self.postgres.address)
        except BaseException:
            self.stop()
            raise
        self._write_record()

    def stop(self) -> None:
        """End them all; the record keeps their ports."""
        for launcher in self.launchers:
            launcher.stop()
        # The state folder may be gone: a clone was removed.
        with suppress(BackendError):
            self._write_record()

    def mend(self) -> list[str]:
        """Start again what has died, where it was."""
        said = []
        for launcher in self.launchers:
            if not launcher.is_running():
                how = launcher.how_it_ended()
                launcher.launch()
                launcher.wait()
                self.restarts[launcher.name] += 1
                self._write_record()
                said.append(f"{launcher.name} died ({how}) and was started again; what was in flight is lost.")
        return said

    def addresses(self) -> tuple[Backends, ShopAddresses]:
        """Where everything is."""
        redis, kafka = self.redis.address, self.kafka.address
        sandbox, gateway = self.gateway.control_address, self.gateway.address
        judge = Backends(postgres=self.postgres.address, redis=redis, kafka=kafka, world=self.name, sandbox=sandbox)
        return judge, ShopAddresses(postgres=self.postgres.shop_address(), kafka=kafka, redis=redis, gateway=gateway)

    def status(self) -> dict[str, Any]:
        """One entry per backend."""
        return {launcher.name: self._status_of(launcher) for launcher in self.launchers}

    def _status_of(self, launcher: Launcher) -> dict[str, Any]:
        found = launcher.identity
        return {
            "running": launcher.is_running(),
            "pid": found.pid if found else None,
            "port": launcher.port,
            "restarts": self.restarts[launcher.name],
        }

    def _write_record(self) -> None:
        running = [launcher for launcher in self.launchers if launcher.is_running()]
        ports = self._recorded_ports()
        known = {
            "state": str(self.state.resolve()),
            "ports": {**ports, self.name: {**ports.get(self.name, {}), **self._ports()}},
            "processes": [asdict(launcher.identity) for launcher in running if launcher.identity],
        }
        write_text(self.record, json.dumps(known))

    def _recorded_ports(self) -> dict[str, dict[str, int]]:
        """The ports that each world had here."""
        known = (read_json(self.record) or {}).get("ports", {})
        return {world: ports for world, ports in known.items() if isinstance(ports, dict)}

    def _ports(self) -> dict[str, int]:
        ports = {"Postgres": self.postgres.port, "Redis": self.redis.port}
        ports |= {"Gateway": self.gateway.port, "Sandbox": self.gateway.control_port}
        try:
            return {**ports, "Kafka": self.kafka.port}
        except BackendError:
            return ports

    def _end_orphans(self) -> None:
        """End what a killed supervisor of this very folder left behind (not of the folder that ours copies)."""
        known = read_json(self.record) or {}
        if known.get("state") == str(self.state.resolve()):
            for process in known.get("processes", ()):
                end(Identity(**process), first=Signals.SIGINT)
