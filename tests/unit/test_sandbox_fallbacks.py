"""Where a layer is missing the others stay, and the report says exactly which were on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from autograder.grading import confine, landlock, linux, seccomp
from autograder.grading.sandbox import LAYERS, Protection, Sandbox
from autograder.grading.subject import SubjectUnavailable, Zygote
from tests.unit.subject_support import one_cell, play

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="these layers of the sandbox exist on Linux only")
NAMESPACES = {"users", "processes", "memory", "scratch"}


def without(*layers: str) -> Zygote:
    return Zygote(preload=(), sandbox=Sandbox(off=frozenset(layers)))


@pytest.mark.parametrize("layer", LAYERS)
def test_without_one_layer_the_others_stay_and_the_report_says_so(layer: str) -> None:
    with without(layer) as zygote, without() as complete:
        assert zygote.protection.off[layer] == "switched off" or layer in complete.protection.off
        if not (layer == "users" and os.geteuid() != 0):
            # For root, processes can only be counted by the namespace.
            lost = {"processes", "number"} if layer == "processes" and os.geteuid() == 0 else {layer}
            assert set(zygote.protection.on) == set(complete.protection.on) - lost
        assert play(zygote, "def f(): return 1").value == 1


def test_without_any_layer_a_subject_still_has_a_process_of_its_own() -> None:
    with without(*LAYERS) as zygote:
        assert zygote.protection.on == ()
        result = play(zygote, "import os\ndef f(): return os.getpid()")
        assert result.value not in (os.getpid(), None)


@linux_only
def test_a_subject_that_can_kill_its_parent_costs_only_its_own_run() -> None:
    with without(*LAYERS) as zygote:
        result = play(zygote, "import os, time\ndef f():\n    os.kill(os.getppid(), 9)\n    time.sleep(60)", limit_s=5)
        assert (result.kind, result.error) == ("exited", "its process was lost")
        assert play(zygote, "def f(): return 'honest'").value == "honest"


@linux_only
@pytest.mark.parametrize("target", ["-1", "os.getppid()", "-os.getppid()"])
def test_where_signals_cannot_be_scoped_the_filter_keeps_them_from_the_judge(target: str) -> None:
    with without("processes", "signals") as zygote:
        if "calls" not in zygote.protection.on:
            pytest.skip("this processor has no table of system calls")
        assert play(zygote, f"import os\ndef f(): os.kill({target}, 0)").error.startswith("PermissionError")


@linux_only
def test_where_signals_are_scoped_no_namespace_is_needed_for_that() -> None:
    with without("processes", "calls") as zygote:
        if "signals" not in zygote.protection.on:
            pytest.skip("this kernel's Landlock cannot scope signals")
        assert play(zygote, "import os\ndef f(): os.kill(os.getppid(), 0)").error.startswith("PermissionError")


@linux_only
def test_without_namespaces_a_program_may_still_end_its_own_subprocess() -> None:
    with without(*NAMESPACES, "signals") as zygote:
        source = """
            import subprocess, sys
            def f():
                child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
                child.kill()
                return child.wait()
        """
        assert play(zygote, source).value == -9


def test_the_sentence_names_what_is_on_and_what_is_missing() -> None:
    sentence, lines = Protection(on=("limits",), off={"files": "needs Linux"}).describe()
    assert sentence == "Your program ran in a process of its own with resource limits; not available here: file rules."
    assert lines[1] == "file rules: off (needs Linux)"
    assert "without further protection" in Protection().describe()[0]


def test_a_sandbox_describes_what_this_system_gives_it() -> None:
    sentence, lines = Sandbox(off=frozenset({"memory"})).describe()
    assert "IPC namespace" in sentence.partition("not available here: ")[2]
    assert len(lines) == len(LAYERS)


def test_a_layer_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such layers of the sandbox: moat"):
        Sandbox(off=frozenset({"moat"}))


def test_an_old_kernel_is_named_in_the_report(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 3)
    confinement = confine.Confinement(settings=Sandbox(), clone=confine.Path(tmp_path), scoped=True)
    confinement.prepare()
    if sys.platform == "linux":
        assert "files" not in confinement.off
        assert confinement.off["ports"] == "this kernel's Landlock is version 3, this needs 4"
        assert confinement.off["signals"] == "this kernel's Landlock is version 3, this needs 6"


def test_a_processor_without_a_table_has_no_filter() -> None:
    assert seccomp.is_supported("x86_64") and seccomp.is_supported("aarch64")
    assert not seccomp.is_supported("riscv64")


def test_an_old_kernel_does_not_count_for_root_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There pid_max would be the whole system's, so it is not written."""
    monkeypatch.setattr(linux, "kernel", lambda: (6, 8))
    root = confine.Confinement(settings=Sandbox(), clone=tmp_path, scoped=True, own_users=True, root=True)
    root.prepare()
    assert "number" not in root.steps(str(tmp_path), [])
    assert root.off["number"].startswith("for root this needs" if sys.platform == "linux" else "only on Linux")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_and_ends_by_allowing(machine: str) -> None:
    code = seccomp.program(machine, never_signal=(7,))
    assert len(code) % 8 == 0 and len(code) // 8 < 4096
    assert code[-8:] == b"\x06\x00\x00\x00\x00\x00\xff\x7f"


def test_a_clone_inside_a_system_folder_stays_unreadable_but_for_the_shop(tmp_path: os.PathLike[str]) -> None:
    clone = confine.Path(tmp_path) / "usr" / "src" / "clone"
    beside = confine.Path(tmp_path) / "usr" / "lib"
    for folder in (clone / "solutions", beside):
        folder.mkdir(parents=True)
    assert confine._all_but(str(confine.Path(tmp_path) / "usr"), str(clone)) == [str(beside)]


def test_a_zygote_that_cannot_start_is_our_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SubjectUnavailable, match="has ended: it said nothing"):
        Zygote(preload=())


def test_a_layer_that_fails_in_a_run_is_a_grader_error_and_runs_nothing() -> None:
    with without() as zygote:
        if "ports" not in zygote.protection.on:
            pytest.skip("this kernel's Landlock has no ports")
        zygote.load(one_cell("def f(): return 1"))
        result = zygote.start("f", [], ports=[70_000]).wait()
    assert result.kind == "grader error"
    assert result.error.startswith("the sandbox could not be put on: landlock")
