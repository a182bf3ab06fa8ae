"""A text splits into segments and says in which line it is wrong."""

from __future__ import annotations

import pytest

from autograder.manuscript.errors import ManuscriptError
from autograder.manuscript.marks import MARKS, table
from autograder.manuscript.segments import segments

TEXTS = [
    "",
    "\n\n",
    "only prose",
    "# A\n\ntext\n\n## B\n```python\nx = 1\n```\n```python\ny = 2\n```\n\n\n",
    "+++\n\nprose\n\n+++\n\n## heading\n+++\n+++\n",
    "````python\ns = '''\n```\n'''\n````\nend without newline",
    "```sql\n# not a heading\nselect 1;\n```\n\nmore\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_segments_joined_are_the_text(text: str) -> None:
    assert "".join(part.raw for part in segments(text, path="t.md", place="days")) == text


def test_a_cell_begins_at_a_heading_after_a_fence_and_at_a_break() -> None:
    text = "# One\n\na\n\n## Two\n\nb\n\n+++\n\nc\n\n```python\nd\n```\n\ne\n"
    found = segments(text, path="t.md", place="days")
    assert [(part.kind, part.body, part.line) for part in found] == [
        ("prose", "# One\n\na", 1),
        ("prose", "## Two\n\nb", 5),
        ("prose", "c", 9),
        ("code", "d", 13),
        ("prose", "e", 17),
    ]


def test_other_languages_stay_in_the_prose() -> None:
    found = segments("see\n\n```sql\nselect 1;\n```\n\n```py\nshown\n```\n", path="t.md", place="days")
    assert [part.kind for part in found] == ["prose"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('a\n\n```python solutoin="relay"\n```\n', 3, "did you mean 'solution'?"),
        ('```quizz id="d06-a"\n```\n', 1, "did you mean 'quiz'?"),
        ("```zzz\n```\n", 1, "known marks: check, diagram"),
        ('```python quiz="d06-a"\n```\n', 1, "'quiz' is a block of its own"),
        ("```solution\n```\n", 1, "'solution' is a mark on a python fence"),
        ("```sql relay\n```\n", 1, "unknown mark 'sql'"),
        ('```python given="a" solution="b"\n```\n', 1, "one fence has one mark, not given and solution"),
        ('```python given="a" given="b"\n```\n', 1, "'given' stands twice"),
        ("```python given\n```\n", 1, "'given' needs a name"),
        ('```python given="a b"\n```\n', 1, "'a b' is no name"),
        ('```python given="a" points=3\n```\n', 1, "unknown mark 'points'"),
        ('```python given="a" !!\n```\n', 1, "cannot read '!!'"),
        ('```hint task="relay"\n```\n', 1, "'hint' needs rung=..."),
        ('```quiz id="d06-a" right=b\n```\n', 1, "'quiz' does not know 'right'"),
        ("text\n```python\nx\n", 2, "never closed"),
        ("<details>\n\n```python\nx\n```\n\n</details>\n", 1, "must open and close in one cell"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(ManuscriptError) as caught:
        segments(text, path="manuscript/labs/lab06.md", place="labs")
    assert str(caught.value).startswith(f"manuscript/labs/lab06.md:{line}: ")
    assert sentence in str(caught.value)


def test_a_mark_stands_only_where_it_belongs() -> None:
    with pytest.raises(ManuscriptError, match="'solution' stands in labs only, not in days"):
        segments('```python solution="relay"\n```\n', path="t.md", place="days")


def test_the_table_has_a_row_for_every_mark() -> None:
    rows = table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(MARKS)
