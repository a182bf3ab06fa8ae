"""min.insync.replicas is thought to refuse a send with acks=1 as well."""

from __future__ import annotations


def losses() -> dict[str, str]:
    return {"A": "m4 m5", "B": "none", "C": "m4 m5", "D": "none", "E": "none", "F": "m3 m4 m5", "G": "1", "H": "2"}
