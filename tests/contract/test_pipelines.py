"""The truth about the pipelines is found by running them: on another program it is another one, and it is kept by its source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.backends import Backends
from autograder.explore.lane import Lane
from autograder.grading.lanes import LaneSpec, open_lane
from autograder.grading.parts import with_reference_parts
from autograder.grading.program import Program
from autograder.labs import find, lab07_pipelines


@pytest.fixture
def lane(postgres_address: str) -> Iterator[Lane]:
    lab = find("7")
    backends = Backends(postgres=postgres_address, redis="", kafka="", world="embedded")
    program = with_reference_parts(lab, Program(title="nothing", cells=()))
    with ExitStack() as cleanup:
        yield open_lane(LaneSpec(backends=backends, lab=lab.name, program=program), cleanup)


def test_a_kill_between_two_commits_is_found_and_one_that_does_no_harm_is_not_reported(lane: Lane) -> None:
    assert lab07_pipelines.found(lane, "p01") == {"lost": (2,)}
    assert lab07_pipelines.found(lane, "p09") == {"twice": (2,)}
    assert lab07_pipelines.found(lane, "p10") == {}


def test_what_was_found_is_kept_and_read_again(lane: Lane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))
    monkeypatch.setattr(lab07_pipelines, "NAMES", ("p08",))
    first = lab07_pipelines.computed(lane)
    monkeypatch.setattr(lab07_pipelines, "found", lambda lane, name: pytest.fail("it was found already"))
    monkeypatch.setattr(lab07_pipelines, "_source_hash", lab07_pipelines._source_hash)
    assert lab07_pipelines.computed(lane) == first == {"p08": {"lost": (1, 2)}}
