"""What hostile learner code tries, and what it gets: an error of its own or the end of its own run."""

from __future__ import annotations

import os
import resource
import socket
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.sandbox import Sandbox
from autograder.grading.subject import Result, Zygote
from tests.unit.subject_support import play

CLONE = Path(__file__).resolve().parents[2]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="these layers of the sandbox exist on Linux only")


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote(preload=("shop",)) as zygote:
        yield zygote


@pytest.fixture(autouse=True)
def an_honest_run_still_works(zygote: Zygote) -> Iterator[None]:
    """After every attack the same zygote serves the next run."""
    alive_before = zygote._link
    yield
    assert play(zygote, "def f(): return 'honest'").value == "honest"
    assert zygote._link is alive_before, "the attack ended the zygote"


def needs(zygote: Zygote, layer: str) -> None:
    """Skip where this system has no such layer; the report then says so, which is tested elsewhere."""
    if layer not in zygote.protection.on:
        pytest.skip(f"this system has no layer {layer}: {zygote.protection.off.get(layer)}")


FILES = {
    "the account's list": "open('/etc/passwd').read()",
    "a key in the home folder": f"__import__('os').listdir({str(Path.home())!r})",
    "the solutions": f"__import__('os').listdir({str(CLONE / 'solutions')!r})",
    "the judge's own code": f"open({str(CLONE / 'autograder' / 'history.py')!r}).read()",
    "the state folder": f"__import__('os').listdir({str(CLONE)!r})",
    "a link out of its folder": "[__import__('os').symlink('/etc/passwd', 'x'), open('x').read()]",
    "writing into the shop": f"open({str(CLONE / 'shop' / 'events.py')!r}, 'a')",
    "writing to the common temporary folder": f"open({os.path.join(tempfile.gettempdir(), 'fortnight-attack')!r}, 'w')",
    "writing beside its folder": "open('../fortnight-attack', 'w')",
    "the judge's environment": f"open('/proc/{os.getpid()}/environ').read()",
    "the zygote's memory": "open('/proc/self/mem', 'rb')",
}


@linux_only
@pytest.mark.parametrize("attempt", FILES.values(), ids=FILES.keys())
def test_files_that_are_not_its_business_are_refused(zygote: Zygote, attempt: str) -> None:
    needs(zygote, "files")
    result = play(zygote, f"def f(): return {attempt}")
    assert (result.kind, result.error.partition(":")[0]) == ("raised", "PermissionError"), result


SOCKETS = {
    "another port": "s.create_connection(('127.0.0.1', port), timeout=2)",
    "another port over IPv6": "s.create_connection(('::1', port), timeout=2)",
    "another port by Fast Open": "s.socket().sendto(b'x', 0x20000000, ('127.0.0.1', port))",
    "a port of its own": "s.socket().bind(('127.0.0.1', 0))",
    "listening without a port": "s.socket().listen()",
    "UDP": "s.socket(s.AF_INET, s.SOCK_DGRAM)",
    "raw packets": "s.socket(s.AF_INET, s.SOCK_RAW, 1)",
    "multipath TCP": "s.socket(s.AF_INET, s.SOCK_STREAM, 262)",
    "a Unix socket": "s.socket(s.AF_UNIX)",
    "netlink": "s.socket(s.AF_NETLINK, s.SOCK_RAW)",
}


@linux_only
@pytest.mark.parametrize("attempt", SOCKETS.values(), ids=SOCKETS.keys())
def test_connections_that_are_not_its_doors_are_refused(zygote: Zygote, attempt: str) -> None:
    needs(zygote, "ports")
    needs(zygote, "calls")
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = play(zygote, f"import socket as s\ndef f(port): {attempt}", server.getsockname()[1], ports=(1,))
    assert (result.kind, result.error.partition(":")[0]) == ("raised", "PermissionError"), result


CALLS = {"ptrace": 101, "mount": 165, "bpf": 321, "keyctl": 250, "unshare": 272, "setns": 308, "io_uring_setup": 425}


@linux_only
@pytest.mark.parametrize("number", CALLS.values(), ids=CALLS.keys())
def test_system_calls_that_no_program_needs_are_refused(zygote: Zygote, number: int) -> None:
    needs(zygote, "calls")
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")
    source = f"""
        import ctypes
        def f():
            libc = ctypes.CDLL(None, use_errno=True)
            return [libc.syscall({number}, 0x10000000, 0, 0, 0, 0), ctypes.get_errno()]
    """
    assert play(zygote, source).value == [-1, 1]


@linux_only
def test_new_namespaces_by_clone_are_refused(zygote: Zygote) -> None:
    needs(zygote, "calls")
    source = "import ctypes\ndef f(): return ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0)"
    if os.uname().machine == "x86_64":
        assert play(zygote, source).value == -1


