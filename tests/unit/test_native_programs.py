"""What the native world needs and does not find: one sentence each, with the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.backends.binaries import program_version
from autograder.backends.errors import BackendError
from autograder.backends.native import jars, java, native_postgres, native_redis, programs
from autograder.backends.native.format import new_name


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but one folder on its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("FORTNIGHT_PG_BIN", "FORTNIGHT_REDIS_BIN", "JAVA_HOME", "KAFKA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("autograder.backends.binaries.SYSTEM_POSTGRES", ())
    monkeypatch.setattr(programs, "REDIS_FOLDERS", ())
    program_version.cache_clear()
    java._major.cache_clear()
    return folder


def put(folder: Path, name: str, script: str, mode: int = 0o755) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(mode)
    return program


def refusal_of(ask) -> str:
    with pytest.raises(BackendError) as refused:
        ask()
    return str(refused.value)


def test_no_postgres_is_answered_with_the_package_that_brings_one():
    said = refusal_of(native_postgres)
    assert said.startswith("No Postgres server was found on this machine: mend it with `")
    assert "install postgresql" in said and "FORTNIGHT_PG_BIN" in said


def test_the_newest_postgres_that_will_do_is_taken(bare: Path):
    put(bare, "postgres", "echo 'postgres (PostgreSQL) 16.2'")
    put(bare, "initdb", "true")
    found = native_postgres()
    assert (found.folder, found.version, found.major) == (bare, (16, 2), 16)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'postgres (PostgreSQL) 14.9'", "is Postgres 14, and the course needs 15 or newer: mend it"),
        ("exit 1", "does not run on this machine: mend it"),
        ("echo 'postgres (PostgreSQL) 16.2'", "has no initdb beside it: mend it"),
    ],
)
def test_a_postgres_that_will_not_do_is_named_with_the_reason(bare: Path, script: str, said: str):
    program = put(bare, "postgres", script)
    assert refusal_of(native_postgres).startswith(f"{program} {said}")


def test_a_redis_without_the_right_to_execute_is_named(bare: Path):
    program = put(bare, "redis-server", "true", mode=0o600)
    assert refusal_of(native_redis).startswith(f"{program} is not yours to execute: mend it")


def test_an_old_redis_is_passed_over_for_a_valkey_that_will_do(bare: Path):
    put(bare, "redis-server", "echo 'Redis server v=6.0.16 sha=0'")
    assert "is Redis 6, and the course needs 7 or newer" in refusal_of(native_redis)
    valkey = put(bare, "valkey-server", "echo 'Valkey server v=8.1.1 sha=0'")
    assert (native_redis().path, native_redis().version) == (valkey, "8.1.1")


def test_no_java_an_old_java_and_a_broken_one(bare: Path):
    assert refusal_of(java.find_java).startswith("Apache Kafka needs Java 17 or newer, and there is none: `")
    program = put(bare, "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    assert f"{program} is Java 11: `" in refusal_of(java.find_java)
    put(bare, "java", "exit 1")
    java._major.cache_clear()
    assert f"{program} does not run: mend it with `" in refusal_of(java.find_java)


def test_java_home_comes_first_and_is_named_when_it_is_wrong(bare: Path, monkeypatch: pytest.MonkeyPatch):
    put(bare, "java", "echo 'openjdk version \"21.0.1\"' >&2")
    assert java.find_java() == bare / "java"
    monkeypatch.setenv("JAVA_HOME", str(bare / "nowhere"))
    assert "(named by JAVA_HOME) does not run" in refusal_of(java.find_java)


def a_kafka(home: Path, version: str) -> Path:
    (home / "libs").mkdir(parents=True)
    (home / "libs" / f"kafka_2.13-{version}.jar").touch()
    return home


def test_kafka_home_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAFKA_HOME", str(a_kafka(tmp_path / "kafka", "4.2.0")))
    assert jars.find_kafka() == tmp_path / "kafka"
    assert jars.version_of(jars.find_kafka()) == "4.2.0"


@pytest.mark.parametrize(("version", "said"), [(None, "has no kafka_2.13-*.jar"), ("3.9.1", "needs 4 or newer")])
def test_a_kafka_home_that_will_not_do_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version, said: str):
    home = tmp_path / "kafka" if version is None else a_kafka(tmp_path / "kafka", version)
    monkeypatch.setenv("KAFKA_HOME", str(home))
    assert said in refusal_of(jars.find_kafka) and "KAFKA_HOME names" in refusal_of(jars.find_kafka)


def test_without_maven_the_two_ways_to_a_kafka_are_named():
    said = refusal_of(jars.find_kafka)
    assert "there is no mvn here: `" in said and "KAFKA_HOME" in said


FETCH = """
for word in "$@"; do case "$word" in -DoutputDirectory=*) folder="${word#*=}";; esac; done
/bin/mkdir -p "$folder" && : > "$folder/kafka_2.13-4.1.1.jar"
"""


def test_jars_are_fetched_once_and_the_download_is_announced(bare: Path):
    put(bare, "mvn", FETCH)
    said: list[str] = []
    home = jars.find_kafka(said.append)
    assert said == [f"Fetching Apache Kafka {jars.pinned_version()} from Maven Central, {jars.DOWNLOAD_MB} MB, once ..."]
    (bare / "mvn").unlink()
    assert jars.find_kafka(said.append) == home == jars.fetched_home()
    assert len(said) == 1


def test_a_download_that_fails_leaves_nothing_and_says_why(bare: Path):
    put(bare, "mvn", "echo '[ERROR] Could not transfer artifact: Connection refused.'; exit 1")
    said = refusal_of(jars.find_kafka)
    assert "could not be fetched (Could not transfer artifact: Connection refused)" in said
    assert list(jars.fetched_home().parent.iterdir()) == []


def test_a_download_that_brings_no_kafka_is_no_success(bare: Path):
    put(bare, "mvn", "exit 0")
    assert "it did not say why" in refusal_of(jars.find_kafka)


def test_the_pinned_kafka_is_one_that_the_course_accepts():
    assert int(jars.pinned_version().split(".")[0]) >= jars.KAFKA_MAJOR_MIN


def test_names_are_as_kafka_wants_them():
    names = {new_name() for _ in range(200)}
    assert len(names) == 200
    assert all(len(name) == 22 and not name.startswith("-") for name in names)
