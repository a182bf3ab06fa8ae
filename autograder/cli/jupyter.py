"""JupyterLab for the learner: its own settings, this environment's kernel, one server per clone.

Everything that Jupyter keeps for the course lies in the state folder: the kernel that imports the course, the settings
(nbgrader's pages for teachers are off, its Validate button asks our judge, nothing asks the network), the open tabs, the
token, which stays the same so that a bookmark goes on working, and the record of the running server.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from autograder.backends.state import make_folder, read_json, write_text
from autograder.cli.endings import ENVIRONMENT, Ended

__all__ = ["Server", "can_open_browser", "free_port", "make_settings", "running", "serve", "stop"]

PORT = 8888
PORTS_TRIED = 50
STOPS_WITHIN_S = 15
TEACHERS_PAGES = ("assignment-list", "course-list", "formgrader", "formgrader-local", "create-assignment")
TEACHERS_SERVER = ("formgrader", "assignment_list", "course_list")


@dataclass(frozen=True)
class Server:
    """A JupyterLab that is running."""

    pid: int
    url: str
    """With its token: whoever has it is let in."""


def free_port(wanted: int = PORT, tried: int = PORTS_TRIED) -> int:
    """The wanted port, or the next one that is free on the loopback interface."""
    for port in range(wanted, min(wanted + tried, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Ended(f"The ports {wanted} to {wanted + tried - 1} are all taken: choose another with --port.", ENVIRONMENT)


def can_open_browser(environment: dict[str, str], platform: str = sys.platform) -> bool:
    """Is there a screen that a browser could open on?"""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return platform == "darwin" or any(environment.get(name) for name in screens)


def make_settings(folder: Path, course: Path) -> None:
    """Write the kernel and the settings that the learner's JupyterLab runs with."""
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",  # as the notebooks say: another name would make each look changed
        "language": "python",
        "env": {"PYTHONPATH": str(course)},
        "metadata": {"debugger": True},
    }
    off = {f"@jupyter/nbgrader:{page}": True for page in TEACHERS_PAGES}
    off["@jupyterlab/apputils-extension:announcements"] = True
    server = {f"nbgrader.server_extensions.{name}": False for name in (*TEACHERS_SERVER, "validate_assignment")}
    server["autograder.cli.validation"] = True
    _write(folder / "data" / "kernels" / "python3" / "kernel.json", kernel)
    _write(folder / "config" / "labconfig" / "page_config.json", {"disabledExtensions": off})
    _write(folder / "config" / "jupyter_server_config.json", {"ServerApp": {"jpserver_extensions": server}})


def _write(path: Path, content: object) -> None:
    make_folder(path.parent)
    write_text(path, json.dumps(content, indent=1) + "\n")


def token_of(folder: Path) -> str:
    """The token of this clone's JupyterLab, made once and readable by its owner alone."""
    path = make_folder(folder) / "token"
    if not path.exists():
        write_text(path, secrets.token_hex(24), mode=0o600)
    return path.read_text(encoding="utf-8").strip()


def running(folder: Path) -> Server | None:
    """The JupyterLab of this clone, when it is running."""
    known = read_json(folder / "server.json")
    if not isinstance(known, dict) or not _is_ours(known.get("pid", 0), folder):
        return None
    return Server(pid=known["pid"], url=known["url"])


def _is_ours(pid: int, folder: Path) -> bool:
    """Is this process a JupyterLab of this clone, and not a stranger who got its number?"""
    try:
        return psutil.Process(pid).environ().get("JUPYTER_RUNTIME_DIR") == str(folder / "runtime")
    except (psutil.Error, ValueError):
        return False


def environment_of(folder: Path, course: Path) -> dict[str, str]:
    """The environment variables that JupyterLab runs with: our settings stand before the learner's own."""
    return {
        **os.environ,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(course),
        "JUPYTER_TOKEN": token_of(folder),
        "JUPYTER_PATH": _before("JUPYTER_PATH", folder / "data"),
        "JUPYTER_CONFIG_PATH": _before("JUPYTER_CONFIG_PATH", folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def _before(name: str, folder: Path) -> str:
    return os.pathsep.join(part for part in (str(folder), os.environ.get(name)) if part)


def command_of(work: Path, port: int) -> list[str]:
    """The command that runs JupyterLab on the learner's folder."""
    words = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={work}"]
    words += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    words += ["--ServerApp.base_url=/", "--LabApp.extension_manager=readonly"]
    return words + (["--allow-root"] if os.geteuid() == 0 else [])


@contextmanager
def serve(
    folder: Path, course: Path, work: Path, *, port: int, page: str
) -> Iterator[tuple[Server, subprocess.Popen[str]]]:
    """Run JupyterLab on ``work`` while the block runs; it has ended when this returns. ``page`` is opened first."""
    make_settings(folder, course)
    make_folder(folder / "runtime", 0o700)
    process = subprocess.Popen(
        command_of(work, port),
        cwd=course,
        env=environment_of(folder, course),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours to hear; Jupyter is asked to end, and says nothing
    )
    try:
        wait_until_ready(process, folder)
        server = Server(
            pid=process.pid, url=f"http://127.0.0.1:{port}/lab{page and '/tree/' + page}?token={token_of(folder)}"
        )
        write_text(folder / "server.json", json.dumps({"pid": server.pid, "url": server.url}), mode=0o600)
        yield server, process
    finally:
        end(process)
        (folder / "server.json").unlink(missing_ok=True)


def wait_until_ready(process: subprocess.Popen[str], folder: Path) -> None:
    """Read Jupyter's log until it says that it listens; the rest goes to a file. Raises Ended when Jupyter ends."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if "is running at" in line:
            break
    else:
        process.stderr.close()
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        raise Ended(f"JupyterLab did not start: {reason}", ENVIRONMENT)
    threading.Thread(target=_keep_log, args=(process.stderr, folder / "server.log", lines), daemon=True).start()


def _keep_log(lines: IO[str], path: Path, begun: list[str]) -> None:
    with lines, open(path, "w", encoding="utf-8") as log:
        log.writelines(begun)
        for line in lines:
            log.write(line)
            log.flush()


def end(process: subprocess.Popen[str]) -> None:
    """Ask JupyterLab to end, kernels included; kill it when it does not."""
    process.terminate()
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stop(folder: Path) -> bool:
    """End the JupyterLab of this clone from another terminal; False when there is none."""
    server = running(folder)
    if server is None:
        return False
    process = psutil.Process(server.pid)
    process.terminate()
    _, alive = psutil.wait_procs([process], timeout=STOPS_WITHIN_S)
    for survivor in alive:
        survivor.kill()
    return True
