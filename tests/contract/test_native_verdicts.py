"""One verdict: on this machine's Postgres and on Apache Kafka the judge says what it says in the embedded world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.backends import Backends
from autograder.backends.worlds import open_world
from autograder.labs import find
from tests.worlds.comparison import Case, cases, labs_with_backends, of_one_run, of_the_judge

pytestmark = pytest.mark.only_in("native")

CASES = [case for lab in labs_with_backends() for case in cases(lab, only_reference=True)]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """The native world for all tests of this file."""
    with open_world("native", tmp_path_factory.mktemp("native")) as world:
        yield world.addresses()[0]


@pytest.mark.parametrize("case", [case for case in CASES if not case.task], ids=lambda case: f"{case.lab}-{case.name}")
def test_the_reference_earns_all_points_on_apache_kafka(case: Case, native: Backends):
    told = of_the_judge(case, native)
    assert (told.kind, told.rules, told.run) == ("passed", (), "")
    assert told.points == find(case.lab).worth


@pytest.mark.parametrize("case", [case for case in CASES if case.run], ids=lambda case: f"{case.lab}-{case.name}")
def test_the_run_that_shows_a_mistake_shows_it_here_too(case: Case, native: Backends):
    told = of_one_run(case, native)
    assert told.kind == "broken"
    assert case.rule in told.rules
    assert told.run == case.run
