"""Diagram: history → space-time diagram. Layout is pure, the picture is complete, the player is a small script."""

from __future__ import annotations

from autograder.diagram.colors import PALETTE
from autograder.diagram.explorable import Explorable, Frame
from autograder.diagram.figure import Diagram
from autograder.diagram.focus import Focus, focus
from autograder.diagram.page import page
from autograder.diagram.story import story

__all__ = ["PALETTE", "Diagram", "Explorable", "Focus", "Frame", "focus", "page", "story"]
