"""Backends: where Kafka, Postgres and Redis come from, and who keeps them running.

:func:`connect` is all that most callers need: it gives a *lease* on the backends of this clone.
"""

from autograder.backends.addresses import Backends, ShopAddresses
from autograder.backends.client import Lease, connect, run_job, status, stop
from autograder.backends.errors import BackendError
from autograder.backends.gateway import Sandbox
from autograder.backends.state import ROOT, state_folder

__all__ = [
    "ROOT",
    "BackendError",
    "Backends",
    "Lease",
    "Sandbox",
    "ShopAddresses",
    "connect",
    "run_job",
    "state_folder",
    "status",
    "stop",
]
