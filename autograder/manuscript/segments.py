"""A manuscript text as a list of segments, in order; their raw texts joined give the text back, byte for byte.

A *segment* is one piece of prose (it becomes one Markdown cell), one python fence (one code cell) or one block (quiz,
hint, ...). A new piece of prose begins at a heading and at a line that holds only ``+++``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from .errors import ManuscriptError
from .marks import BLOCKS, FENCES, MARKS, SHOWN_LANGUAGES, Mark, Place

__all__ = ["BREAK", "HEADING", "Segment", "segments"]

BREAK = "+++"
HEADING = re.compile(r"#{1,3} \S")
_LEADING_BREAK = re.compile(r"\A\+\+\+(\n|\Z)")
_FENCE = re.compile(r"(`{3,})[ ]*([^`]*)$")
_ATTRIBUTE = re.compile(r'\s*([A-Za-z][\w-]*)(?:=(?:"([^"]*)"|([^\s"]+)))?(?=\s|$)')
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One piece of a text: prose, code or a block."""

    kind: Literal["prose", "code", "block"]
    body: str
    """What stands inside the fence, or the prose without the blank lines around it."""
    raw: str
    """The very text, fences and following blank lines included."""
    line: int
    mark: Mark | None = None
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """The notebook tags that a python fence asks for."""
        return [tag.strip() for tag in self.attributes.get("tags", "").split(",") if tag.strip()]


def segments(text: str, *, path: str, place: Place) -> list[Segment]:
    """Split `text` into its segments, or raise `ManuscriptError` with the line that is wrong."""
    found: list[Segment] = []
    for segment in _Reader(text, path=path, place=place).read():
        if segment.kind == "prose" and not segment.body and found:
            found[-1] = replace(found[-1], raw=found[-1].raw + segment.raw)
        else:
            found.append(segment)
    return found


class _Reader:
    def __init__(self, text: str, *, path: str, place: Place) -> None:
        self.lines = text.splitlines(keepends=True)
        self.path, self.place = path, place

    def read(self) -> Iterator[Segment]:
        at = begin = 0
        while at < len(self.lines):
            line = self.lines[at].rstrip("\n")
            fence = _FENCE.match(line)
            if fence:
                end = self._end(at, fence[1])
                language, _, rest = fence[2].strip().partition(" ")
                if not self._is_shown(language, rest, at):
                    yield from self._prose(begin, at)
                    yield self._fenced(at, end, language, rest)
                    begin = end
                at = end
                continue
            if at > begin and (line == BREAK or HEADING.match(line)) and not self._only_a_break(begin, at):
                yield from self._prose(begin, at)
                begin = at
            at += 1
        yield from self._prose(begin, at)

    def _only_a_break(self, begin: int, at: int) -> bool:
        return all(line.strip() in ("", BREAK) for line in self.lines[begin:at])

    def _end(self, at: int, ticks: str) -> int:
        """The line behind the closing fence: at least as many backticks as opened it, and nothing else."""
        for number in range(at + 1, len(self.lines)):
            closing = self.lines[number].rstrip()
            if closing.startswith(ticks) and not closing.strip("`"):
                return number + 1
        raise self._error(f"this fence is never closed; end it with a line of {ticks}", at)

    def _is_shown(self, language: str, rest: str, at: int) -> bool:
        if language == "python" or language in BLOCKS:
            return False
        if language in SHOWN_LANGUAGES and not rest:
            return True
        if language in FENCES:
            raise self._error(f"{language!r} is a mark on a python fence; write ```python {language}=...", at)
        raise self._error(f"unknown mark {language!r}{_did_you_mean(language, [*BLOCKS, *SHOWN_LANGUAGES])}", at)

    def _prose(self, begin: int, end: int) -> Iterator[Segment]:
        if begin == end:
            return
        raw = "".join(self.lines[begin:end])
        body = _LEADING_BREAK.sub("", raw.strip("\n")).strip("\n")
        if body.count("<details") != body.count("</details>"):
            raise self._error(
                "a <details> fold must open and close in one cell (no heading or code cell inside)", begin
            )
        blank = len(raw) - len(raw.lstrip("\n"))
        yield Segment(kind="prose", body=body.strip("\n") if body.strip() else "", raw=raw, line=begin + blank + 1)

    def _fenced(self, at: int, end: int, language: str, rest: str) -> Segment:
        attributes = self._attributes(rest, at)
        mark = BLOCKS.get(language) or self._mark_of(attributes, at)
        name = attributes.pop(mark.name if mark.form == "fence" else mark.key, "") if mark else ""
        if mark:
            self._lint(mark, name, attributes, at)
        return Segment(
            kind="block" if language in BLOCKS else "code",
            body="".join(self.lines[at + 1 : end - 1]).rstrip("\n"),
            raw="".join(self.lines[at:end]),
            line=at + 1,
            mark=mark,
            name=name,
            attributes=attributes,
        )

    def _attributes(self, rest: str, at: int) -> dict[str, str]:
        found: dict[str, str] = {}
        position = 0
        while rest[position:].strip():
            match = _ATTRIBUTE.match(rest, position)
            if not match:
                raise self._error(f'cannot read {rest[position:].strip()!r}; write key="value" or key=value', at)
            if match[1] in found:
                raise self._error(f"{match[1]!r} stands twice on this fence", at)
            found[match[1]] = match[2] if match[2] is not None else match[3] or ""
            position = match.end()
        return found

    def _mark_of(self, attributes: Mapping[str, str], at: int) -> Mark | None:
        marks = [FENCES[key] for key in attributes if key in FENCES]
        if len(marks) > 1:
            raise self._error(f"one fence has one mark, not {' and '.join(mark.name for mark in marks)}", at)
        allowed = {"tags", *(marks[0].may if marks else ())} | {mark.name for mark in marks}
        for key in attributes:
            if key not in allowed and key in BLOCKS:
                raise self._error(f"{key!r} is a block of its own; write ```{key} {BLOCKS[key].key}=...", at)
            if key not in allowed:
                raise self._error(f"unknown mark {key!r}{_did_you_mean(key, [*FENCES, *allowed])}", at)
        return marks[0] if marks else None

    def _lint(self, mark: Mark, name: str, attributes: Mapping[str, str], at: int) -> None:
        if self.place not in mark.places:
            raise self._error(f"{mark.name!r} stands in {' and '.join(mark.places)} only, not in {self.place}", at)
        if mark.name_is == "required" and not name:
            raise self._error(f"{mark.name!r} needs a name, as in {mark.example}", at)
        if name and not _NAME.fullmatch(name):
            raise self._error(f"{name!r} is no name; use letters, digits, - and _", at)
        missing = [key for key in mark.needs if not attributes.get(key)]
        if missing:
            raise self._error(f"{mark.name!r} needs {missing[0]}=..., as in {mark.example}", at)
        extra = [key for key in attributes if key not in (*mark.needs, *mark.may, "tags")]
        if extra:
            raise self._error(f"{mark.name!r} does not know {extra[0]!r}; an example is {mark.example}", at)

    def _error(self, message: str, at: int) -> ManuscriptError:
        return ManuscriptError(message, path=self.path, line=at + 1)


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known marks: {', '.join(sorted(MARKS))}"
