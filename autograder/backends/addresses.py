"""Where the backends of one world are: for the judge, and for the learner's notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Backends", "ShopAddresses"]


@dataclass(frozen=True, kw_only=True)
class Backends:
    """What the judge connects to; ``postgres`` is the superuser's address and never reaches learner code."""

    postgres: str = field(repr=False)
    redis: str
    kafka: str
    world: str
    """The name of the world: ``embedded``, ``native`` or ``containers``."""
    sandbox: str = ""
    """The address of the sandbox of the payment gateway that notebooks use; each lane of a check has a gateway of its own."""


@dataclass(frozen=True, kw_only=True)
class ShopAddresses:
    """What notebooks connect to, field by field a ``shop.Addresses``: Postgres as the role ``shop``."""

    postgres: str
    kafka: str
    redis: str
    gateway: str = ""
