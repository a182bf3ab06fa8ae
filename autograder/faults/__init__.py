"""What goes wrong, as data: kinds of faults, their names and the sentences that tell them."""

from autograder.faults.fault import CRASH_POINT_FAULTS, EVICTIONS, KINDS, PAUSE_FAULTS, Fault, Kind
from autograder.faults.kind import KindOfFault, Side

__all__ = ["CRASH_POINT_FAULTS", "EVICTIONS", "KINDS", "PAUSE_FAULTS", "Fault", "Kind", "KindOfFault", "Side"]
