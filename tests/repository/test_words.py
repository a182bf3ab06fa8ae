"""One word, one meaning: the words that the vocabulary replaces, and the ones that talk down to a reader, stay out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, files, ours, prose

REPLACED = {
    "chaos": "crash point",
    "infra": "backend",
    "oracle": "invariant",
    "journal": "history",
    "actor": "process",
    "dummy": "a name from the shop",
    "foo": "a name from the shop",
    "race condition": "the exact name of the anomaly",
}
TALKS_DOWN = ("simply", "obviously", "just", "trivially", "of course", "easy", "easily")

ALLOWED = {
    ("actor", "autograder/explore"): "a process together with where the conductor holds it",
    ("journal", "autograder/backends/kafka"): "the broker's file on disk, which is no run's history",
    ("just", "manuscript/days/day04_saga.md"): "quoted from a wrong belief",
}
"""Where a word stands all the same, file or folder, and why."""

RECENTLY = re.compile(r"\b(?:has|have|had|was|were) just\b", re.IGNORECASE)


def found(word: str, paths: list[Path]) -> list[str]:
    pattern = re.compile(rf"(?<![\w`/.-]){re.escape(word)}s?(?![\w`/-])", re.IGNORECASE)
    return [
        f"{path}:{number}"
        for path in paths
        if not any((word, place.as_posix()) in ALLOWED for place in (path, *path.parents))
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(RECENTLY.sub("", line))
    ]


@pytest.mark.parametrize("word", REPLACED)
def test_a_replaced_word_stays_out(word):
    assert found(word, [*prose(), *ours()]) == [], f"say {REPLACED[word]!r}, not {word!r}"


@pytest.mark.parametrize("word", TALKS_DOWN)
def test_prose_does_not_talk_down(word):
    assert found(word, prose()) == []


def test_every_exception_is_still_needed():
    gone = [(word, place) for word, place in ALLOWED if not stands(word, ROOT / place)]
    assert gone == []


def stands(word: str, place: Path) -> bool:
    """Is this word anywhere in this file or folder?"""
    texts = [place] if place.is_file() else place.rglob("*.py")
    return any(re.search(rf"\b{word}s?\b", text.read_text(encoding="utf-8"), re.IGNORECASE) for text in texts)


MARKER = re.compile("TO" + "DO|FIX" + "ME|X" + "XX")


def test_nothing_is_left_to_do():
    written = files(
        "autograder/**/*.*",
        "shop/**/*.*",
        "tests/**/*.py",
        "manuscript/**/*.md",
        "book/**/*.md",
        "*.md",
        "*.py",
        "fortnight",
    )
    left = [
        f"{path}:{number}"
        for path in written
        if path.suffix in (".py", ".md", ".js", ".css", ".sql", ".html", ".j2", "")
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if MARKER.search(line)
    ]
    assert left == []
