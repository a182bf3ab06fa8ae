"""The tap: doors between a process and its backends, where every request is numbered, and may be held, dropped or delayed."""

from autograder.tap.closing import BackendStuck
from autograder.tap.members import Member, leave_group
from autograder.tap.request import Action, Kind, Request
from autograder.tap.tap import Door, Tap, Timer

__all__ = ["Action", "BackendStuck", "Door", "Kind", "Member", "Request", "Tap", "Timer", "leave_group"]
