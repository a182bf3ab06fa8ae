"""What a cell of a notebook may call: the learning pieces of a day, and the checks of a lab."""

from __future__ import annotations

from autograder.backends.trio import Trio

from .check import check
from .decision import my_scenario, unlock
from .experiment import every_kill, experiment
from .hint import hint
from .meet import anomalies, meet, meet_update
from .otlp import push
from .predict import outcome, predict
from .quiz import quiz
from .recall import recall
from .sale import few, sale, side_by_side
from .sandbox import sandbox
from .setup import setup
from .signals import my_incident
from .simulate import simulate
from .system import my_system
from .waterfall import spans_of, waterfall
from .written import written

__all__ = [
    "Trio",
    "anomalies",
    "check",
    "every_kill",
    "experiment",
    "few",
    "hint",
    "meet",
    "meet_update",
    "my_incident",
    "my_scenario",
    "my_system",
    "outcome",
    "predict",
    "push",
    "quiz",
    "recall",
    "sale",
    "sandbox",
    "setup",
    "side_by_side",
    "simulate",
    "spans_of",
    "unlock",
    "waterfall",
    "written",
]
