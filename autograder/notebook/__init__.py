"""What a cell of a notebook may call: the learning pieces of a day, and the checks of a lab."""

from __future__ import annotations

from .hint import hint
from .predict import outcome, predict
from .quiz import quiz
from .recall import recall
from .written import written

__all__ = ["hint", "outcome", "predict", "quiz", "recall", "written"]
