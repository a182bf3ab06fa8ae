"""The tap: doors between processes and their backends, where requests are numbered, held, dropped and delayed."""

from autograder.tap.closing import BackendStuck
from autograder.tap.members import Member, leave_group
from autograder.tap.request import Action, Kind, Request
from autograder.tap.tap import Door, Tap, Timer

__all__ = ["Action", "BackendStuck", "Door", "Kind", "Member", "Request", "Tap", "Timer", "leave_group"]
