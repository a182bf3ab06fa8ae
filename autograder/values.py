"""Values: what may travel between nodes. JSON, and the shop's dataclasses as ``{"$": "PlaceOrder", ...}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import shop

__all__ = ["plain", "restored"]

_TYPES = {
    name: item for name, item in vars(shop).items() if name in shop.__all__ and isinstance(item, type) and is_dataclass(item)
}


def plain(value: Any) -> Any:
    """The value in JSON's words; raises TypeError for what JSON and the shop have no word for."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and type(value).__name__ in _TYPES:
        return {"$": type(value).__name__} | {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(item) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be sent: send what JSON can say")


def restored(value: Any) -> Any:
    """What :func:`plain` made; raises ValueError for a dataclass that the shop does not have."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: restored(item) for key, item in value.items() if key != "$"}
    if "$" not in value:
        return inner
    try:
        return _TYPES[value["$"]](**inner)
    except (KeyError, TypeError) as cause:
        raise ValueError(f"the shop has no {value['$']!r} with the fields {sorted(inner)}") from cause