SIGNALS = {"the judge": os.getpid(), "the judge's parent": os.getppid(), "the first process of the system": 1}


@linux_only
@pytest.mark.parametrize("target", SIGNALS.values(), ids=SIGNALS.keys())
def test_no_signal_reaches_a_process_outside(zygote: Zygote, target: int) -> None:
    needs(zygote, "processes")
    result = play(zygote, "import os\ndef f(pid):\n    os.kill(pid, 0)\n    return os.getpid()", target)
    assert result.error.startswith(("ProcessLookupError", "PermissionError")) or result.value == target == 1


@linux_only
def test_it_cannot_name_its_parent(zygote: Zygote) -> None:
    needs(zygote, "processes")
    assert play(zygote, "import os\ndef f(): return [os.getpid(), os.getppid()]").value == [1, 0]


def test_a_file_larger_than_the_limit_is_refused(zygote: Zygote) -> None:
    result = play(zygote, "def f():\n    with open('big', 'wb') as file: file.write(bytes(20 << 20))")
    assert result.error.startswith("OSError: [Errno 27]")


@linux_only
def test_many_files_cannot_fill_the_disk(zygote: Zygote) -> None:
    needs(zygote, "scratch")
    source = "def f():\n    for n in range(8):\n        with open(str(n), 'wb') as file: file.write(bytes(15 << 20))"
    assert play(zygote, source).error.startswith("OSError: [Errno 28]")


@linux_only
def test_memory_beyond_the_limit_is_refused(zygote: Zygote) -> None:
    assert play(zygote, "def f(): return len(bytearray(2 << 30))").error == "MemoryError"


ENDS = {
    "os._exit": ("import os\ndef f(): os._exit(0)", "exited", "status 0"),
    "SystemExit": ("def f(): raise SystemExit(3)", "exited", "SystemExit: 3"),
    "a segmentation fault": ("import ctypes\ndef f(): ctypes.string_at(0)", "exited", "SIGSEGV"),
    "another program in its place": ("import os\ndef f(): os.execv('/bin/true', ['true'])", "exited", "status 0"),
    "abort": ("import os\ndef f(): os.abort()", "exited", "ended by"),
    "closing everything": ("import os\ndef f(): os.closerange(0, 300)", "exited", "status 0"),
    "an exception that lies": (
        "class E(BaseException):\n    def __str__(self): raise self\ndef f(): raise E",
        "raised",
        "cannot be read",
    ),
    "an endless answer": ("def f(): return 'x' * (4 << 20)", "garbled", "larger than 1 MB"),
    "a deep answer": ("def f():\n    x = []\n    for _ in range(900): x = [x]\n    return x", "returned", ""),
    "a forged answer that is not JSON": ("import os\ndef f(): os.write(3, b'garbage\\n')", "garbled", "not one line"),
    "a forged verdict": (
        'import os\ndef f(): os.write(3, b\'{"kind": "killed"}\\n\'); os._exit(0)',
        "garbled",
        "not one that a function can give",
    ),
    "a forged shop object": (
        'import os\ndef f(): os.write(3, b\'{"kind": "returned", "value": {"$": "os.system"}}\\n\'); os._exit(0)',
        "garbled",
        "not one line",
    ),
    "a deeply nested forgery": ("import os\ndef f(): os.write(3, b'[' * 60000); os._exit(0)", "garbled", "not one"),
    "a number without end": ("import os\ndef f(): os.write(3, b'9' * 60000); os._exit(0)", "garbled", "not one line"),
}


@pytest.mark.parametrize(("source", "kind", "error"), ENDS.values(), ids=ENDS.keys())
def test_whatever_a_subject_does_is_a_result(zygote: Zygote, source: str, kind: str, error: str) -> None:
    result = play(zygote, source)
    assert result.kind == kind
    assert error in result.error


def test_writing_to_every_descriptor_changes_nothing_but_the_answer(zygote: Zygote) -> None:
    source = """
        import os
        def f():
            taken = []
            for fd in range(256):
                try:
                    os.write(fd, b"x")
                    taken.append(fd)
                except OSError:
                    pass
            os._exit(0)
    """
    result = play(zygote, source)
    assert (result.kind, result.output) == ("garbled", "xx")


def test_a_flood_costs_the_learner_one_run_and_the_judge_no_memory(zygote: Zygote) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = play(zygote, "def f():\n    for _ in range(300): print('x' * (1 << 20))")
    grown_kb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // (1 if sys.platform == "linux" else 1024)
    assert (result.kind, result.error) == ("flooded", "it printed more than 1 MB")
    assert len(result.output) < 20_000
    assert grown_kb < 10_000


def test_a_flood_of_answers_is_ended_too(zygote: Zygote) -> None:
    result = play(zygote, "import os\ndef f():\n    while True: os.write(3, bytes(1 << 16))")
    assert result.kind == "garbled"


