"""One backend in its container: what can be done to it, for faults and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from autograder.backends.containers.docker import Project
from autograder.backends.errors import BackendError

__all__ = ["INSIDE", "SERVICES", "UP", "UP_TIMEOUT_S", "Service", "published_port", "service_of"]

SERVICES: Mapping[str, str] = MappingProxyType({"Postgres": "postgres", "Redis": "redis", "Kafka": "kafka"})
"""Our names for the backends, and compose.yaml's."""

INSIDE: Mapping[str, str] = MappingProxyType({"postgres": "5432/tcp", "redis": "6379/tcp", "kafka": "9092/tcp"})
"""The ports that they have in their containers."""

WELL_TIMEOUT_S = 180
"""A laptop that is busy with other things may need so long until Kafka is well; an idle one needs 6 s."""
UP = ("up", "--detach", "--remove-orphans", "--pull", "never", "--wait", "--wait-timeout", str(WELL_TIMEOUT_S))
"""Start what does not run, make anew what compose.yaml describes otherwise now, and wait until all are well."""
UP_TIMEOUT_S = WELL_TIMEOUT_S + 30.0
STOP = ("--timeout", "15")


class Service:
    """The container of one backend. ``kill`` is a crash; :meth:`start` brings it back on its port with its data."""

    def __init__(self, name: str, project: Callable[[], Project], address: Callable[[], str]) -> None:
        self.name = name
        self.service = SERVICES[name]
        self._project = project
        self._address = address

    @property
    def address(self) -> str:
        """Where it is, as the judge has it."""
        return self._address()

    @property
    def port(self) -> int:
        """Its port on this machine."""
        return int(self._project().values[f"FORTNIGHT_{self.service.upper()}_PORT"])

    def is_running(self) -> bool:
        """Does it run?"""
        return any(service_of(found) == self.service and found["State"]["Running"] for found in self._all())

    def start(self) -> None:
        """Start it when it does not run, and wait until it is well."""
        self._project().compose(*UP, self.service, timeout_s=UP_TIMEOUT_S)

    def stop(self) -> None:
        """End it in order."""
        self._project().compose("stop", *STOP, self.service)

    def restart(self) -> None:
        """End it in order, start it again and wait until it is well."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self._project().compose("kill", "--signal", "SIGKILL", self.service)

    def disconnect(self) -> None:
        """Take it off the network: it lives, and nobody reaches it."""
        self._project().docker("network", "disconnect", self._network(), self._container()["Id"])

    def reconnect(self) -> None:
        """Put it back on the network, under its name and on its port."""
        words = ["network", "connect", "--alias", self.service, self._network(), self._container()["Id"]]
        self._project().docker(*words)

    def _network(self) -> str:
        return f"{self._project().name}_default"

    def _container(self) -> dict[str, Any]:
        for container in self._all():
            if service_of(container) == self.service:
                return container
        raise BackendError(f"{self.name} has no container: `./fortnight start --world containers` makes one.")

    def _all(self) -> list[dict[str, Any]]:
        return self._project().containers()


def service_of(container: Mapping[str, Any]) -> str:
    """Which of compose.yaml's services a container is."""
    return container["Config"]["Labels"].get("com.docker.compose.service", "")


def published_port(container: Mapping[str, Any]) -> int | None:
    """The port of this machine that leads into a container."""
    bindings = container["NetworkSettings"]["Ports"].get(INSIDE.get(service_of(container), ""))
    return int(bindings[0]["HostPort"]) if bindings else None
