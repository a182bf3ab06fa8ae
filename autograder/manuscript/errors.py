"""What is wrong with a text, and where."""

from __future__ import annotations

__all__ = ["ManuscriptError"]


class ManuscriptError(Exception):
    """A text cannot be built, or an edit cannot be brought back; says file, line and what to do."""

    def __init__(self, message: str, *, path: str = "", line: int = 0) -> None:
        self.path, self.line, self.message = path, line, message
        place = f"{path}:{line}: " if line else f"{path}: " if path else ""
        super().__init__(place + message)
