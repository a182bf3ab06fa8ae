"""Warnings are errors, also for a build without arguments: it goes on to the end, shows them all, and fails."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

__all__ = ["connect"]


class Warned(SphinxError):
    """The build has warned."""

    category = "The book has warnings"


def connect(app: Sphinx) -> None:
    """Fail at the end of a build that has warned."""
    app.connect("build-finished", _fail_when_warned, priority=900)


def _fail_when_warned(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app._warncount:
        # Sphinx reads an unchanged page only once; without this the next build would say nothing and succeed.
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
        raise Warned(f"{app._warncount} of them, shown above. Mend them: a reader meets each as a broken page.")
