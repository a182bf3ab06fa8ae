"""Sandbox: the door through which a cell tells the notebook's payment gateway to misbehave."""

from __future__ import annotations

from autograder.backends import Sandbox
from autograder.notebook.setup import lease
from autograder.notebook.trouble import quiet_trouble

__all__ = ["sandbox"]


@quiet_trouble
def sandbox() -> Sandbox:
    """The sandbox of the gateway at ``at.gateway``, as if nothing had ever happened there.

    >>> gateway = sandbox()
    >>> gateway.misbehave("hangs up", number=1)  # the first charge is made, and nobody hears of it
    >>> gateway.ledger()["charges"]
    []
    """
    found = Sandbox(lease().backends.sandbox)
    found.reset()
    return found
