"""``reset``: a lab as it was given, with the learner's own kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from autograder.cli.arguments import Lab
from autograder.cli.screen import say

__all__ = ["run"]


def run(lab: Lab) -> None:
    """Begin a lab again: your notebook is put away first, and you are told where."""
    from autograder import labs
    from autograder.backends.state import state_folder
    from autograder.cli import workspace
    from autograder.cli.endings import USAGE, Ended
    from autograder.cli.places import ROOT, WORK, shown

    name = labs.named(lab)
    path = Path("labs", name, f"{name}.ipynb")
    if not (ROOT / path).exists():
        raise Ended(f"This clone has no {path}: `git checkout labs` brings it back.", USAGE)
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M")
    kept = workspace.reset(ROOT, WORK, path, state_folder() / "backups", stamp)
    say(f"Your notebook is kept as {shown(kept)}." if kept else "There was no notebook of yours.")
    say(f"{shown(WORK / path)} is as it was given. If it is open in JupyterLab: File > Reload Notebook from Disk.")
