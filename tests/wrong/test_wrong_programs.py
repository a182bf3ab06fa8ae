"""Every wrong program breaks its task, is called by its name, and gets the report that is kept beside it.

Its stories are played until the mistake shows, so the report says less of what was tried than a learner's does. All of
them in full are a benchmark (``benchmarks/lab06.py --hunt``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.labs import NAMES, Lab, find
from tests.wrong.programs import HERE, end_hunts, golden, needs_backends, programs, verdict_on, wants_new_golden_files

LABS = [find(name) for name in NAMES]
WRONG = [
    pytest.param(lab, path, id=f"{lab.name[:5]}-{path.stem}")
    for lab in LABS
    for path in programs(HERE / lab.name)
]
PROGRAMS_MIN = 6
VARIANTS = {
    ("lab11_observability", "_remembers_a_quarter_of_an_hour"): "forgets_the_short_window",
    ("lab02_idempotency", "_keeps_answers_in_a_dict"): "asks_only_the_gateway",
    ("lab02_idempotency", "_waits_a_moment"): "looks_at_the_replica_only",
}
"""Programs that make a known mistake in another way."""


@pytest.fixture(scope="module", autouse=True)
def lanes_end_before_their_servers(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    end_hunts()


def tasks_by_mistake(lab: Lab) -> dict[str, str]:
    return {mistake.name: mistake.task for mistake in lab.mistakes}


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_every_known_mistake_has_its_program_and_every_program_its_mistake(lab: Lab) -> None:
    known = tasks_by_mistake(lab)
    assert {path.stem for path in programs(HERE / lab.name)} == set(known)
    assert len(known) >= PROGRAMS_MIN


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_every_task_has_programs_that_get_it_wrong(lab: Lab) -> None:
    assert {task.name for task in lab.tasks if task.graded} <= set(tasks_by_mistake(lab).values())


@pytest.mark.parametrize(("lab", "path"), WRONG)
def test_a_wrong_program_is_caught_named_and_reported(
    lab: Lab, path: Path, request: pytest.FixtureRequest
) -> None:
    postgres = request.getfixturevalue("postgres_address") if needs_backends(lab) else None
    verdict = verdict_on(path, lab.name, [tasks_by_mistake(lab)[path.stem]], postgres, until=path.stem)
    [task] = verdict.tasks
    assert task.kind == "broken"
    assert task.points < task.points_max or not lab.task(task.task).graded
    assert task.mistake is not None and task.mistake.name == path.stem
    kept = HERE / lab.name / "golden" / f"{path.stem}.txt"
    if wants_new_golden_files():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(golden(verdict, path.stem), encoding="utf-8")
    assert golden(verdict, path.stem) == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(("lab_name", "stem"), VARIANTS)
def test_the_same_mistake_made_in_another_way_has_the_same_name(
    lab_name: str, stem: str, request: pytest.FixtureRequest
) -> None:
    lab, mistake = find(lab_name), VARIANTS[lab_name, stem]
    postgres = request.getfixturevalue("postgres_address") if needs_backends(lab) else None
    path = HERE / lab.name / f"{stem}.py"
    [task] = verdict_on(path, lab.name, [tasks_by_mistake(lab)[mistake]], postgres, until=mistake).tasks
    assert task.kind == "broken"
    assert task.mistake is not None and task.mistake.name == mistake
