"""A subject that stays answers its next call too, unless the last one has left something behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.grading.subject import Running, Zygote
from tests.unit.subject_support import one_cell

SOURCE = """
import os, random, signal, socket, subprocess, threading

seen = []

def f(value=None):
    seen.append(value)
    print("heard", value)
    return [len(seen), random.random()]

def fails():
    raise ValueError("no")

def exits():
    os._exit(3)

def hangs():
    threading.Event().wait()

def leaves_a_socket():
    global kept
    kept = socket.socket()

def drops_a_socket():
    kept = [socket.socket()]
    kept.append(kept)

def leaves_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def leaves_a_child():
    subprocess.Popen(["sleep", "30"])

def leaves_a_file():
    open("note", "w").close()

def leaves_a_setting():
    os.environ["LAMP"] = "1"

def leaves_a_handler():
    signal.signal(signal.SIGALRM, lambda *_: None)
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        zygote.load(one_cell(SOURCE))
        yield zygote


def call(zygote: Zygote, function: str, *arguments: object, limit_s: float = 20) -> Running:
    running = zygote.start(function, arguments, stays_as="gate-1", limit_s=limit_s)
    running.wait()
    return running


@pytest.mark.parametrize("function", ["f", "fails", "drops_a_socket"])
def test_a_process_that_leaves_nothing_behind_answers_the_next_call(zygote: Zygote, function: str) -> None:
    first, second = call(zygote, function), call(zygote, "f")
    assert first.pid == second.pid


@pytest.mark.parametrize(
    "function",
    ["exits", "leaves_a_socket", "leaves_a_thread", "leaves_a_child", "leaves_a_file", "leaves_a_setting", "leaves_a_handler"],
)  # fmt: skip
def test_after_a_call_that_leaves_something_behind_the_next_begins_in_a_fresh_fork(zygote: Zygote, function: str) -> None:
    first, second = call(zygote, function).pid, call(zygote, "f")
    assert first != second.pid
    assert second.wait().kind == "returned"


def test_every_call_begins_with_a_fresh_program_and_the_same_chance(zygote: Zygote) -> None:
    values = [call(zygote, "f", number).wait().value for number in range(3)]
    assert [count for count, _ in values] == [1, 1, 1]
    assert len({chance for _, chance in values}) == 1


def test_what_a_call_prints_is_its_own(zygote: Zygote) -> None:
    outputs = [call(zygote, "f", number).wait().output for number in (1, 2)]
    assert outputs == ["heard 1\n", "heard 2\n"]


def test_a_call_that_hangs_is_ended_and_the_next_one_answers(zygote: Zygote) -> None:
    assert call(zygote, "hangs", limit_s=0.5).wait().kind == "hung"
    assert call(zygote, "f").wait().kind == "returned"


def test_two_names_are_two_processes(zygote: Zygote) -> None:
    one, other = (zygote.start("f", [], stays_as=name) for name in ("gate-1", "gate-2"))
    assert one.pid != other.pid
    assert {running.wait().kind for running in (one, other)} == {"returned"}


def test_a_process_killed_while_it_waits_for_a_call_is_replaced(zygote: Zygote) -> None:
    waiting = call(zygote, "f")
    waiting.close()
    assert call(zygote, "f").wait().kind == "returned"
