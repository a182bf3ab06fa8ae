"""What Docker says when it cannot do its work, as one sentence of ours with the one command that mends it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable

from autograder.backends.errors import BackendError

__all__ = [
    "PortTaken",
    "clashing_project",
    "missing_images",
    "no_compose",
    "no_docker",
    "old_compose",
    "refusal",
    "remote_docker",
    "silent_docker",
]

OTHERWISE = "Or go on without it: `./fortnight start --world embedded`."



class PortTaken(BackendError):
    """Docker could not have a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is taken by another program: end it (`lsof -i :{port}` names it) and start again."
        )
        self.port = port


INSTALL = {
    "darwin": "brew install --cask docker",
    "ubuntu": "sudo apt-get install docker.io docker-compose-v2",
    "debian": "sudo apt-get install docker.io docker-compose",
    "fedora": "sudo dnf install moby-engine docker-compose",
    "arch": "sudo pacman -S docker docker-compose",
}
"""The one command, by system; elsewhere Docker's own pages have to say."""


def no_docker() -> BackendError:
    """There is no ``docker``."""
    return BackendError(f"Docker is not installed: {_install()}. {OTHERWISE}")


def no_compose() -> BackendError:
    """``docker`` is there without its Compose plugin; the old ``docker-compose`` 1.x cannot stand in for it."""
    return BackendError(
        f"Docker is here without Compose v2 (docker-compose 1.x is too old): {_install()}. {OTHERWISE}"
    )


def old_compose(found: str, wanted: tuple[int, int]) -> BackendError:
    """The Compose plugin is older than compose.yaml needs."""
    least = ".".join(map(str, wanted))
    return BackendError(f"Docker Compose {found} is too old, {least} or newer is needed: {_install()}. {OTHERWISE}")


def remote_docker(host: str) -> BackendError:
    """The daemon runs on another machine, and its containers' ports would be that machine's."""
    return BackendError(
        f"DOCKER_HOST names another machine ({host}), and the course talks to backends on this one: "
        "`unset DOCKER_HOST` and start again."
    )


def silent_docker(timeout_s: float) -> BackendError:
    """Docker neither did what was asked nor refused it."""
    return BackendError(f"Docker did not answer within {timeout_s:.0f} s: restart it with `{_start_daemon(again=True)}`.")


def missing_images(images: list[str]) -> BackendError:
    """Images are not on this machine, or only half of them."""
    return BackendError(
        f"{len(images)} of the images are not on this machine yet ({', '.join(images)}): "
        "`docker compose pull` fetches them; what was fetched before is kept."
    )


def clashing_project(name: str) -> BackendError:
    """Another clone of the course runs containers under the name that ours would have."""
    return BackendError(
        f"Another clone of the course runs its containers as the project {name}: "
        f"end them with `docker compose --project-name {name} down` and start again."
    )


def refusal(said: str) -> BackendError:
    """The sentence for what Docker or Compose printed before it gave up."""
    taken = re.search(TAKEN, said, re.IGNORECASE)
    if taken:
        return PortTaken(int(taken["port"]))
    for pattern, sentence in SENTENCES:
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            return BackendError(sentence(found))
    return BackendError(f"Docker gave up: {_last(said)}. `docker compose config -q` says whether compose.yaml is well.")


TAKEN = (
    r"(?:bind for|ports are not available|listen tcp\d?|exposing port).{0,80}?:(?P<port>\d+)\b"
    r"[^\n]*?(?:already allocated|already in use|only one usage)"
)
"""Docker Engine's words, Docker Desktop's and Windows's."""


def _permission(found: re.Match[str]) -> str:
    return "Docker does not let you in: `sudo usermod -aG docker $USER`, log out and in again, and start again."


def _no_daemon(found: re.Match[str]) -> str:
    return f"Docker is installed but does not run: start it with `{_start_daemon()}`. {OTHERWISE}"


def _old_engine(found: re.Match[str]) -> str:
    return f"Docker's program and its daemon do not understand each other (one is too old): {_install()}."


def _sick(found: re.Match[str]) -> str:
    service = found["service"]
    return f"The container of {service} does not get well: `docker logs {found['name']}` says why."


def _slow(found: re.Match[str]) -> str:
    return "The containers did not get well in time: `docker stats` shows which is busy; start again when there is room."


def _half_pulled(found: re.Match[str]) -> str:
    return "The download of the images was cut off: `docker compose pull` goes on with it; what was fetched is kept."


def _no_such_image(found: re.Match[str]) -> str:
    return "An image that compose.yaml names was not found where Docker looks for it: `docker compose pull` shows which."


def _full(found: re.Match[str]) -> str:
    return "The disk is full: Docker cannot write. `docker system prune` removes what no container uses."


SENTENCES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"permission denied while trying to connect|dial unix [^\n]*permission denied", _permission),
    (
        r"cannot connect to the docker daemon|is the docker daemon running|error during connect|docker desktop is not running"
        r"|dial unix [^\n]*(?:no such file|connection refused)",
        _no_daemon,
    ),
    (r"client version [\d.]+ is too (?:new|old)", _old_engine),
    (r"no space left on device", _full),
    (r"container (?P<name>\S*?-(?P<service>[a-z]+)-\d+) (?:is unhealthy|exited|has no healthcheck)", _sick),
    (r"application not healthy after|timeout waiting for|context deadline exceeded", _slow),
    (r"(?:unexpected EOF|TLS handshake timeout|i/o timeout|connection reset|no such host|context canceled)", _half_pulled),
    (r"(?:no such image|manifest unknown|manifest for \S+ not found|pull access denied|failed to resolve reference)", _no_such_image),
)


def _install() -> str:
    command = INSTALL.get(_system())
    return f"`{command}`" if command else "see docs.docker.com/engine/install"


def _system() -> str:
    if sys.platform != "linux":
        return sys.platform
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _start_daemon(*, again: bool = False) -> str:
    if sys.platform == "darwin":
        return "open -a Docker"
    return f"sudo systemctl {'restart' if again else 'start'} docker"


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it ended without a word"
