"""Inspect: the sweep of engine 1 on a function of somebody's own project.

The function is called as ``function(at, *arguments)`` with :class:`shop.Addresses`; tables come from a schema file. No rule
of the project is known, so two are asked that any repeatable function keeps (:mod:`autograder.invariants.repeatable`).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.explore.names import RunName
from autograder.explore.scenario import CRASH_FAULTS, Scenario
from autograder.explore.stage import Stage
from autograder.grading.judge import judge
from autograder.grading.lanes import backends_for
from autograder.grading.notebook_file import Rejected
from autograder.grading.program import Cell, Program
from autograder.grading.replays import play_again
from autograder.grading.request import Report, report_of
from autograder.invariants import repeatable
from autograder.labs import Lab, Rule, Task, add
from autograder.labs.lab import SCHEMA

__all__ = ["inspect"]

PROCESS = "worker-1"
NAME = "inspection"
CALCULATED = """
select c.relname, a.attname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attnum > 0
   and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%%')
union
select conrelid::regclass::text, a.attname
  from pg_constraint k
  join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
  join pg_attribute r on r.attrelid = k.confrelid and r.attnum = any (k.confkey)
  left join pg_attrdef d on d.adrelid = r.attrelid and d.adnum = r.attnum
 where k.contype = 'f'
   and (r.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%%')
"""
"""Columns whose values are drawn from a sequence, and those that refer to such columns: a crash leaves gaps in them."""


@dataclass
class _Story:
    """One call; after a crash or an error it is called again. What undisturbed runs leave is found out once per lane."""

    function: str
    arguments: tuple[Any, ...]
    _known: dict[int, tuple[frozenset[tuple[str, str]], repeatable.Contents, repeatable.Contents]] = field(
        default_factory=dict
    )

    def __call__(self, stage: Stage) -> None:
        if id(stage.lane) not in self._known:
            self._known[id(stage.lane)] = self._undisturbed(stage)
            stage.lane.reset()
            stage.take_the_tap()
        returned = stage.once(PROCESS, self.function, *self.arguments).kind == "returned"
        if not returned:
            self._look(stage, struck=True, returned=False, moment="after the fault")
            returned = stage.until_done(PROCESS, self.function, *self.arguments)
        self._look(stage, struck=False, returned=returned, moment="in the end")

    def _look(self, stage: Stage, *, struck: bool, returned: bool, moment: str) -> None:
        left_out, nothing, everything = self._known[id(stage.lane)]
        state = stage.snapshot(moment, _tables(stage), struck=struck, returned=returned)
        now = repeatable.contents(state.tables, state.messages, left_out)
        state.known.update(now=now, nothing=nothing, everything=everything)  # type: ignore[attr-defined]

    def _undisturbed(
        self, stage: Stage
    ) -> tuple[frozenset[tuple[str, str]], repeatable.Contents, repeatable.Contents]:
        lane, name = stage.lane, RunName(lab="00", scenario=NAME, input=("call",))
        before = Stage(lane, name, PROCESS).snapshot("before", _tables(stage))
        runs: list[Any] = []
        for _ in range(2):
            lane.reset()
            trial = Stage(lane, name, PROCESS)
            trial.once(PROCESS, self.function, *self.arguments)
            runs.append(trial.snapshot("after", _tables(stage)))
        left_out = frozenset(lane.database.execute(CALCULATED).fetchall()) | _changing(runs[0].tables, runs[1].tables)
        return (
            left_out,
            repeatable.contents(before.tables, before.messages, left_out),
            repeatable.contents(runs[0].tables, runs[0].messages, left_out),
        )


def _tables(stage: Stage) -> list[str]:
    rows = stage.lane.database.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
    return [name for (name,) in rows.fetchall()]


def _changing(one: Any, other: Any) -> frozenset[tuple[str, str]]:
    """Columns that two undisturbed runs fill differently."""
    found = set()
    for table, rows in one.items():
        for column in rows[0] if rows else ():
            if sorted(str(row[column]) for row in rows) != sorted(str(row[column]) for row in other[table]):
                found.add((table, column))
    return frozenset(found)


def inspect(
    target: str,
    *,
    arguments: Sequence[str] = (),
    schema: Path | None = None,
    topics: Sequence[str] = (),
    run: str | None = None,
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Sweep ``MODULE:FUNCTION`` of the project in ``folder`` (the current one by default).

    ``arguments`` are JSON, handed to the function behind its addresses; ``schema`` is a file of SQL (``schema.sql`` in the
    folder where there is one, else the shop's); ``topics`` are the Kafka topics to look at; ``run`` names one run to play
    in place of the sweep. Raises Rejected.
    """
    project = (folder or Path.cwd()).resolve()
    module, _, function = target.partition(":")
    source = _source(module, project)
    lab = _lab(target, function, _arguments(arguments), _schema(schema, project), topics, project)
    lab = replace(lab, replay=_replay(target, arguments, schema, topics))
    add(lab)
    program = _program(source, module, function, project)
    if run is not None:
        return play_again(lab, program, run, progress=progress)
    with backends_for(lab, progress) as backends:
        verdict = judge(
            lab.name,
            program,
            backends=backends,
            progress=lambda task, done, planned, broken: progress(f"{function}: run {done} of {planned}"),
        )
    return report_of(verdict)


def _source(module: str, project: Path) -> Path:
    path = project.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise Rejected(f"There is no module {module!r} in {project}: go to the folder that it is imported from.")


def _arguments(arguments: Sequence[str]) -> tuple[Any, ...]:
    values = []
    for text in arguments:
        try:
            values.append(json.loads(text))
        except ValueError:
            values.append(text)
    return tuple(values)


def _schema(schema: Path | None, project: Path) -> Path:
    found = schema or next((path for path in (project / "schema.sql",) if path.is_file()), SCHEMA)
    if not found.is_file():
        raise Rejected(f"There is no schema file {found}: name one with --schema.")
    return found


def _lab(
    target: str, function: str, arguments: tuple[Any, ...], schema: Path, topics: Sequence[str], project: Path
) -> Lab:
    scenario = Scenario(
        name=NAME,
        title=f"{target} is called once, and again after a fault",
        play=_Story(function, arguments),
        input=("call",),
        target=PROCESS,
        faults=CRASH_FAULTS,
        rules=(repeatable.all_or_nothing, repeatable.repeating_completes),
        needs=(function,),
    )
    reading = "one transaction for what belongs together; a key that makes the repeat harmless (day 6)"
    return Lab(
        number=0,
        name=NAME,
        title=f"Inspection of {target}",
        day="",
        rules=(
            Rule(number=1, invariant=repeatable.all_or_nothing, read=reading),
            Rule(number=2, invariant=repeatable.repeating_completes, read=reading),
        ),
        tasks=(Task(name=function, title=target, function=function, scenarios=(scenario,), points={}, outcomes=()),),
        not_shown="Not shown: a loss of power, two calls at the same time, arguments and tables nobody gave.",
        topics={name: 1 for name in topics},
        schema=schema,
        reads=(str(project),),
    )


def _replay(target: str, arguments: Sequence[str], schema: Path | None, topics: Sequence[str]) -> str:
    """The command that plays one run again, with all that this inspection was given."""
    given = [word for one in arguments for word in ("--with", one)] + [word for one in topics for word in ("--topic", one)]
    given += ["--schema", str(schema)] if schema else []
    return " ".join(["./fortnight inspect", target, *map(shlex.quote, given), "--run {run}"])


def _program(source: Path, module: str, function: str, project: Path) -> Program:
    """A program of one cell that imports the function; the definition itself stays in the project's own file."""
    text = source.read_text(encoding="utf-8", errors="replace")
    if f"def {function}(" not in text:
        raise Rejected(f"{source.name} defines no function {function!r}.")
    cell = f"import sys\nsys.path.insert(0, {str(project)!r})\nfrom {module} import {function}\n"
    stub = f"def {function}(*arguments):\n    return None\n"
    return Program(
        title=module,
        cells=(
            Cell(id="stub", role="free", source=stub, name=f"{module} (its name)"),
            Cell(id="import", role="solution", source=cell, name=module),
        ),
    )
