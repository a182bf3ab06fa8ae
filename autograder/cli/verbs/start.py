"""``start``: begin or go on."""

from __future__ import annotations

import os
import signal
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from autograder.backends.worlds import chosen_world, remember_world
from autograder.cli import jupyter, workspace
from autograder.cli.arguments import World, use_world
from autograder.cli.places import ROOT, WORK
from autograder.cli.screen import say, working

__all__ = ["run"]

FIRST_PAGE = "days/day00_start.ipynb"


def run(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, where there is a screen.")
    ] = True,
    port: Annotated[int, typer.Option(help="The port to try first.", min=1, max=65_535)] = jupyter.PORT,
    world: World = None,
) -> None:
    """Begin or go on: starts Postgres, Kafka and Redis, brings work/ up to date and opens JupyterLab there.

    Ctrl-C ends it. Your files in work/ are never overwritten. A world that you name is used from now on.
    """
    from autograder import backends

    use_world(world)
    folder = backends.state_folder() / "jupyter"
    already = jupyter.running(folder)
    if already is not None:
        _refuse_other_world(backends.status())
        say(f"JupyterLab is running already: {already.url}")
        return
    browser = browser and jupyter.can_open_browser(dict(os.environ))
    with working("Bringing work/ up to date") as tell:
        first = not WORK.exists()
        changes = workspace.copy_course(ROOT, WORK, backends.state_folder() / "work.json")
        lease = backends.connect(say=tell)
        if world is not None:
            remember_world(backends.state_folder(), chosen_world(backends.state_folder()))
    with lease:
        for sentence in told(changes):
            say(sentence)
        _open_lab(folder, port=port, browser=browser, page=FIRST_PAGE if first and (WORK / FIRST_PAGE).exists() else "")


def _refuse_other_world(known: dict[str, Any] | None) -> None:
    """JupyterLab and what runs in it stay with the world that they began with."""
    from autograder import backends

    wanted = chosen_world(backends.state_folder())
    if known is not None and known["world"] != wanted:
        raise backends.BackendError(
            f"JupyterLab is running with the {known['world']} world: run `./fortnight stop` before you start with {wanted}."
        )


def told(changes: list[workspace.Change]) -> list[str]:
    """What the learner hears about the folder: each file that was kept, and how many were added or updated."""
    sentences = [change.sentence() for change in changes if change.kind == "kept"]
    for kind in ("added", "updated"):
        number = sum(change.kind == kind for change in changes)
        if number:
            sentences.append(f"work/: {number} file{'s' if number > 1 else ''} {kind}.")
    return sentences


def _open_lab(folder: Path, *, port: int, browser: bool, page: str) -> None:
    free = jupyter.free_port(port)
    if free != port:
        say(f"Port {port} is taken, so this is {free}.")
    signal.signal(signal.SIGTERM, _as_cancelled)
    signal.signal(signal.SIGHUP, _as_cancelled)
    with jupyter.serve(folder, ROOT, WORK, port=free, page=page) as (server, process):
        say(f"JupyterLab: {server.url}")
        say("It goes on until you press Ctrl-C here.")
        if browser:
            webbrowser.open(server.url)
        try:
            process.wait()
        except KeyboardInterrupt:
            say("\nStopping JupyterLab; the backends follow in a minute. Your files are in work/.")


def _as_cancelled(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
