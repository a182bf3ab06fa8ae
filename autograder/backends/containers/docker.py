"""The ``docker`` program as the containers world uses it: found, examined, and run for one project of Compose.

Docker's own answers are turned into sentences by :mod:`autograder.backends.containers.refusals`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.backends.containers.refusals import (
    no_compose,
    no_docker,
    old_compose,
    refusal,
    remote_docker,
    silent_docker,
)
from autograder.backends.errors import BackendError
from autograder.backends.state import ROOT

__all__ = ["COMPOSE_FILE", "COMPOSE_MIN", "Project", "Versions", "examine"]

COMPOSE_FILE = ROOT / "compose.yaml"
COMPOSE_MIN = (2, 24)
"""``configs`` with their content in the file came with 2.23.1; nothing older than 2.24 was considered."""

ANSWER_TIMEOUT_S = 20.0
"""A daemon that does not answer a simple question for so long hangs."""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What this machine has."""

    program: str
    engine: str
    compose: str


def examine() -> Versions:
    """Docker's program, its Compose and its daemon, all there and new enough; raises BackendError with what mends it."""
    program = shutil.which("docker")
    if program is None:
        raise no_docker()
    host = os.environ.get("DOCKER_HOST", "")
    if host.startswith(("tcp:", "ssh:", "http")):
        raise remote_docker(host)
    compose = _ask([program, "compose", "version", "--short"])
    if compose.returncode != 0:
        raise no_compose()
    found = compose.stdout.strip().removeprefix("v")
    if _numbers(found) < COMPOSE_MIN:
        raise old_compose(found, COMPOSE_MIN)
    engine = _ask([program, "version", "--format", "{{.Server.Version}}"])
    if engine.returncode != 0:
        raise refusal(engine.stderr)
    return Versions(program=program, engine=engine.stdout.strip(), compose=found)


def _ask(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise silent_docker(ANSWER_TIMEOUT_S) from error
    except OSError as error:
        raise BackendError(f"{command[0]} cannot be run: {error.strerror}. Install Docker again.") from error


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project of Compose: our compose.yaml under a name of its own, with the values that it asks for."""

    name: str
    profiles: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What compose.yaml's ``${FORTNIGHT_...}`` stand for; a password is among them."""
    file: Path = COMPOSE_FILE

    def compose(self, *words: str, timeout_s: float = 120.0, say: Callable[[str], None] | None = None) -> None:
        """Run ``docker compose`` with these words; ``say`` gets every line as it comes. BackendError when it fails."""
        try:
            process = subprocess.Popen(
                self._command(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=self.environment(),
            )
        except OSError as error:
            raise no_docker() from error
        patience = threading.Timer(timeout_s, process.kill)
        patience.start()
        said = []
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.rstrip())
                if say:
                    say(said[-1])
        in_time = patience.is_alive()
        patience.cancel()
        if process.returncode != 0:
            raise refusal("\n".join(said)) if in_time else silent_docker(timeout_s)

    def docker(self, *words: str) -> str:
        """Run ``docker`` itself and return what it prints; raises BackendError when it fails."""
        ran = _ask(["docker", *words])
        if ran.returncode != 0:
            raise refusal(ran.stderr)
        return ran.stdout.strip()

    def images(self) -> list[str]:
        """The images that compose.yaml names."""
        ran = _ask(self._command(["config", "--images"]), self.environment())
        if ran.returncode != 0:
            raise refusal(ran.stderr)
        return sorted(set(ran.stdout.split()))

    def missing_images(self) -> list[str]:
        """Those that are not on this machine; one that was half downloaded is not."""
        return [image for image in self.images() if _ask(["docker", "image", "inspect", image]).returncode != 0]

    def containers(self) -> list[dict[str, Any]]:
        """The project's containers as ``docker inspect`` shows them, stopped ones too."""
        wanted = f"label=com.docker.compose.project={self.name}"
        numbers = self.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", wanted).split()
        return json.loads(self.docker("inspect", *numbers)) if numbers else []

    def events(self) -> subprocess.Popen[bytes]:
        """A program that prints one JSON line whenever a container of the project dies."""
        words = ["--filter", f"label=com.docker.compose.project={self.name}"]
        words += ["--filter", "event=die", "--filter", "event=oom", "--format", "{{json .}}"]
        return subprocess.Popen(
            ["docker", "events", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _command(self, words: Sequence[str]) -> list[str]:
        # A .env beside compose.yaml is somebody else's; COMPOSE_* of the caller's shell are taken out below.
        fixed = ["--file", str(self.file), "--project-name", self.name, "--env-file", os.devnull, "--ansi", "never"]
        profiles = [word for profile in self.profiles for word in ("--profile", profile)]
        return ["docker", "compose", *fixed, *profiles, *words]

    def environment(self) -> dict[str, str]:
        """The environment that Compose runs in: ours, without what the shell says about Compose itself."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        return {**inherited, **self.values}
