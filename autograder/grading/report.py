"""Report: a verdict as the learner reads it. Verdict and rule, run and replay, story, reason, reading; then the picture."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable

from autograder.diagram import Diagram, focus, page
from autograder.diagram.story import sentence
from autograder.explore.scenario import Played
from autograder.explore.sweep import Swept
from autograder.grading.verdict import TaskVerdict, Verdict
from autograder.history import Mark
from autograder.labs import Lab, Rule, Task, find

__all__ = ["FAULT_WORDS", "coverage", "report_html", "report_page", "report_text"]

STORY_LINES_MAX = 9
WIDTH = 110

FAULT_WORDS = {
    "kill-before": "killed before",
    "kill-after": "killed after, before the answer arrives",
    "cut-before": "connection cut before",
    "cut-after": "connection cut after, before the answer arrives",
    "park": "left in flight while the program goes on, then killed",
    "pause": "held while the other process goes on",
}

_SYMBOLS = {"passed": "✓", "broken": "✗", "unknown": "?", "error": "!", "unanswered": "·"}
_COLOURS = {"passed": "32", "broken": "31", "unknown": "33", "error": "35", "unanswered": "2"}
_WORDS = {"unanswered": "not attempted", "error": "grader error"}


def report_text(verdict: Verdict, *, colour: bool = False) -> str:
    """The whole report for a terminal or a text file; the same text for the same verdict, seconds aside."""
    lab = find(verdict.lab)
    blocks = [_task_text(lab, task, colour) for task in verdict.tasks]
    tail = [*verdict.notes, verdict.protection, lab.not_shown]
    return "\n\n".join([*blocks, "\n".join(line for line in tail if line), _total(verdict)]) + "\n"


def _task_text(lab: Lab, verdict: TaskVerdict, colour: bool) -> str:
    task = lab.task(verdict.task)
    head = f"{_SYMBOLS[verdict.kind]} {_WORDS.get(verdict.kind, verdict.kind)} · lab {lab.number} · {task.title}"
    points = f" · {verdict.points} of {verdict.points_max} points{' (stretch)' if task.stretch else ''}" if task.points else ""
    lines = [_paint(head, _COLOURS[verdict.kind], colour) + points]
    if verdict.said:
        lines.append(_indent(verdict.said))
    lines += _counterexample_text(lab, verdict)
    lines += [_indent(line) for line in coverage(task, verdict.swept)]
    return "\n".join(lines)


def _counterexample_text(lab: Lab, verdict: TaskVerdict) -> list[str]:
    played = verdict.counterexample
    if played is None:
        return []
    violation = played.violations[0]
    rule = lab.rule(violation.rule)
    others = [other for other in map(lab.rule, verdict.broken_rules) if other is not rule]
    lines = [
        _indent(f"rule {rule.number}   {rule.text}"),
        _indent(f"run      {played.name}"),
        _indent(f"replay   ./fortnight replay {played.name}"),
        *(_indent(line) for line in _story(played)),
        _indent(f"so       {violation.evidence}."),
    ]
    if _without_fault(played):
        lines.append(_indent("note     No fault was needed: this is what it does when nothing goes wrong."))
    lines += [_indent(f"says     {failure}") for failure in played.failures[:1]]
    lines.append(_indent(f"mistake  {_mistake(verdict)}"))
    if others:
        lines.append(_indent(f"also     rule {', '.join(str(other.number) for other in others)} is broken in other runs"))
    lines.append(_indent(f"read     {_reading(lab, rule)}"))
    return lines


def _mistake(verdict: TaskVerdict) -> str:
    if verdict.mistake is None:
        return "not a mistake I know by name"
    return f"{verdict.mistake.name.replace('_', ' ')}: {verdict.mistake.sentence}"


def _reading(lab: Lab, rule: Rule) -> str:
    return f"day {lab.number}, “{rule.read}”" if rule.read else f"day {lab.number}"


def _without_fault(played: Played) -> bool:
    return len(played.name.split(".")) == 3


def _story(played: Played) -> list[str]:
    """The events that tell it, with their numbers in the picture; the broken rule itself is said by the line ``so``."""
    told = focus(played.history, STORY_LINES_MAX + 1)
    shown = [event for event in told.shown if not (isinstance(event.what, Mark) and event.what.kind == "violation")]
    shown = shown[:STORY_LINES_MAX]
    lines = [f"{event.number}. {sentence(event)}" for event in shown]
    everything = len(shown) + told.hidden
    if told.hidden:
        lines.append(f"({len(shown)} of {everything} events; the picture has more)")
    return [f"{'story' if number == 0 else '':8} {line}" for number, line in enumerate(lines)]


def coverage(task: Task, swept: Iterable[Swept]) -> list[str]:
    """What was tried, exactly, and how strong a claim that is; one line per scenario."""
    return [_coverage_line(task, one) for one in swept]


def _coverage_line(task: Task, one: Swept) -> str:
    scenario = next(scenario for scenario in task.scenarios if scenario.name == one.scenario)
    broken, covered = len(one.broken), one.coverage
    if one.undisturbed.violations:
        return f"tried    {scenario.title}: broken without a fault, so no fault was tried."
    if not scenario.faults:
        return f"tried    {scenario.title}: this one schedule."
    what = "pauses" if scenario.faults == ("pause",) else "crash points"
    line = f"tried    {scenario.title}: {covered.reached} of {covered.planned} {what}"
    line += f" ({covered.calls} calls × {len(covered.faults)} faults)" if what == "crash points" else " (every call of the first process)"
    line += ", every one" if covered.exhaustive else f"; not reached: {', '.join(one.unreached[:2])}"
    return f"{line}; {'all hold' if not broken else f'{broken} break a rule'}."


def _total(verdict: Verdict) -> str:
    lab = find(verdict.lab)
    core = [task for task in verdict.tasks if not lab.task(task.task).stretch]
    stretch = [task for task in verdict.tasks if lab.task(task.task).stretch]
    parts = [f"core {sum(t.points for t in core)} of {sum(t.points_max for t in core)}"] if core else []
    if stretch:
        parts.append(f"stretch {sum(t.points for t in stretch)} of {sum(t.points_max for t in stretch)}")
    return f"Points: {', '.join(parts)}."


def _indent(line: str) -> str:
    label, _, rest = line.partition(" ")
    body = textwrap.wrap(rest.strip(), WIDTH - 13) or [""]
    if label in {"rule", "run", "replay", "story", "so", "note", "says", "mistake", "also", "read", "tried"}:
        if label == "rule":
            number, _, text = rest.partition(" ")
            label, body = f"rule {number}", textwrap.wrap(text.strip(), WIDTH - 13)
    elif line.startswith(" "):
        label, body = "", textwrap.wrap(line.strip(), WIDTH - 13)
    else:
        return "\n".join("    " + part for part in textwrap.wrap(line, WIDTH - 4))
    return "\n".join(f"    {label if number == 0 else '':8} {part}" for number, part in enumerate(body))


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[1;{code}m{text}\x1b[0m" if colour else text


# ---- HTML


def report_html(verdict: Verdict) -> str:
    """The report as a fragment: the text, and under it the picture of each counterexample."""
    lab = find(verdict.lab)
    parts = [_task_html(lab, task) for task in verdict.tasks]
    tail = [*verdict.notes, verdict.protection, lab.not_shown]
    parts.append("".join(f"<p><small>{html.escape(line)}</small></p>" for line in tail if line))
    parts.append(f"<p><strong>{html.escape(_total(verdict))}</strong></p>")
    return "\n".join(parts)


def _task_html(lab: Lab, verdict: TaskVerdict) -> str:
    text = _task_text(lab, verdict, colour=False)
    head, _, rest = text.partition("\n")
    played = verdict.counterexample
    picture = ""
    if played is not None:
        reason = f"Rule {lab.rule(played.violations[0].rule).number} is broken: {played.violations[0].evidence}."
        picture = Diagram(played.history, takeaway=reason).html()
    return (
        f"<section><p><strong>{html.escape(head)}</strong></p>"
        f'<pre style="white-space:pre-wrap;line-height:1.4">{html.escape(textwrap.dedent(rest))}</pre>{picture}</section>'
    )


def report_page(verdict: Verdict, title: str = "") -> str:
    """The report as one file that needs nothing else."""
    lab = find(verdict.lab)
    return page(title or f"Lab {lab.number}: {lab.title}", [report_html(verdict)])
