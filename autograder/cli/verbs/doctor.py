"""``doctor``: what is there, what is missing, and the command that mends it."""

from __future__ import annotations

from autograder.cli.endings import ENVIRONMENT, OK
from autograder.cli.screen import say, say_styled

__all__ = ["run"]

STYLES = {"ok": "green", "missing": "bold red", "note": "dim"}


def run() -> int:
    """Say what is there, what is missing, and the one command that mends it. Changes nothing."""
    from rich.markup import escape

    from autograder.cli.checkup import check_up

    missing = 0
    for finding in check_up():
        missing += finding.state == "missing"
        style = STYLES[finding.state]
        say_styled(f"{finding.name:<13} [{style}]{finding.state:<8}[/] {escape(finding.says)}")
        if finding.mend:
            say_styled(f"{'':<22} mend it with: [bold]{escape(finding.mend)}[/]")
    say("Everything that the course needs is here." if not missing else f"{missing} missing; see above.")
    return ENVIRONMENT if missing else OK
