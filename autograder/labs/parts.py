"""Parts: the functions of one lab that later labs build on. Their signatures are frozen, since learners keep their code.

A part is named by its lab and its task. What a later lab gets of it is the learner's own function where it has earned
full points, else the reference's.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SIGNATURES", "function_of"]

SIGNATURES: Mapping[str, str] = {
    "lab02_idempotency/charge": "charge(at: Addresses, command: Charge) -> Receipt",
    "lab02_idempotency/reconcile": "reconcile(at: Addresses) -> int",
    "lab03_failure/pause_s": "pause_s(retry: int) -> float",
    "lab06_outbox/place_order": "place_order(at: Addresses, command: PlaceOrder) -> None",
    "lab06_outbox/relay": "relay(at: Addresses) -> int",
    "lab06_outbox/receive": "receive(at: Addresses, event: Event) -> None",
    "lab12_resilience/admit": "admit(redis: Redis, client: str, rate: float, burst: int) -> float",
}
"""By the name of the part. What stands here may be added to, and never changed.

Lab 11 has none: its functions are whole handlers of another request, and what a log and a pool share with them is a shape of
the learner's own choice (``tests/right/lab11_observability`` has programs without any such function). Lab 14's requests bring
their correlation id themselves.
"""


def function_of(part: str) -> str:
    """The function's name."""
    return SIGNATURES[part].partition("(")[0]
