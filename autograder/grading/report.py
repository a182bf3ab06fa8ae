"""Report: a verdict as the learner reads it. Verdict and rule, run and replay, story, reason, reading; then the picture."""

from __future__ import annotations

import html
import re
import shlex
import textwrap
from collections.abc import Iterable
from dataclasses import replace

from autograder.diagram import Diagram, focus, page
from autograder.diagram.story import sentence
from autograder.explore.names import RunName
from autograder.explore.coverage import claim
from autograder.explore.scenario import Played
from autograder.explore.sweep import Swept
from autograder.grading.verdict import TaskVerdict, Verdict
from autograder.history import Mark
from autograder.labs import Lab, Rule, Task, find

__all__ = ["coverage", "report_html", "report_page", "report_text"]

STORY_LINES_MAX = 9
WIDTH = 110

_HYPHEN_IN_AN_ID = re.compile(
    r"(?<=[0-9a-f]{4})-(?=[0-9a-f]{4})|(?<=\w)-(?=(?:[\w-]*-)?\d+-[0-9a-f]{4}\b)|(?:(?<=-\d)|(?<=-\d\d))-(?=[0-9a-f]{4}\b)"
)
_UNBROKEN = "\N{NON-BREAKING HYPHEN}"
"""An id stays whole at the end of a line, and so does the code of an incident."""
_SYMBOLS = {"passed": "✓", "broken": "✗", "unknown": "?", "error": "!", "unanswered": "·"}
_COLOURS = {"passed": "32", "broken": "31", "unknown": "33", "error": "35", "unanswered": "2"}
_WORDS = {"unanswered": "not attempted", "error": "grader error"}


