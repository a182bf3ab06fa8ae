"""Apache Kafka as a process of ours: one node, broker and controller in one (KRaft), its log in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from autograder.backends.errors import BackendError, cannot_write
from autograder.backends.kafka.direct import Direct, DirectError
from autograder.backends.native.format import CHECKPOINT, formatted, new_name
from autograder.backends.native.jars import find_kafka, version_of
from autograder.backends.native.java import java_words
from autograder.backends.native.settings import Node, properties
from autograder.backends.processes import Identity
from autograder.backends.server import ServerProcess
from autograder.backends.state import make_folder, write_text

__all__ = ["ApacheKafka", "free_ports"]

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
SERVER = "kafka.Kafka"


class ApacheKafka:
    """One node of Apache Kafka; alone, or one of the ``cluster`` that it is given. A context manager.

    It has the shape of the embedded :class:`autograder.backends.broker.Broker`: ``address``, ``start()``, ``kill()``.
    """

    name = "Kafka"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        number: int = 1,
        cluster: Sequence[Node] = (),
        cluster_id: str = "",
    ) -> None:
        self.folder = Path(folder)
        self.settings = dict(settings)
        self.number = number
        self.cluster = tuple(cluster)
        self._cluster_id = cluster_id
        self._port = port
        self._server: ServerProcess | None = None

    def __enter__(self) -> ApacheKafka:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Its bootstrap address, ``127.0.0.1:port``."""
        return f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port that clients come to."""
        if self._port is None:
            raise BackendError("Apache Kafka has no address before it is started: call start() first.")
        return self._port

    @property
    def identity(self) -> Identity | None:
        """The Java process, when it was started."""
        return self._server.identity if self._server else None

    @property
    def version(self) -> str:
        """The version of its jars."""
        return version_of(find_kafka())

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it without waiting; :meth:`wait` waits. After a crash it comes back on the port it had."""
        self.kill()
        node = self._choose_ports()
        data = make_folder(self.folder) / "data"
        write_text(self._properties, properties(node, self.cluster or (node,), str(data.absolute()), self.settings))
        if not (data / "meta.properties").exists():
            self._format(data)
        self._server = ServerProcess(
            self.name, java_words(SERVER, str(self._properties)), folder=self.folder, stop_signal=signal.SIGTERM
        )

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it serves; raises BackendError with its last words when it cannot."""
        deadline = time.monotonic() + timeout_s
        while self._server is None or not self._server.wait_ready(self._serves, deadline):
            said = self._server.last_words() if self._server else ""
            # A free port may be taken between our look and its bind. A node of a cluster is known by its ports.
            if "Address already in use" not in said or self.cluster or time.monotonic() > deadline:
                self.kill()
                raise self._refusal(said)
            self.launch()

    def is_running(self) -> bool:
        """Does it run?"""
        return self._server is not None and self._server.is_running()

    def how_it_ended(self) -> str:
        """How its last run ended."""
        return self._server.how_it_ended() if self._server else "never started"

    def begin_stop(self) -> None:
        """Ask it to end, without waiting."""
        if self._server and self._server.is_running():
            self._server.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it in order; what it knows is on disk, so it is killed when that takes long (no quorum, say)."""
        if self._server:
            self._server.stop(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); start() recovers."""
        if self._server:
            self._server.kill()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _choose_ports(self) -> Node:
        """Its place in the cluster; alone, the port it had when that is free, and a new one for the controller."""
        for node in self.cluster:
            if node.number == self.number:
                self._port = node.port
                return node
        self._port, controller = free_ports(self._port)
        return Node(number=self.number, port=self._port, controller_port=controller)

    def _format(self, data: Path) -> None:
        """Make its data folder beside the final place, so that a crash half-way leaves nothing that looks finished."""
        draft = data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft)
        cluster_id = self._cluster_id or new_name()
        known = {"version": 1, "cluster.id": cluster_id, "node.id": self.number, "directory.id": new_name()}
        write_text(draft / "meta.properties", "".join(f"{name}={value}\n" for name, value in known.items()))
        try:
            shutil.copy(formatted(), draft / CHECKPOINT)
            draft.rename(data)
        except OSError as error:
            raise cannot_write(data, error) from error

    def _serves(self) -> bool:
        """Does it take requests, as the broker that it is?"""
        time.sleep(0.01)
        try:
            with Direct(self.address, timeout_s=2.0) as kafka:
                told = kafka.ask("Metadata", 7, topics=[], allow_auto_topic_creation=False)
        except (DirectError, OSError):
            return False
        return any(broker.node_id == self.number for broker in told.brokers)

    def _refusal(self, said: str) -> BackendError:
        if "No space left" in said:
            return BackendError(f"The disk is full: Apache Kafka cannot write {self.folder}. Free some space.")
        if "OutOfMemoryError" in said or "insufficient memory" in said:
            return BackendError("Apache Kafka does not get the 400 MB of memory that it needs: close something first.")
        telling = [line for line in said.splitlines() if "Exception" in line or "ERROR" in line or "Error" in line]
        line = (telling or said.splitlines() or ["it ended without a word"])[0].strip().rstrip(".")
        return BackendError(
            f"Apache Kafka does not start: {line[:300]}. The whole story is in {self.folder / 'log'}; "
            f"to begin with an empty Kafka, stop the backends and remove {self.folder / 'data'}."
        )


def free_ports(preferred: int | None = None) -> tuple[int, int]:
    """Two different loopback ports that nobody listens on; the first is the preferred one when it is free."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", preferred or 0))
        except OSError:
            one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
