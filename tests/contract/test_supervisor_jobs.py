"""Jobs: a module run by the supervisor for a client."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import backends
from autograder.backends.processes import identify, is_running, wait_until

WriteJob = Callable[[str], str]


@pytest.fixture
def job(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteJob:
    """Write a module that the supervisor can run, and return its name."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))

    def write(source: str) -> str:
        head = "import json, os, signal, subprocess, sys\nrequest = json.loads(sys.stdin.readline())\n"
        (tmp_path / "a_job.py").write_text(head + source)
        return "a_job"

    return write


def test_a_jobs_lines_come_one_by_one_and_end_with_its_result(job: WriteJob) -> None:
    module = job("print(json.dumps({'progress': 1}))\nprint(json.dumps({'result': request['lab']}))\n")
    with backends.connect() as lease:
        assert list(lease.job(module, {"lab": "lab06"})) == [{"progress": 1}, {"result": "lab06"}]


def test_a_job_finds_the_backends_of_its_clone(job: WriteJob) -> None:
    source = "from autograder import backends\nwith backends.connect() as lease:\n"
    module = job(source + "    print(json.dumps({'result': lease.shop.postgres}))\n")
    with backends.connect() as lease:
        assert list(lease.job(module, None)) == [{"result": lease.shop.postgres}]


def test_a_long_line_arrives_whole(job: WriteJob) -> None:
    module = job("print(json.dumps({'result': 'x' * 3_000_000}))\n")
    (row,) = backends.run_job(module, None)
    assert len(row["result"]) == 3_000_000


def test_what_is_no_json_is_output(job: WriteJob) -> None:
    module = job("print('hello')\nprint(json.dumps({'result': 1}))\n")
    assert list(backends.run_job(module, None)) == [{"output": "hello"}, {"result": 1}]


def test_a_job_may_tidy_up_after_its_result(job: WriteJob, tmp_path: Path) -> None:
    module = job("print(json.dumps({'result': 1}), flush=True)\nopen(request, 'w').write('tidy')\n")
    with backends.connect():
        assert list(backends.run_job(module, str(tmp_path / "done"))) == [{"result": 1}]
        assert wait_until(lambda: (tmp_path / "done").exists(), 5)


def test_a_job_that_dies_without_a_result_is_an_error_of_ours(job: WriteJob) -> None:
    module = job("print(json.dumps({'progress': 1}), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert list(backends.run_job(module, None)) == [
        {"progress": 1},
        {"error": "a_job ended (SIGKILL) before it had a result: an error of ours, not yours."},
    ]


def test_a_jobs_last_words_are_quoted(job: WriteJob) -> None:
    (row,) = backends.run_job(job("raise ValueError('the moon is wrong')\n"), None)
    assert row["error"].endswith(
        "(exit code 1) before it had a result: an error of ours, not yours. "
        "Its last words: ValueError: the moon is wrong"
    )


def test_a_module_that_is_none_is_refused(state: Path) -> None:
    (row,) = backends.run_job("-c", None)
    assert row == {"error": "A job names a Python module, not '-c'."}


HANGING = """
child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({'pids': [os.getpid(), child.pid]}), flush=True)
signal.pause()
"""


def test_a_client_that_goes_away_ends_its_job_and_the_jobs_children(job: WriteJob) -> None:
    with backends.connect() as lease:
        rows = lease.job(job(HANGING), None)
        found = [identify(pid) for pid in next(rows)["pids"]]
        assert all(found)
        rows.close()
        assert wait_until(lambda: not any(is_running(one) for one in found if one), 10)
        assert wait_until(lambda: len(lease.status()["leases"]) == 1, 5)


def test_stop_ends_the_jobs_that_run_and_says_so(job: WriteJob) -> None:
    rows = backends.run_job(job(HANGING), None)
    found = [identify(pid) for pid in next(rows)["pids"]]
    backends.stop()
    assert list(rows) == [{"error": "The supervisor ended in the middle of the work: run it again."}]
    assert wait_until(lambda: not any(is_running(one) for one in found if one), 10)


def test_a_job_holds_the_backends_like_a_lease(job: WriteJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_IDLE_S", "0.05")
    rows = backends.run_job(job(HANGING), None)
    next(rows)
    assert not wait_until(lambda: backends.status() is None, 0.5)
    rows.close()
    assert wait_until(lambda: backends.status() is None, 10)


STAYING = """
while request is not None:
    print(json.dumps({'result': os.getpid(), 'stays': request}), flush=True)
    line = sys.stdin.readline()
    request = json.loads(line) if line else None
"""


def asked(module: str, stays: bool) -> int:
    """What a job that may stay says: its process."""
    (row,) = backends.run_job(module, stays)
    return int(row["result"])


def test_a_process_that_stays_gets_the_next_request(job: WriteJob) -> None:
    module = job(STAYING)
    with backends.connect():
        first = asked(module, True)
        assert asked(module, False) == first
        assert asked(module, False) != first


def test_one_process_stays_however_many_there_were(job: WriteJob, tmp_path: Path) -> None:
    waits = "import time\nprint(json.dumps({'progress': 1}), flush=True)\nwhile request != True and not os.path.exists(request): time.sleep(0.01)\n"
    module, signal_file = job(waits + STAYING), tmp_path / "go on"
    with backends.connect():
        slow = backends.run_job(module, str(signal_file))
        assert next(slow) == {"progress": 1}
        quick = [*backends.run_job(module, True)][-1]["result"]
        signal_file.touch()
        assert next(slow)["result"] != quick
        assert asked(module, True) == quick


def test_stop_ends_a_process_that_stays_and_its_death_costs_nobody_anything(job: WriteJob) -> None:
    module = job(STAYING)
    with backends.connect():
        first = identify(asked(module, True))
        assert first
        os.kill(first.pid, 9)
        assert wait_until(lambda: not is_running(first), 5)
        second = identify(asked(module, True))
        assert second and second.pid != first.pid
        third = identify(asked(module, True))
        assert third
        backends.stop()
    assert wait_until(lambda: not any(map(is_running, (second, third))), 10)
