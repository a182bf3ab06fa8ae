"""``python -m autograder.cli VERB``: what the launcher hands over to."""

from __future__ import annotations

from autograder.cli.app import main

if __name__ == "__main__":
    main()
