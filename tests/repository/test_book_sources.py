"""The book's sources are complete: every page has its place, data are valid and say what README and DESIGN say."""

from __future__ import annotations

import re

import pytest

from tests.repository.book_site import BOOK, data, extension, pages_of_the_toc
from tests.repository.tree import ROOT

VOCABULARY = {
    "process", "service", "backend", "call", "outcome", "history", "run", "fault", "error", "failure", "crash point",
    "schedule", "preemption", "invariant", "violation", "counterexample", "subject", "judge", "linearizable",
    "serializable", "snapshot isolation", "read committed", "lost update", "write skew", "dirty read", "phantom",
    "at-most-once", "at-least-once", "effectively-once", "idempotency key", "transactional outbox", "relay", "inbox",
    "saga", "compensation", "dead letter topic", "poison message", "Kafka partition", "network partition", "command",
    "event", "message", "trace", "span", "correlation id", "dual write", "late commit", "polling", "log tailing",
    "zombie", "fencing", "tap", "retry with backoff", "rate limiting", "graceful fallback",
}  # fmt: skip
"""What the course promises to explain in both languages."""


def notebooks() -> list[str]:
    return [f"days/{path.stem}" for path in ROOT.glob("days/*.ipynb")] + [
        f"labs/{path.stem}" for path in ROOT.glob("labs/*/*.ipynb")
    ]


def terms() -> list[dict]:
    return [term for group in data("glossary") for term in group["terms"]]


def test_every_page_of_the_contents_exists_and_every_page_is_in_the_contents():
    written = [path.stem for path in BOOK.glob("*.md")]
    assert sorted(pages_of_the_toc()) == sorted([*written, *notebooks()])


def test_the_map_is_the_one_of_the_readme():
    rows = re.findall(r"^\| \**(\d+)\** \| (.*?) \| (.*?) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    told = [(int(day), topic.strip("*"), lab.strip("*")) for day, topic, lab in rows]
    ours = [(row["day"], row["topic"], row.get("lab") or ("to come" if row["day"] else "none")) for row in data("course")["days"]]
    assert ours == told


def test_a_day_is_linked_when_it_is_written_and_to_come_when_it_is_not():
    linked = {row[key] for row in data("course")["days"] for key in ("page", "lab_page") if key in row}
    assert linked == set(notebooks())


def test_the_five_outcomes_and_the_five_phrases_are_there():
    course = data("course")
    assert [row["id"] for row in course["outcomes"]] == ["O1", "O2", "O3", "O4", "O5"]
    assert len(course["phrases"]) == 5 and all(re.search("[а-я]", row["ru"]) for row in course["phrases"])


def test_the_glossary_has_every_term_once():
    names = [term["term"] for term in terms()]
    assert len(names) == len(set(names)) and VOCABULARY - set(names) == set()


@pytest.mark.parametrize("term", terms(), ids=lambda term: term["term"])
def test_a_term_has_its_russian_and_one_sentence(term):
    assert set(term) <= {"term", "ru", "is", "not"}
    assert re.search("[а-яё]", term["ru"])
    assert term["is"].endswith(".") and not re.search(r"[.!?] [A-Z]", term["is"])
    assert all(isinstance(word, str) and word for word in term.get("not", ()))


def test_every_day_has_its_sources():
    groups = data("sources")
    assert [group["day"] for group in groups] == list(range(1, 15))
    assert min(len(group["sources"]) for group in groups) >= 5


@pytest.mark.parametrize("row", [row for group in data("sources") for row in group["sources"]], ids=lambda row: row["title"][:40])
def test_a_source_says_who_what_where_and_when(row):
    assert set(row) <= {"by", "title", "where", "year", "link"}
    assert row["by"] and row["title"] and row["where"]
    assert 1960 <= row.get("year", 2000) <= 2026
    assert re.fullmatch(r"https?://[^\s<>]+", row.get("link", "https://example.org"))


def test_every_generated_part_is_one_that_the_build_knows():
    generated = extension("generated_pages")
    marks = [match for path in BOOK.glob("*.md") for match in re.findall(r"<!-- generated.*?-->", path.read_text("utf-8"))]
    assert {generated.MARK.fullmatch(mark)[1] for mark in marks} == set(generated.PARTS)


def test_a_generated_part_that_nobody_knows_stops_the_build():
    with pytest.raises(KeyError, match="glosary"):
        extension("generated_pages").filled("<!-- generated: glosary -->")


def test_every_glossary_link_of_a_notebook_leads_to_a_term():
    texts = [path.read_text("utf-8") for path in ROOT.glob("manuscript/**/*.md")]
    wanted = {anchor for text in texts for anchor in re.findall(r"book/glossary\.md#([\w-]+)", text)}
    assert wanted - {term["term"].lower().replace(" ", "-") for term in terms()} == set()