def report_text(verdict: Verdict, *, colour: bool = False) -> str:
    """The whole report for a terminal or a text file; the same text for the same verdict, seconds aside."""
    lab = _lab(verdict)
    blocks = [_task_text(lab, task, colour) for task in _errors_once(verdict.tasks)]
    tail = [*verdict.notes, verdict.protection, lab.not_shown]
    parts = [*blocks, "\n".join(line for line in tail if line), _total(verdict)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lab(verdict: Verdict) -> Lab:
    """The lab, with the command that replays a run of this verdict's notebook."""
    lab = find(verdict.lab)
    return replace(lab, replay=f"{lab.replay} --notebook {shlex.quote(verdict.notebook)}") if verdict.notebook else lab


def _errors_once(tasks: Iterable[TaskVerdict]) -> list[TaskVerdict]:
    """The grader's trouble is told at the first task that it met, and not again at the others."""
    told: set[str] = set()
    shown = []
    for task in tasks:
        shown.append(replace(task, said="") if task.kind == "error" and task.said in told else task)
        told.add(task.said)
    return shown


def _task_text(lab: Lab, verdict: TaskVerdict, colour: bool) -> str:
    head, points = _head(lab, verdict)
    lines = [_paint(head, _COLOURS[verdict.kind], colour) + points]
    lines += [_line(label, text) for label, text in _rows(lab, verdict)]
    if verdict.counterexample is None:
        lines += [textwrap.indent(one.undisturbed.pages[1], "    ") for one in verdict.swept if one.undisturbed.pages[1]]
    return "\n".join(lines)


def _head(lab: Lab, verdict: TaskVerdict) -> tuple[str, str]:
    task = lab.task(verdict.task)
    where = f"lab {lab.number} · " if lab.number else ""
    head = f"{_SYMBOLS[verdict.kind]} {_WORDS.get(verdict.kind, verdict.kind)} · {where}{task.title}"
    stretch = " (stretch)" if task.stretch else ""
    return head, f" · {verdict.points} of {verdict.points_max} points{stretch}" if task.points and verdict.points_max else ""


def _rows(lab: Lab, verdict: TaskVerdict) -> list[tuple[str, str]]:
    """The report's lines: what each is, and what it says. An empty label continues the line before."""
    rows = [("", verdict.said)] if verdict.said else []
    if verdict.counterexample is not None:
        rows += _counterexample(lab, verdict, verdict.counterexample)
    if verdict.shown is not None:
        rows += [("run", verdict.shown.name), *zip(("story", *[""] * STORY_LINES_MAX), _story(verdict.shown), strict=False)]
        return rows
    return rows + [("tried", line) for line in coverage(lab.task(verdict.task), verdict.swept)]


def _counterexample(lab: Lab, verdict: TaskVerdict, played: Played) -> list[tuple[str, str]]:
    violation = played.violations[0]
    rule = lab.rule(violation.rule)
    rows = [
        (f"rule {rule.number}", rule.text),
        ("run", played.name),
        ("replay", lab.replay.replace("{run}", played.name)),
        *zip(("story", *[""] * STORY_LINES_MAX), _story(played), strict=False),
        ("so", f"{violation.evidence}."),
    ]
    note = _note(lab, RunName.parse(played.name))
    if note and played.share is None:
        rows.append(("note", note))
    rows += [("says", failure) for failure in played.failures[:1]]
    if lab.mistakes:
        rows.append(("mistake", _mistake(verdict)))
    others = [lab.rule(name).number for name in verdict.broken_rules if name != rule.name]
    if others:
        listed = ", ".join(map(str, sorted(others)))
        rows.append(("also", f"rule{'s' if len(others) > 1 else ''} {listed} broken in this or other runs"))
    return [*rows, ("read", _reading(lab, rule, played))]


def _mistake(verdict: TaskVerdict) -> str:
    if verdict.mistake is None:
        return "none of those that are known by name"
    return f"{verdict.mistake.name.replace('_', ' ')}: {verdict.mistake.sentence}"


def _reading(lab: Lab, rule: Rule, played: Played) -> str:
    section = lab.scenario(RunName.parse(played.name).scenario).read or rule.read
    return f"day {lab.number}, “{section}”" if lab.number else section


def _note(lab: Lab, name: RunName) -> str:
    if name.strike or name.preempts:
        return ""
    scenario = lab.scenario(name.scenario)
    if scenario.engine == "virtual":
        return "No fault was needed beside those that the story itself has." if scenario.faults else ""
    if scenario.engine == "load":
        return "A sale under load is one of many that could have been: played again, it may go another way."
    if name.schedule:
        return "No preemption was needed: this is no race, it goes wrong when one call follows the other."
    return "No fault was needed: this is what it does when nothing goes wrong."


def _story(played: Played) -> list[str]:
    """The events that tell it, with their numbers in the picture; the broken rule itself is said by the line ``so``."""
    told = focus(played.history, STORY_LINES_MAX + 1)
    shown = [event for event in told.shown if not (isinstance(event.what, Mark) and event.what.kind == "violation")]
    shown = shown[:STORY_LINES_MAX]
    lines = [f"{event.number}. {sentence(event)}" for event in shown]
    everything = len(shown) + told.hidden
    if told.hidden:
        lines.append(f"({len(shown)} of {everything} events; the picture has more)")
    return lines


def coverage(task: Task, swept: Iterable[Swept]) -> list[str]:
    """What was tried, exactly, and how strong a claim that is; one line per scenario."""
    return [_coverage_line(task, one) for one in swept]


def _coverage_line(task: Task, one: Swept) -> str:
    return claim(next(scenario for scenario in task.scenarios if scenario.name == one.scenario), one)


def _total(verdict: Verdict) -> str:
    lab = find(verdict.lab)
    core = [task for task in verdict.tasks if not lab.task(task.task).stretch]
    stretch = [task for task in verdict.tasks if lab.task(task.task).stretch]
    parts = [f"core {sum(t.points for t in core)} of {sum(t.points_max for t in core)}"] if core else []
    if stretch:
        parts.append(f"stretch {sum(t.points for t in stretch)} of {sum(t.points_max for t in stretch)}")
    return f"Points: {', '.join(parts)}." if any(task.points_max for task in verdict.tasks) else ""


def _line(label: str, text: str) -> str:
    """One line of the report, wrapped behind its label; a command stays whole, so that it can be copied."""
    if label == "replay":
        return f"    {label:8} {text}"
    whole = _HYPHEN_IN_AN_ID.sub(_UNBROKEN, text)
    parts = [part.replace(_UNBROKEN, "-") for part in textwrap.wrap(whole, WIDTH - 13)] or [""]
    return "\n".join(f"    {label if number == 0 else '':8} {part}" for number, part in enumerate(parts))


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[1;{code}m{text}\x1b[0m" if colour else text


# ---- HTML


def report_html(verdict: Verdict) -> str:
    """The report as a fragment: the text, and under it the picture of each counterexample."""
    lab = _lab(verdict)
    parts = [_task_html(lab, task) for task in _errors_once(verdict.tasks)]
    tail = [*verdict.notes, verdict.protection, lab.not_shown]
    parts.append("".join(f"<p><small>{html.escape(line)}</small></p>" for line in tail if line))
    if total := _total(verdict):
        parts.append(f"<p><strong>{html.escape(total)}</strong></p>")
    return "\n".join(parts)


def _task_html(lab: Lab, verdict: TaskVerdict) -> str:
    head, points = _head(lab, verdict)
    rows = "".join(_row_html(label, text) for label, text in _rows(lab, verdict))
    played, picture = verdict.counterexample, ""
    if verdict.shown is not None:
        picture = Diagram(verdict.shown.history, takeaway="It breaks no rule.").html()
    if played is not None and played.history.calls:
        reason = f"Rule {lab.rule(played.violations[0].rule).number} is broken: {played.violations[0].evidence}."
        picture = Diagram(played.history, takeaway=reason).html()
    picture += "".join(one.undisturbed.pages[0] for one in verdict.swept)
    return (
        f"<section><p><strong>{html.escape(head)}</strong>{html.escape(points)}</p>"
        f'<table style="border-collapse:collapse;text-align:left;margin:0 0 1em 0">{rows}</table>{picture}</section>'
    )


def _row_html(label: str, text: str) -> str:
    said = html.escape(text)
    said = f"<code>{said}</code>" if label in ("run", "replay") else said
    name = f'<th scope="row" style="{_LABEL}">{html.escape(label)}</th>' if label else f'<td style="{_LABEL}"></td>'
    return f'<tr style="background:none">{name}<td style="text-align:left;padding:1px 0;border:none;background:none;overflow-wrap:anywhere">{said}</td></tr>'


_LABEL = (
    "text-align:left;vertical-align:top;padding:1px 14px 1px 0;border:none;background:none;"
    "white-space:nowrap;font-weight:600"
)


def report_page(verdict: Verdict, title: str = "") -> str:
    """The report as one file that needs nothing else."""
    lab = find(verdict.lab)
    return page(title or f"Lab {lab.number}: {lab.title}", [report_html(verdict)])
