"""Simulation: ordinary asyncio code in virtual time, among services, clients and a network that a story plays."""

from autograder.simulation.ledger import Record, ms
from autograder.simulation.parties import Answer
from autograder.simulation.simulation import Simulation, Snapshot
from autograder.simulation.stuck import NoRealIO, Stuck
from autograder.simulation.telling import tell

__all__ = ["Answer", "NoRealIO", "Record", "Simulation", "Snapshot", "Stuck", "ms", "tell"]
