"""Generated parts of pages: a page says ``<!-- generated: glossary -->``, and the build puts it there from data.

The data stand in ``book/data/``; diagrams come from the course's own samples, the contributor's guide from the
repository, and what the embedded broker does otherwise from data that the contract suite checks. So none of them can
fall behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

from autograder.diagram import Diagram, samples
from autograder.diagram.glyphs import GLYPHS, WORDS
from worlds_table import RECORD, worlds_table

__all__ = ["MARK", "PARTS", "fill", "filled"]

BOOK = Path(__file__).resolve().parent.parent
_SIGN_WORDS = {
    "crash": "the process is killed",
    "restart": "the process starts again, with an empty memory",
    "cut": "a connection is cut, and the process lives",
    "park": "a call is held on its way while the program goes on",
    "resume": "a paused process goes on",
    "start": "a process starts",
    "end": "a process has finished",
    "violation": "a rule is broken",
    "note": "a remark",
    "wait": "waits for another process",
}
"""What the page says where the diagram's own legend has no word, or a shorter one."""

_SAMPLE_TITLES = {
    "dual_write": "Killed between two commits.",
    "mark_before_send": "Marked, killed, never sent.",
    "out_of_order": "The second relay overtakes the first.",
    "lock_wait": "One waits, one is refused, one is cut off.",
}

MARK = re.compile(r"<!-- generated: ([\w-]+)(?: (.+?))? -->")


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Fill the generated parts of a page that Sphinx reads, and let it be read again when their sources change."""
    for match in MARK.finditer(source[0]):
        for path in _sources(match[1]):
            app.env.note_dependency(str(path))
    source[0] = filled(source[0])


def filled(text: str) -> str:
    """The text with its generated parts."""
    return MARK.sub(lambda match: PARTS[match[1]](*filter(None, [match[2]])), text)


def _data(name: str) -> Any:
    return yaml.safe_load((BOOK / "data" / f"{name}.yml").read_text("utf-8"))


def _sources(part: str) -> list[Path]:
    data = {"glossary": "glossary", "bibliography": "sources", "differences": part, "contract": part}.get(part, "course")
    return [BOOK / "data" / f"{data}.yml", BOOK.parent / "CONTRIBUTING.md", Path(samples.__file__), RECORD]


def _outcomes() -> str:
    return "\n".join(f"{n}. **{row['can']}:** {row['means']}" for n, row in enumerate(_data("course")["outcomes"], 1))


def _phrases() -> str:
    return "\n".join(
        f"- **“{row['en']}”**<br><span lang=\"ru\">{row['ru']}</span> ({_days(row['days'])})"
        for row in _data("course")["phrases"]
    )


def _days(days: list[int]) -> str:
    return f"day {days[0]}" if len(days) == 1 else f"days {', '.join(map(str, days[:-1]))} and {days[-1]}"


def _course_map() -> str:
    rows = "\n".join(map(_map_row, _data("course")["days"]))
    return f"| day | topic and its question | lab |\n|---|---|---|\n{rows}\n"


def _map_row(row: Mapping[str, Any]) -> str:
    topic = f"**[{row['topic']}]({row['page']}.ipynb)**" if row.get("page") else row["topic"]
    part = f" You build: *{row['part']}*." if row.get("part") else ""
    if row.get("lab"):
        lab = f"[{row['lab']}]({row['lab_page']}.ipynb)"
    else:
        lab = "none" if row["day"] == 0 else "to come"
    return f"| {row['day']} | {topic}<br>{row['question']}{part} | {lab} |"


def _glossary() -> str:
    groups = _data("glossary")
    return "\n\n".join(f"## {group['group']}\n\n" + "\n\n".join(map(_term, group["terms"])) for group in groups)


def _term(row: Mapping[str, Any]) -> str:
    avoided = f" *Not:* {', '.join(row['not'])}." if row.get("not") else ""
    return (
        f"### {row['term']}\n\n<span class=\"fortnight-russian\" lang=\"ru\">{row['ru']}</span><br>{row['is']}{avoided}"
    )


def _bibliography() -> str:
    topics = {row["day"]: row["topic"] for row in _data("course")["days"]}
    return "\n\n".join(
        f"## Day {group['day']}. {topics[group['day']]}\n\n" + "\n".join(map(_source, group["sources"]))
        for group in _data("sources")
    )


def _source(row: Mapping[str, Any]) -> str:
    title = f"[{row['title']}]({row['link']})" if row.get("link") else row["title"]
    year = f", {row['year']}" if row.get("year") else ""
    return f"- {row['by']}: *{title}*. {row['where']}{year}."


def _sample(name: str) -> str:
    """One of the course's sample runs, as the player that the notebooks show."""
    return Diagram(getattr(samples, name)(), title=_SAMPLE_TITLES[name]).html()


def _signs() -> str:
    rows = "\n".join(f"| {_sign(path)} | {_SIGN_WORDS.get(name) or WORDS[name]} |" for name, path in GLYPHS.items())
    return f"| sign | what it says |\n|---|---|\n{rows}\n"


def _sign(path: str) -> str:
    return f'<svg class="fortnight-sign" viewBox="-9 -9 18 18" aria-hidden="true"><path d="{path}"/></svg>'


def _differences() -> str:
    """Where a program could tell the embedded broker from Apache Kafka, as the contract suite shows it."""
    rows = "\n".join(f"| {row['what']} | {row['embedded']} | {row['real']} |" for row in _data("differences"))
    return f"| | the embedded broker | Apache Kafka |\n|---|---|---|\n{rows}\n"


def _contract() -> str:
    """How many promises were asked of every world, and of which servers."""
    rows = "\n".join(
        f"| {row['world']} | {row['servers']} | {row['kafka']} | {row['postgres']} | {row['redis']} | {row['on']} |"
        for row in _data("contract")
    )
    return f"| world | servers | Kafka | Postgres | Redis | last asked |\n|---|---|---|---|---|---|\n{rows}\n"


def _contributing() -> str:
    return (BOOK.parent / "CONTRIBUTING.md").read_text("utf-8").split("\n", 1)[1]


PARTS: Mapping[str, Callable[..., str]] = {
    "outcomes": _outcomes,
    "phrases": _phrases,
    "course-map": _course_map,
    "glossary": _glossary,
    "bibliography": _bibliography,
    "sample": _sample,
    "signs": _signs,
    "differences": _differences,
    "contract": _contract,
    "contributing": _contributing,
    "worlds": worlds_table,
}
