"""Labels: what learners' processes said, made safe to print and short enough to draw.

A request can hold anything that a learner typed, so `clean` comes first everywhere. `brief` shortens by meaning: column
lists and JSON go, table, values and lock words stay.
"""

from __future__ import annotations

import math
import re

__all__ = ["BACKEND_NAMES", "brief", "clean", "fit", "text_width", "wrap"]

BACKEND_NAMES = {"postgres": "Postgres", "replica": "Replica", "redis": "Redis", "kafka": "Kafka", "http": "Gateway", "warehouse": "Warehouse", "disk": "its disk"}
"""In the order of their lanes, which is the same in every picture; services of a simulation stand before them."""

# Not allowed in XML 1.0, or able to turn the reading direction of what follows.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_INSERT = re.compile(r"^(insert into \S+?)\s*(?:\([^()]*\))?\s*values\s*(\(.*\))(.*)$", re.IGNORECASE)
_SELECT = re.compile(r"^select ((?:(?!\bselect\b).){13,}?) from ", re.IGNORECASE)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_JSON = re.compile(r"\{[^{}]*\}")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?")
_UUID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_CAST = re.compile(r"::\w+")
_ENDING = re.compile(r" (?:for (?:no key )?(?:update|share)\b|on conflict\b|returning\b).*$", re.IGNORECASE)
_CONDITION = re.compile(r" where\b.*$", re.IGNORECASE)
_ORDERING = re.compile(r" order by (?:(?! for (?:no key )?(?:update|share)\b).)*", re.IGNORECASE)


def clean(text: object) -> str:
    """One line of printable text: no control characters, no turned reading direction, no runs of blanks."""
    plain = _COLOUR_CODES.sub("", str(text)).replace("\t", " ").replace("\n", " ").replace("\r", " ")
    return re.sub(r" {2,}", " ", _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", plain)).strip()


def brief(request: str) -> str:
    """The request without what a reader of the picture does not need."""
    text = clean(request)
    insert = _INSERT.match(text)
    if insert:
        return f"{insert[1]} {_plain_values(insert[2])}{insert[3]}"
    text = _SELECT.sub("select … from ", text)
    return _plain_values(text)


def _plain_values(text: str) -> str:
    before = None
    while before != text:  # innermost braces first
        before, text = text, _JSON.sub("\x00", text)
    text = re.sub("\x00", "{…}", text)
    text = _UUID.sub(r"\1…", _TIME.sub("(time)", text))
    return _CAST.sub("", _QUOTED.sub(lambda quoted: quoted[1] or "''", text))


def text_width(text: str, size: float = 13) -> float:
    """Width in pixels, on the safe side: as wide as DejaVu Sans, the widest of the fonts that browsers choose."""
    return size * math.fsum(map(_character_width, text))  # sum() of floats differs between Pythons


def _character_width(character: str) -> float:
    if character in "iljtf.,:;'|!()[]{} /I-":
        return 0.39
    if character in "mwMW@%…→":
        return 0.98
    if ord(character) >= 0x2E80:
        return 1.05
    return 0.7 if character.isupper() or ord(character) > 0x2FF else 0.63


def fit(text: str, width: float, size: float = 13) -> str:
    """The text, cut with an ellipsis where it is wider than ``width``; the words of a row lock or a conflict stay."""
    if text_width(text, size) <= width:
        return text
    text = _ORDERING.sub(" …", text)
    if text_width(text, size) <= width:
        return text
    ending = _ENDING.search(text)
    if ending is None and text.lower().startswith(("update", "delete")):
        ending = _CONDITION.search(text)
    if ending and text_width(f"… {ending[0]}", size) < width * 0.7:
        return _cut(text[: ending.start()].removesuffix(" …"), width - text_width(ending[0], size), size) + ending[0]
    return _cut(text, width, size)


def _cut(text: str, width: float, size: float) -> str:
    kept = text
    while kept and text_width(kept + " …", size) > width:
        kept = kept[:-1]
    at_word = kept.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > len(kept) - 16 else kept).rstrip(" ,;") + " …"


def wrap(text: str, width: float, size: float = 13, lines_max: int = 4) -> list[str]:
    """The text in lines no wider than ``width``; the last one ends in an ellipsis where the text goes on."""
    lines: list[str] = []
    words = text.split(" ")
    while words:
        if len(lines) == lines_max - 1:
            return [*lines, fit(" ".join(words), width, size)]
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size) <= width:
            line += " " + words.pop(0)
        lines.append(fit(line, width, size))
    return lines
