"""The learning pieces on the site: forms that keep answers in the reader's browser, and folds where there is no script.

``staged`` takes the cells of a built notebook and puts a form where a piece stands. The script that wakes the forms is
``autograder/notebook/site.js``; without it every answer is one click away in a ``<details>``.
"""

from __future__ import annotations

import html as escaping
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Union

from autograder.notebook.bank import Bank, Hints, Item, Prediction, Quiz, Written, letter
from autograder.notebook.card import markdown_html
from autograder.notebook.quiz import reply_text
from autograder.notebook.spacing import RECALLED, recall_items

__all__ = ["Piece", "html", "piece_of", "staged"]

Piece = Union[Item, Sequence[Quiz]]

_RUNGS = ("where to look", "which idea", "the skeleton")


def html(piece: Piece) -> str:
    """One piece as an HTML block for a page of the site; it holds no blank line, so it may stand in Markdown."""
    if isinstance(piece, Quiz):
        block = _quiz(piece, key=f"quiz-{piece.id}")
    elif isinstance(piece, Prediction):
        block = _prediction(piece)
    elif isinstance(piece, Hints):
        block = "".join(
            _fold(f"Hint {n} of 3: {_RUNGS[n - 1]}", _md(rung)) for n, rung in enumerate(piece.rungs, start=1)
        )
        block = f'<div class="fortnight-hints">\n{block}</div>'
    elif isinstance(piece, Written):
        block = _written(piece)
    else:
        block = "".join(_quiz(quiz, key=f"recall-{quiz.id}") for quiz in piece)
    return "\n".join(line for line in block.split("\n") if line.strip()) + "\n"


def piece_of(metadata: Mapping[str, Any], page: str, bank: Bank) -> Piece | None:
    """The piece that a cell with this metadata belongs to; None for an ordinary cell."""
    mark = metadata.get("fortnight", {})
    name, id = mark.get("mark"), mark.get("id", "")
    if name == "recall":
        return _fresh_recall(int(id), bank)
    if name == "hint":
        return bank.find(f"{page}/{id}")
    return bank.find(id) if name in ("quiz", "predict", "written") else None


def staged(cells: Sequence[Mapping[str, Any]], page: str, bank: Bank) -> list[dict[str, Any]]:
    """The cells of the notebook `page` for the site: one Markdown cell with a form per piece, the rest as it is."""
    found = []
    for cell in cells:
        piece = piece_of(cell.get("metadata", {}), page, bank)
        if piece is None:
            found.append(dict(cell))
        elif _opens(cell["metadata"]["fortnight"]):
            found.append({"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": html(piece)})
    return found


def _opens(mark: Mapping[str, str]) -> bool:
    """Whether this is the first cell of its piece; the others are part of the form."""
    return mark["mark"] in ("recall", "hint") or mark.get("part") == "question"


def _fresh_recall(day: int, bank: Bank) -> Sequence[Quiz]:
    """The questions that somebody without any record gets; the date decides nothing then."""
    return recall_items(day, datetime.fromtimestamp(0, timezone.utc), (), bank, RECALLED)


def _quiz(quiz: Quiz, *, key: str) -> str:
    options = _radios(key, [option.text for option in quiz.options])
    replies = "".join(_reply(name, quiz) for name in quiz.letters)
    answers = f'<details class="fortnight-answers"><summary>Answers</summary><ol type="a">\n{replies}</ol></details>'
    return _form("quiz", key, quiz.question, options, "Answer", answers)


def _reply(name: str, quiz: Quiz) -> str:
    right = " data-right" if name == quiz.right else ""
    return f'<li data-letter="{name}"{right}>{_md(reply_text(quiz, name))}</li>\n'


def _prediction(item: Prediction) -> str:
    key = f"predict-{item.id}"
    field = _radios(key, item.choices) if item.choices else _textarea(key, "Your prediction", rows=2)
    return _form("predict", key, item.question, field, "Keep my prediction", "")


def _written(item: Written) -> str:
    key = f"written-{item.id}"
    rubric = _fold("Rubric and one good answer", _md(item.rubric) + _md(item.answer), name="fortnight-answers")
    return _form(
        "written", key, item.question, _textarea(key, "Your answer", rows=5), "Keep it and open the rubric", rubric
    )


def _form(kind: str, key: str, question: str, fields: str, button: str, answers: str) -> str:
    return (
        f'<form class="fortnight-piece" data-kind="{kind}" data-key="{key}">\n'
        f'<div id="{key}-question">{_md(question)}</div>\n'
        f'<div role="group" aria-labelledby="{key}-question">\n{fields}</div>\n'
        f'<button type="submit" hidden>{button}</button>\n<div role="status"></div>\n{answers}</form>\n'
    )


def _radios(key: str, options: Sequence[str]) -> str:
    return "".join(
        f'<div><label><input type="radio" name="{key}" value="{letter(number)}"> '
        f"<strong>{letter(number)}.</strong> {_inline(text)}</label></div>\n"
        for number, text in enumerate(options)
    )


def _textarea(key: str, label: str, *, rows: int) -> str:
    return f'<label>{escaping.escape(label)}<br><textarea name="{key}" rows="{rows}"></textarea></label>\n'


def _fold(summary: str, inside: str, name: str = "fortnight-hint") -> str:
    return f'<details class="{name}"><summary>{escaping.escape(summary)}</summary>\n{inside}</details>\n'


def _md(markdown: str) -> str:
    """Markdown as HTML without blank lines: a blank line would end the HTML block that it stands in."""
    return markdown_html(markdown).strip().replace("\n\n", "&#10;\n") + "\n"


def _inline(markdown: str) -> str:
    return _md(markdown).strip().removeprefix("<p>").removesuffix("</p>")