def left_over(mark: str) -> list[int]:
    """The processes whose command line holds this mark."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


_LEAVES_BEHIND = """
    import os, subprocess, sys
    def f(mark):
        child = subprocess.Popen(
            [sys.executable, "-c", "import os, sys; os.fork(); os.setsid() if os.getpgrp() != os.getpid() else 0;"
             "sys.stdout.write('x'); sys.stdout.flush(); import time; time.sleep(600)", mark],
            start_new_session=True, stdout=subprocess.PIPE)
        child.stdout.read(2)
        return child.pid
"""


@linux_only
@pytest.mark.parametrize("off", [set(), {"processes"}], ids=["with a process namespace", "without"])
def test_what_a_subject_leaves_behind_is_gone_when_its_result_is_there(off: set[str]) -> None:
    mark = f"left-behind-by-{os.getpid()}"
    with Zygote(preload=(), sandbox=Sandbox(off=frozenset(off))) as fresh:
        result = play(fresh, _LEAVES_BEHIND, mark)
        assert (result.kind, left_over(mark)) == ("returned", [])


@linux_only
def test_forks_without_end_are_stopped_and_gone(zygote: Zygote) -> None:
    source = """
        import os
        def f(most):
            for n in range(most):
                try:
                    if os.fork() == 0:
                        os.setsid()
                        while True: os.read(pipe, 1)
                except OSError as error:
                    return f"{n} then {error.strerror}"
            return f"all {most}"
        pipe, _ = os.pipe()
    """
    needs(zygote, "number")
    result = play(zygote, source, 300)
    made, _, why = result.value.partition(" then ")
    assert (result.kind, why) == ("returned", "Resource temporarily unavailable")
    assert int(made) <= Sandbox().processes


@linux_only
def test_processes_one_after_another_are_not_counted_together(zygote: Zygote) -> None:
    source = "import os\ndef f():\n    for n in range(300): os.waitpid(os.fork() or os._exit(0), 0)\n    return n + 1"
    assert play(zygote, source).value == 300


TOUCHES = {
    "its mode": "os.chmod(path, 0o777)",
    "its mode through a descriptor": "os.fchmod(os.open(path, os.O_RDONLY), 0o777)",
    "its owner": "os.chown(path, 12345, 12345)",
    "its times": "os.utime(path, (1, 1))",
    "an attribute": "os.setxattr(path, 'user.fortnight', b'1')",
}


@linux_only
@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES.keys())
def test_files_outside_keep_modes_owners_times_and_attributes(zygote: Zygote, tmp_path: Path, touch: str) -> None:
    needs(zygote, "calls")
    victim = Path(sys.prefix) / "pyvenv.cfg" if "fchmod" in touch else tmp_path / "victim"
    victim.touch() if victim.parent == tmp_path else None
    before = victim.stat()
    play(zygote, f"import os\ndef f(path): {touch}", str(victim))
    after = victim.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime) == (before.st_mode, before.st_uid, before.st_mtime)
    assert os.listxattr(victim) == []


@linux_only
def test_ordinary_copies_and_temporary_files_work_in_the_scratch_folder(zygote: Zygote) -> None:
    source = """
        import os, shutil, tempfile
        def f():
            with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w", dir=folder) as file:
                file.write("lamp")
                file.flush()
                for number, copy in enumerate((shutil.copy, shutil.copy2, shutil.copyfile)):
                    copy(file.name, os.path.join(folder, str(number)))
                shutil.copytree(folder, "tree")
                return sorted(open(os.path.join("tree", name)).read() for name in os.listdir("tree"))
    """
    assert play(zygote, source).value == ["lamp"] * 4


def test_a_child_that_returns_as_well_does_not_answer(zygote: Zygote) -> None:
    source = """
        import os
        def f():
            child = os.fork()
            if child: os.waitpid(child, 0)
            return bool(child)
    """
    result = play(zygote, source)
    assert (result.kind, result.value) == ("returned", True)


def test_lying_is_about_the_returned_value_only(zygote: Zygote) -> None:
    source = """
        import os
        def f():
            os.write(3, b'{"kind": "returned", "value": 99, "output": "mine", "status": "passed"}\\n')
            os._exit(0)
    """
    assert play(zygote, source) == Result(kind="returned", value=99)


def test_patching_the_judges_words_inside_the_subject_stays_inside(zygote: Zygote) -> None:
    source = textwrap.dedent("""
        import json, os, sys
        json.dumps = lambda *a, **k: "patched"
        sys.modules["autograder.grading.protocol"].line = lambda m: b"patched"
        def f(): return 1
    """)
    assert play(zygote, source).kind in ("garbled", "returned")
