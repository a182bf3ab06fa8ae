"""The containers world: the official images of Apache Kafka, Postgres and Redis, run by Docker Compose.

Every clone has a *project* of its own, named after its state folder: its containers, network and volumes. Data lives in
the volumes and stays when the containers go. The containers are no children of ours, so they survive a killed
supervisor; the next one takes them over, or :func:`take_down` ends them.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from autograder.backends.addresses import Backends, ShopAddresses
from autograder.backends.containers.docker import Project, Versions, examine
from autograder.backends.containers.progress import sentence_of
from autograder.backends.containers.refusals import PortTaken, clashing_project, missing_images
from autograder.backends.containers.service import (
    SERVICES,
    UP,
    UP_TIMEOUT_S,
    Service,
    published_port,
    service_of,
)
from autograder.backends.containers.watch import DeathWatch
from autograder.backends.databases import prepare_shop
from autograder.backends.errors import BackendError
from autograder.backends.gateway import GatewayServer
from autograder.backends.processes import free_port
from autograder.backends.state import make_folder, read_json, write_text

__all__ = ["Containers", "prepare", "take_down"]

PULL_TIMEOUT_S = 3600.0
OBSERVABILITY = "observability"
"""The profile of compose.yaml that ``FORTNIGHT_OBSERVABILITY`` adds."""
QUERY = "sslmode=disable&gssencmode=disable"
PORTS_TRIED_MAX = 3

Say = Callable[[str], None]


def prepare(state: Path, say: Say) -> None:
    """Fetch what is missing and start the containers, saying so; a supervisor that starts after this is quick.

    Raises BackendError with the one command that mends it.
    """

    def tell(line: str) -> None:
        sentence = sentence_of(line)
        if sentence:
            say(sentence)

    world = Containers(state)
    missing = world.missing()
    if missing:
        say(f"Fetching {', '.join(missing)} (once; some hundred MB) ...")
        world.fetch(tell)
    world.up(tell)


def take_down(state: Path) -> bool:
    """End the containers that a killed supervisor left running; False when there were none."""
    known = read_json(_record(state)) or {}
    if not known.get("up"):
        return False
    Containers(state).stop()
    return True


class Containers:
    """Postgres, Redis and Kafka in containers of this clone's own, and the shop's payment gateway as a process beside them."""

    name = "containers"

    def __init__(self, state: Path) -> None:
        self.state = state
        self.record = _record(state)
        known = read_json(self.record) or {}
        ours = known.get("state") == str(state.resolve())
        self.ports: dict[str, int] = dict(known.get("ports", {})) if ours else {}
        self.clone: str = known["clone"] if ours else secrets.token_hex(8)
        self.gateway = GatewayServer()
        self.restarts = dict.fromkeys((*SERVICES, self.gateway.name), 0)
        self._watch: DeathWatch | None = None
        self._died: dict[str, str] = {}
        """What died and does not run again yet, and how."""
        self.postgres = Service("Postgres", lambda: self.project, lambda: self.addresses()[0].postgres)
        self.redis = Service("Redis", lambda: self.project, lambda: self.addresses()[0].redis)
        self.kafka = Service("Kafka", lambda: self.project, lambda: self.addresses()[0].kafka)

    @property
    def project(self) -> Project:
        """The project of this clone, with what compose.yaml asks for."""
        digest = hashlib.sha256(os.fsencode(self.state.resolve())).hexdigest()[:10]
        ports = {f"FORTNIGHT_{service.upper()}_PORT": str(port) for service, port in self.ports.items()}
        values = {"FORTNIGHT_CLONE": self.clone, "FORTNIGHT_POSTGRES_PASSWORD": self._password(), **ports}
        profiles = (OBSERVABILITY,) if os.environ.get("FORTNIGHT_OBSERVABILITY") else ()
        return Project(name=f"fortnight-{digest}", profiles=profiles, values=values)

    def look(self) -> Versions:
        """What of Docker is here; raises BackendError when it cannot be used."""
        return examine()

    def missing(self) -> list[str]:
        """The images that are not on this machine; raises BackendError when Docker cannot be asked."""
        self.look()
        return self.project.missing_images()

    def fetch(self, say: Say | None = None) -> None:
        """Download the images that are missing; what a stopped download had fetched is kept."""
        self.project.compose("pull", "--policy", "missing", timeout_s=PULL_TIMEOUT_S, say=say)

    def up(self, say: Say | None = None) -> None:
        """Start the containers and wait until each says that it is well; ``say`` gets Compose's lines."""
        self._refuse_clash()
        for left in reversed(range(PORTS_TRIED_MAX)):
            self._choose_ports()
            self._write_record(up=True)
            try:
                self.project.compose(*UP, timeout_s=UP_TIMEOUT_S, say=say)
                return
            except PortTaken as error:
                # Somebody took it between our look and Docker's bind: for a backend another one will do.
                if not left or error.port not in self.ports.values():
                    raise
                self.ports = {service: port for service, port in self.ports.items() if port != error.port}

    def start(self) -> None:
        """Start the containers and prepare the shop's database in them."""
        missing = self.missing()
        if missing:
            raise missing_images(missing)
        try:
            self.gateway.launch()
            self.up()
            self.gateway.wait()
            self._let_us_in()
            prepare_shop(self._postgres())
        except BaseException:
            with suppress(BackendError):
                self.stop()
            raise
        self._died = {}
        self._begin_watching()

    def stop(self) -> None:
        """End and remove the containers and their network; the data stays in the volumes."""
        self._stop_watching()
        self.gateway.stop()
        self._down()
        # The state folder may be gone: a clone was removed.
        with suppress(BackendError):
            self._write_record(up=False)

    def forget(self) -> None:
        """End everything and remove the data as well."""
        self._stop_watching()
        self.gateway.stop()
        self._down("--volumes")
        self._write_record(up=False)

    def mend(self) -> list[str]:
        """Start again the containers that have died since the last look; one sentence for each.

        When that fails, the next call tries again.
        """
        if self._watch is None:
            return []
        return self._mend_gateway() + self._mend_containers(self._watch)

    def _mend_gateway(self) -> list[str]:
        if self.gateway.is_running():
            return []
        how = self.gateway.how_it_ended()
        self.gateway.launch()
        self.gateway.wait()
        self.restarts[self.gateway.name] += 1
        return [f"{self.gateway.name} died ({how}) and was started again; what it knew is lost."]

    def _mend_containers(self, watch: DeathWatch) -> list[str]:
        if not watch.is_running():
            self._begin_watching()
            self._died |= dict.fromkeys(self._not_running(), "unseen")
        else:
            self._died |= watch.deaths()
        if not self._died:
            return []
        # Docker tells of a death before its list shows it; Compose would take the dead for running and wait in vain. To
        # look at a container waits until Docker has noted what became of it.
        self.project.containers()
        self.project.compose(*UP, timeout_s=UP_TIMEOUT_S)
        died, self._died = self._died, {}
        said = []
        for name, service in SERVICES.items():
            if service in died:
                self.restarts[name] += 1
                said.append(f"{name} died ({died[service]}) and was started again; what was in flight is lost.")
        return said

    def addresses(self) -> tuple[Backends, ShopAddresses]:
        """Where everything is: for the judge, for notebooks."""
        redis, kafka = f"redis://127.0.0.1:{self.ports['redis']}/0", f"127.0.0.1:{self.ports['kafka']}"
        sandbox, gateway = self.gateway.control_address, self.gateway.address
        judge = Backends(postgres=self._postgres(), redis=redis, kafka=kafka, world=self.name, sandbox=sandbox)
        shop = f"postgresql://shop@127.0.0.1:{self.ports['postgres']}/shop?{QUERY}"
        return judge, ShopAddresses(postgres=shop, kafka=kafka, redis=redis, gateway=gateway)

    def status(self) -> dict[str, Any]:
        """One entry per backend, for people to read."""
        found = {service_of(container): container for container in self.project.containers()}
        backends = {name: self._status_of(name, found.get(service)) for name, service in SERVICES.items()}
        restarts = self.restarts[self.gateway.name]
        gateway = {"running": self.gateway.is_running(), "port": self.gateway.port, "restarts": restarts}
        return {**backends, self.gateway.name: gateway}

    def _status_of(self, name: str, container: dict[str, Any] | None) -> dict[str, Any]:
        state = container["State"] if container else {}
        return {
            "running": bool(state.get("Running")),
            "health": state.get("Health", {}).get("Status", "no container"),
            "container": container["Name"].lstrip("/") if container else None,
            "image": container["Config"]["Image"] if container else None,
            "port": self.ports.get(SERVICES[name]),
            "restarts": self.restarts[name],
        }

    def _not_running(self) -> list[str]:
        running = {service_of(found) for found in self.project.containers() if found["State"]["Running"]}
        return [service for service in SERVICES.values() if service not in running]

    def _begin_watching(self) -> None:
        self._stop_watching()
        self._watch = DeathWatch(self.project.events())

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _down(self, *more: str) -> None:
        # Compose leaves alone what belongs to a profile that is not named.
        everything = replace(self.project, profiles=(OBSERVABILITY,))
        everything.compose("down", "--remove-orphans", "--timeout", "15", *more)

    def _refuse_clash(self) -> None:
        """Two clones may see each other as the same path (in two devcontainers, say): the label tells them apart."""
        for container in self.project.containers():
            owner = container["Config"]["Labels"].get("fortnight.clone", "")
            if container["State"]["Running"] and owner != self.clone:
                raise clashing_project(self.project.name)

    def _choose_ports(self) -> None:
        """Keep the ports that our running containers have; for the others those they had, where nobody took them."""
        held = {service_of(found): published_port(found) for found in self.project.containers() if found["State"]["Running"]}
        for service in SERVICES.values():
            self.ports[service] = held.get(service) or free_port(self.ports.get(service))

    def _password(self) -> str:
        path = make_folder(self.state / "containers") / "password"
        if not path.exists():
            write_text(path, secrets.token_urlsafe(24), 0o600)
        return path.read_text(encoding="utf-8").strip()

    def _postgres(self) -> str:
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.ports['postgres']}/postgres?{QUERY}"

    def _let_us_in(self) -> None:
        """Set the superuser's password again when the volume is older than our state folder and knows another."""
        try:
            psycopg.connect(self._postgres(), connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                raise BackendError(f"Postgres does not let us in: {str(error).strip()}.") from error
            statement = f"alter role postgres password '{self._password()}'"
            self.project.compose("exec", "-T", "postgres", "psql", "-qU", "postgres", "-c", statement)

    def _write_record(self, *, up: bool) -> None:
        known = {"state": str(self.state.resolve()), "clone": self.clone, "ports": self.ports, "up": up}
        write_text(self.record, json.dumps(known))


def _record(state: Path) -> Path:
    return make_folder(state / "containers") / "record.json"
