"""`inspect` on a project of somebody's own, in a folder outside the course: swept, told, replayed, and kept as one page."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder import backends
from autograder.cli.app import app

SCHEMA = "create table parcel (id text primary key, item text not null);\ncreate table note (parcel text primary key);\n"
TWO_TRANSACTIONS = """import psycopg

from . import words


def place(at, command):
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        connection.execute("insert into parcel values (%s, %s) on conflict do nothing", (command["id"], command["item"]))
        connection.execute(words.NOTE, (command["id"],))
"""
ONE_TRANSACTION = TWO_TRANSACTIONS.replace(", autocommit=True", "")
WITH = """{"id": "p-1", "item": "large lamp"}"""


@pytest.fixture(scope="module", autouse=True)
def state() -> Iterator[None]:
    """Backends of this module's own."""
    folder = tempfile.mkdtemp(prefix="inspect-")  # short, because a socket's path must be
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORTNIGHT_STATE", folder)
        yield
        backends.stop()
    shutil.rmtree(folder)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a module beside it, and tables of its own; the current folder."""
    package = tmp_path / "post"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.py").write_text('NOTE = "insert into note values (%s) on conflict do nothing"\n')
    (package / "office.py").write_text(TWO_TRANSACTIONS)
    (tmp_path / "schema.sql").write_text(SCHEMA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fortnight(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), terminal_width=200)


def test_two_transactions_are_caught_half_way_and_the_run_can_be_played_again(project):
    ended = fortnight("inspect", "post.office:place", "--with", WITH)
    assert ended.exit_code == 1, ended.output
    assert "it was stopped half-way: note lacks" in ended.stdout
    assert "crash points" in ended.stdout and "every one; " in ended.stdout
    page = (project / "place.report.html").read_text("utf-8")
    assert "<svg" in page or "data:image/svg" in page
    assert 'src="http' not in page and "<link" not in page

    [command] = [line.split(maxsplit=1)[1] for line in ended.stdout.splitlines() if line.startswith("    replay ")]
    again = fortnight(*shlex.split(command)[1:])
    assert again.exit_code == 1
    told = " ".join(again.stdout.split())
    assert "this one run, played again; it breaks a rule." in told and "note lacks" in told


def test_one_transaction_with_a_key_passes_every_crash_point(project):
    (project / "post" / "office.py").write_text(ONE_TRANSACTION)
    ended = fortnight("inspect", "post.office:place", "--with", WITH)
    assert ended.exit_code == 0, ended.output
    assert "every one; all hold" in ended.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["post.offices:place"], "There is no module 'post.offices'"),
        (["post.office:send"], "office.py defines no function 'send'"),
        (["post.office:place", "--schema", "tables.sql"], "There is no schema file tables.sql"),
    ],
)
def test_what_is_not_there_is_one_sentence(project, words, sentence):
    ended = fortnight("inspect", *words)
    assert ended.exit_code == 2
    assert sentence in " ".join(ended.stderr.split()) and "Traceback" not in ended.output
    assert not list(project.glob("*.html"))
