"""Feedback: what a learner gets back, as one file that needs nothing else and runs nothing of anybody else's."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.diagram import page
from autograder.grading.restored import is_check, task_of
from autograder.labs import Lab, Task

__all__ = ["feedback_page"]

_LIGHT, _DARK = "a11y-high-contrast-light", "a11y-high-contrast-dark"
_SHOWN_CHARACTERS_MAX = 20_000
_LABS_OWN = re.compile(r"\s*(?:from autograder\.notebook import|(?:check|hint|predict|quiz|recall|written)\([^\n]*\)\s*$)")
"""The lab's cells that ask and show; nobody wants to read them again."""


def feedback_page(lab: Lab, learner: str, notebook: NotebookNode, *, refusal: str = "", late_penalty: float = 0) -> str:
    """The page for one hand-in, from its graded notebook (reports in its check cells, scores beside them).

    ``refusal`` says why a later hand-in was rejected. Shown are reports, the learner's own cells and a teacher's
    comments; nothing of the lab's own text, and nothing that the learner's file says besides its cells.
    """
    parts = [_colours(), *_refusal(refusal), _summary(lab, notebook, late_penalty)]
    parts += [_section(lab, cell) for cell in notebook.cells if is_check(cell)]
    parts += [_written(cell) for cell in notebook.cells if _is_written(cell)]
    parts.append(_own_cells(notebook))
    parts += [f"<p><small>{html.escape(line)}</small></p>" for line in _said(notebook)]
    parts.append(_reading(lab))
    return page(f"Lab {lab.number}: {lab.title} · {learner}", [part for part in parts if part])


def _refusal(sentence: str) -> Iterator[str]:
    if sentence:
        yield f"<p><strong>Your last hand-in was rejected.</strong> {html.escape(sentence)} What counts is on this page.</p>"


def _marks(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    return cell["metadata"].get("nbgrader") or {}


def _said(notebook: NotebookNode) -> list[str]:
    """What the judge said of the hand-in as a whole: cells that were left out, and which protection was on."""
    return str((notebook.metadata.get("fortnight") or {}).get("said", "")).splitlines()


def _is_written(cell: Mapping[str, Any]) -> bool:
    return bool(_marks(cell).get("grade") and _marks(cell).get("solution"))


def _points(cell: Mapping[str, Any]) -> tuple[float, float]:
    return float(_marks(cell).get("score") or 0), float(_marks(cell).get("points") or 0)


def _task(lab: Lab, cell: Mapping[str, Any]) -> Task | None:
    return next((task for task in lab.tasks if task.name == task_of(cell)), None)


def _summary(lab: Lab, notebook: NotebookNode, late_penalty: float) -> str:
    rows, sums = [], {"core": [0.0, 0.0], "stretch": [0.0, 0.0]}
    for cell in filter(is_check, notebook.cells):
        task, (score, points) = _task(lab, cell), _points(cell)
        kind = "stretch" if task is not None and task.stretch else "core"
        sums[kind] = [sums[kind][0] + score, sums[kind][1] + points]
        name = html.escape(task.title if task is not None else task_of(cell))
        link = html.escape(str(_marks(cell)["grade_id"]), quote=True)
        rows.append(f'<tr><td><a href="#{link}">{name}</a></td><td>{kind}</td><td>{score:g} of {points:g}</td></tr>')
    total = ", ".join(f"{kind} {score:g} of {points:g}" for kind, (score, points) in sums.items() if points)
    late = f" Handed in late: {late_penalty:g} points less." if late_penalty else ""
    head = "<thead><tr><th>Task</th><th>Part</th><th>Points</th></tr></thead>"
    return f"<p><strong>Points: {total}.</strong>{late}</p><table>{head}<tbody>{''.join(rows)}</tbody></table>"


def _section(lab: Lab, cell: NotebookNode) -> str:
    """The report as the judge made it: everything that came from the learner's program was escaped there."""
    task = _task(lab, cell)
    title = html.escape(task.title if task is not None else task_of(cell))
    reports = [output["data"].get("text/html", "") for output in cell.outputs if output.output_type == "display_data"]
    hint = f"<p>Stuck? <code>./fortnight hint {lab.number} {html.escape(task_of(cell))}</code> opens one hint at a time.</p>"
    score, points = _points(cell)
    said = "".join(reports) or "<p>Not judged.</p>"
    anchor = html.escape(str(_marks(cell)["grade_id"]), quote=True)
    return f'<h2 id="{anchor}">{title}</h2>{said}{hint if score < points else ""}'


def _written(cell: NotebookNode) -> str:
    comment = _marks(cell).get("comment")
    said = f"<p><strong>Comment:</strong> {html.escape(str(comment))}</p>" if comment else ""
    text = html.escape(cell.source[:_SHOWN_CHARACTERS_MAX]) + _left_out(cell.source)
    note = "" if comment else "<p><small>Read by a teacher; it gives no points.</small></p>"
    return f'<h2>In your own words</h2><pre style="white-space:pre-wrap">{text}</pre>{said}{note}'


def _own_cells(notebook: NotebookNode) -> str:
    """The code that was judged: the answers and the learner's own cells."""
    shown = []
    for cell in notebook.cells:
        marks = _marks(cell)
        if cell.cell_type == "code" and (marks.get("solution") or not marks) and not _LABS_OWN.match(cell.source):
            comment = f"<p><strong>Comment:</strong> {html.escape(str(marks['comment']))}</p>" if marks.get("comment") else ""
            shown.append(_code(cell.source) + comment)
    return f"<details><summary>Your code, as it was handed in</summary>{''.join(shown)}</details>" if shown else ""


def _code(source: str) -> str:
    shown = highlight(source[:_SHOWN_CHARACTERS_MAX], PythonLexer(), HtmlFormatter(cssclass="code", wrapcode=True))
    return f"{shown}{_left_out(source)}"


def _left_out(text: str) -> str:
    left = len(text) - _SHOWN_CHARACTERS_MAX
    return f"<p>… {left:,} more characters</p>" if left > 0 else ""


def _colours() -> str:
    light = HtmlFormatter(style=_LIGHT).get_style_defs(".code")
    dark = HtmlFormatter(style=_DARK).get_style_defs(".code")
    return f"<style>{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}</style>"


def _reading(lab: Lab) -> str:
    rows = "".join(f"<li>Rule {rule.number}: “{html.escape(rule.read)}”</li>" for rule in lab.rules if rule.read)
    return f"<h2>Where to read</h2><p>In day {lab.number}, <code>days/{lab.day}.ipynb</code>:</p><ul>{rows}</ul>"
