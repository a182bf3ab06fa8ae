"""Four decisions of an architecture, each as a small model in virtual time with every parameter in sight.

Each module has the frozen dataclass of its parameters, the options (``OPTIONS``) and ``play``, which lets time jump from
one event to the next and says what one option comes to, as numbers by their name.
"""

from __future__ import annotations

from collections.abc import Mapping

from shop.decisions.calls import Calls
from shop.decisions.reads import Reads
from shop.decisions.shape import Part, Shape
from shop.decisions.talk import Talk

__all__ = ["Calls", "Numbers", "Part", "Reads", "Shape", "Talk"]

Numbers = Mapping[str, float]
"""What one option comes to: numbers by their name, the unit last in the name."""
