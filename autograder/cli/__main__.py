"""``python -m autograder.cli VERB``: what the launcher hands over to."""

from __future__ import annotations

import sys

__all__ = ["main"]

ENVIRONMENT = 3
"""The exit code of :mod:`autograder.cli.endings`, which cannot be imported when a package is missing."""


def main() -> None:
    """Run the command line; without the packages that it needs, one sentence says which is missing."""
    try:
        from autograder.cli.app import main as run
    except ImportError as error:
        if (error.name or "").startswith(("autograder", "shop")):
            raise
        print(
            f"The package {error.name} is missing from the environment or is damaged ({error}):"
            " remove the folder .venv, then ./fortnight start makes it again.",
            file=sys.stderr,
        )
        sys.exit(ENVIRONMENT)
    run()


if __name__ == "__main__":
    main()
