"""Setup: the first cell of every notebook. It makes the backends ready and says which ones are in use."""

from __future__ import annotations

from typing import Any

from autograder.backends import Lease, connect
from autograder.grading.cells import compile_program
from autograder.labs import NAMES, find
from autograder.notebook.asking import asked
from autograder.notebook.check import remember_page, watch_cells
from autograder.notebook.trouble import quiet_trouble
from shop import Addresses, parts

__all__ = ["lease", "setup"]

_leases: list[Lease] = []


@quiet_trouble
def setup(page: str = "") -> Addresses:
    """Addresses of this clone's Postgres, Kafka, Redis and payment gateway, started where they do not run; kept while the kernel lives.

    ``page`` is the notebook's name; from now on its check cells know which cells were run and not saved.
    """
    watch_cells()
    if page:
        remember_page(page)
    lease()
    _fill_parts(page)
    print(_in_use(lease().status()))
    shop = lease().shop
    return Addresses(postgres=shop.postgres, kafka=shop.kafka, redis=shop.redis, gateway=shop.gateway)


def lease() -> Lease:
    """The lease that this kernel holds on the backends; taken where there is none, or none any more."""
    if not _leases or not _leases[-1].is_open():
        _leases[:] = [connect(say=print)]
    return _leases[-1]


def _fill_parts(page: str) -> None:
    """What a lab's code may import from ``shop.parts`` is there in this kernel too."""
    if page in NAMES and find(page).uses:
        parts.fill(compile_program([], asked({"do": "parts", "lab": page})["parts"]).parts)


def _in_use(status: dict[str, Any]) -> str:
    names = sorted(set(status.get("backends", {})) - {"Gateway"})
    return f"In use: {', '.join(names)} and the payment gateway ({status.get('world', 'embedded')} world, on this machine only)."
