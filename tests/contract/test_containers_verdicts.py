"""One verdict: in containers the judge says what it says in the embedded world."""

from __future__ import annotations

import pytest

from autograder.backends import Backends
from autograder.backends.worlds import World
from tests.worlds.comparison import Case, cases, labs_with_backends, of_one_run, of_the_judge

pytestmark = pytest.mark.only_in("containers")

LAB = next(lab for lab in labs_with_backends() if lab.name == "lab06_outbox")
"""The lab that uses Postgres and Kafka alike."""
CASES = list(cases(LAB, only_reference=True))
NAME = "{0.lab}-{0.name}".format


@pytest.fixture(scope="module")
def judges(containers: World) -> Backends:
    """The judge's addresses."""
    return containers.addresses()[0]


@pytest.mark.parametrize("case", [case for case in CASES if case.run], ids=NAME)
def test_the_run_that_shows_a_mistake_shows_it_here_too(case: Case, judges: Backends):
    told = of_one_run(case, judges)
    assert (told.kind, told.run) == ("broken", case.run)
    assert case.rule in told.rules


@pytest.mark.parametrize("case", [case for case in CASES if not case.task], ids=NAME)
def test_the_reference_earns_all_points_in_containers(case: Case, judges: Backends):
    told = of_the_judge(case, judges)
    assert (told.kind, told.points, told.rules, told.run) == ("passed", 100, (), "")
