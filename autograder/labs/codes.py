"""Codes: what is drawn for one learner is named by a code that says whose it is (``ada-lovelace-5f0c``).

The code is all that a hand-in has to carry: the same code gives the same draw on every machine.
"""

from __future__ import annotations

import hashlib
import unicodedata

__all__ = ["NoSuchCode", "code_of", "slug_from", "slug_of"]

NAME_LENGTH_MAX = 30


class NoSuchCode(ValueError):
    """Nothing was drawn under this code."""


def code_of(name: str, lab: str) -> str:
    """The code that a name has in a lab; raises ValueError for a name without letters."""
    slug = slug_from(name)[:NAME_LENGTH_MAX].strip("-")
    if not slug:
        raise ValueError("It is drawn from a name: give your own, with at least one letter.")
    return f"{slug}-{_sign(slug, lab)}"


def slug_from(name: str) -> str:
    """A name in small letters and digits, its words joined by hyphens; as long as the name is."""
    kept = "".join(letter if letter.isalnum() else " " for letter in unicodedata.normalize("NFKC", name).casefold())
    return "-".join(kept.split())


def slug_of(code: str, lab: str) -> str:
    """The name in a code; raises NoSuchCode for a code that belongs to no name in this lab."""
    slug, _, sign = code.strip().rpartition("-")
    if not slug or sign != _sign(slug, lab):
        raise NoSuchCode(f"Nothing has the code {code!r:.60}: copy the one that the cell of your name prints.")
    return slug


def _sign(slug: str, lab: str) -> str:
    return hashlib.sha256(f"{lab} {slug}".encode()).hexdigest()[:4]
