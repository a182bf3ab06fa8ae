"""What a cell of a notebook may call: the learning pieces of a day, and the checks of a lab."""

from __future__ import annotations

from .check import check
from .experiment import experiment
from .hint import hint
from .predict import outcome, predict
from .quiz import quiz
from .recall import recall
from .setup import setup
from .simulate import simulate
from .written import written

__all__ = ["check", "experiment", "hint", "outcome", "predict", "quiz", "recall", "setup", "simulate", "written"]
