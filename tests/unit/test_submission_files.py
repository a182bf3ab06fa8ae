"""Whatever lies where the notebook should be, the judge answers with cells or with one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.grading import notebook_file
from autograder.grading.submission import Rejected, read_program


def refused(path: Path) -> str:
    """The sentence of the refusal."""
    with pytest.raises(Rejected) as caught:
        read_program(path, lab="lab06_outbox", tasks=["relay"])
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and path.name in sentence
    return sentence


def written(path: Path, content: Any) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lab06_outbox.ipynb"


def solution(source: Any, grade_id: str = "relay") -> dict[str, Any]:
    marks = {"grade_id": grade_id, "solution": True, "grade": False, "locked": False}
    return {"cell_type": "code", "id": grade_id, "metadata": {"nbgrader": marks}, "source": source}


def notebook(*cells: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}


def test_a_missing_file(path: Path) -> None:
    assert refused(path).startswith("There is no lab06_outbox.ipynb")


def test_a_folder(path: Path) -> None:
    path.mkdir()
    assert "is not a plain file" in refused(path)


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    assert "is not a plain file" in refused(path)


def test_a_link_to_somebody_elses_notebook(path: Path) -> None:
    target = written(path.with_name("classmate.ipynb"), notebook(solution("def relay(at): return 0")))
    path.symlink_to(target)
    assert "is a link" in refused(path)


def test_a_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")
    assert "is a link" in refused(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(path: Path) -> None:
    written(path, b"{}").chmod(0)
    assert "check its permissions" in refused(path)


@pytest.mark.parametrize("extra", [0, 1], ids=["at the limit", "above it"])
def test_a_large_file(path: Path, monkeypatch: pytest.MonkeyPatch, extra: int) -> None:
    monkeypatch.setattr(notebook_file, "FILE_MB_MAX", 1)
    text = json.dumps(notebook(solution("def relay(at): return 0"))).encode()
    written(path, text + b" " * ((1 << 20) - len(text) + extra))
    if extra:
        assert "is larger than 1 MB" in refused(path)
    else:
        assert read_program(path, lab="lab06_outbox", tasks=["relay"]).cells


def test_a_file_of_64_mb_without_content_is_refused_without_reading_it(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "is larger than 64 MB" in refused(path)


BAD_BYTES = {
    "nothing": (b"", "is not a complete notebook"),
    "not UTF-8": ('{"caf\xe9": 1}'.encode("latin-1"), "is not UTF-8 text (byte 5)"),
    "UTF-16": ("{}".encode("utf-16"), "is not UTF-8 text"),
    "cut off": (json.dumps(notebook(solution("x = 1"))).encode()[:-20], "is not a complete notebook"),
    "Python instead of JSON": (b"def relay(at): return 0", "is not a complete notebook"),
    "deep lists": (b"[" * 100_000, "is nested too deeply"),
    "deep objects": (b'{"a":' * 100_000, "is nested too deeply"),
    "a list": (b"[]", "is JSON but not a notebook"),
    "a number of a million digits": (b"9" * 1_000_000, "is not a complete notebook"),
    "a million empty lists": (b"[" + b"[]," * 1_000_001 + b"[]]", "holds more than a million values"),
    "format 3": ({"nbformat": 3, "worksheets": []}, "has notebook format 3"),
    "format 5": ({"nbformat": 5, "cells": []}, "has notebook format 5"),
    "no format": ({"cells": []}, "has notebook format None"),
    "no cells": (notebook(), "has no cells"),
    "cells that are an object": ({"nbformat": 4, "cells": {"a": 1}}, "has no cells"),
    "a cell that is a string": (notebook("cell"), "Cell 1 of lab06_outbox.ipynb is not a cell"),
    "a source that is a number": (notebook(solution(7)), "Cell 1 of lab06_outbox.ipynb has no readable text"),
    "a source with a hole": (notebook(solution(["a", None])), "Cell 1 of lab06_outbox.ipynb has no readable text"),
    "an endless cell": (notebook(solution("#" * 200_001)), "is longer than 200,000 characters"),
    "no graded cells": (
        notebook({"cell_type": "code", "metadata": {}, "source": "x = 1"}),
        "has no graded cells; take a fresh copy of lab06_outbox",
    ),
    "odd metadata": (
        notebook({"cell_type": "code", "metadata": {"nbgrader": [], "tags": 3}, "source": ""}),
        "has no graded cells",
    ),
    "another lab": (
        notebook(solution("x = 1", "elect"), solution("y = 1", "append")),
        "holds another lab's tasks (append, elect); hand in the notebook of lab06_outbox",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_BYTES.values(), ids=BAD_BYTES.keys())
def test_a_file_that_is_not_this_labs_notebook(path: Path, content: Any, sentence: str) -> None:
    assert sentence in refused(written(path, content))


def test_a_byte_order_mark_is_fine(path: Path) -> None:
    written(path, b"\xef\xbb\xbf" + json.dumps(notebook(solution("def relay(at): return 0"))).encode())
    assert read_program(path, lab="lab06_outbox", tasks=["relay"]).lost == {}


def test_the_receipts_fingerprint_is_that_of_the_files_bytes(path: Path) -> None:
    import hashlib

    written(path, notebook(solution("def relay(at): return 0")))
    program = read_program(path, lab="lab06_outbox", tasks=["relay"])
    assert program.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
