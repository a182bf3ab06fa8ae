"""``stop``: end what ``start`` left running."""

from __future__ import annotations

from autograder.cli.screen import say, working

__all__ = ["run"]


def run() -> None:
    """Stop JupyterLab and the backends of this clone. What you wrote stays."""
    from autograder import backends
    from autograder.cli import jupyter

    with working("Stopping"):
        lab_ended = jupyter.stop(backends.state_folder() / "jupyter")
        backends_ended = backends.stop()
    ended = [name for name, did in (("JupyterLab", lab_ended), ("the backends", backends_ended)) if did]
    say(f"Stopped {' and '.join(ended)}." if ended else "Nothing was running.")
