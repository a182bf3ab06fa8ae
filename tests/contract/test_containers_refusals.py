"""What the containers world says where Docker is missing, down, too old or refuses: one sentence and the command that mends."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from autograder.backends.containers import Containers, refusals, take_down
from autograder.backends.containers.docker import examine
from autograder.backends.containers.progress import sentence_of
from autograder.backends.errors import BackendError
from autograder.backends.processes import wait_until

DOCKER = """\
#!{python}
import json, os, sys
words = " ".join(sys.argv[1:])
with open(os.environ["DOCKER_SAYS"]) as file:
    told = json.load(file)
with open(os.environ["DOCKER_SAYS"] + ".asked", "a") as file:
    file.write(words + chr(10))
for part, (code, out, err) in told:
    if part in words:
        print(out, end="")
        print(err, end="", file=sys.stderr)
        sys.exit(code)
"""

WELL = [["compose version", [0, "2.26.1\n", ""]], ["version --format", [0, "28.2.2\n", ""]], ["config --images", [0, "redis:8.2.1\n", ""]]]
NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
NOT_LET_IN = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get ..."


class FakeDocker:
    """A program called docker that says what it was told to say."""

    def __init__(self, folder: Path) -> None:
        self.says = folder / "says.json"

    def answers(self, *rules: list) -> None:
        self.says.write_text(json.dumps([*rules, *WELL]))

    def fails(self, part: str, said: str) -> None:
        self.answers([part, [1, "", said]])

    def asked(self) -> list[str]:
        return Path(f"{self.says}.asked").read_text().splitlines()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(python=sys.executable))
    program.chmod(0o755)
    fake = FakeDocker(tmp_path)
    fake.answers()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_SAYS", str(fake.says))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return fake


@pytest.fixture
def world(tmp_path: Path, docker: FakeDocker) -> Containers:
    return Containers(tmp_path / "state")


def refused(action) -> str:
    with pytest.raises(BackendError) as caught:
        action()
    sentence = str(caught.value)
    assert sentence.count("\n") == 0 and "`" in sentence, sentence
    return sentence


def test_docker_that_is_there_says_its_versions(docker):
    found = examine()
    assert (found.engine, found.compose) == ("28.2.2", "2.26.1")


def test_no_docker_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    sentence = refused(examine)
    assert sentence.startswith("Docker is not installed") and "--world embedded" in sentence


@pytest.mark.parametrize("said", ["docker: 'compose' is not a docker command.", "docker: unknown command: docker compose"])
def test_docker_without_compose(docker, said):
    docker.fails("compose version", said)
    assert "without Compose v2" in refused(examine)


@pytest.mark.parametrize("version", ["1.29.2", "v2.23.3"])
def test_a_compose_that_is_too_old(docker, version):
    docker.answers(["compose version", [0, f"{version}\n", ""]])
    assert f"Docker Compose {version.removeprefix('v')} is too old, 2.24 or newer" in refused(examine)


@pytest.mark.parametrize("version", ["2.24.0", "v2.40.1-desktop.1", "5.0.0"])
def test_a_compose_that_is_new_enough(docker, version):
    docker.answers(["compose version", [0, f"{version}\n", ""]])
    assert examine().compose == version.removeprefix("v")


def test_a_daemon_that_does_not_run(docker):
    docker.fails("version --format", NO_DAEMON)
    assert refused(examine).startswith("Docker is installed but does not run: start it with `")


def test_a_daemon_that_does_not_let_us_in(docker):
    docker.fails("version --format", NOT_LET_IN)
    assert "`sudo usermod -aG docker $USER`" in refused(examine)


def test_a_daemon_on_another_machine(docker, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert "`unset DOCKER_HOST`" in refused(examine)


def test_images_that_are_not_here_are_named_and_nothing_is_started(docker, world):
    docker.fails("image inspect", "Error: No such image: redis:8.2.1")
    sentence = refused(world.start)
    assert "redis:8.2.1" in sentence and "`docker compose pull`" in sentence
    assert [words for words in docker.asked() if " up " in words] == []


def test_a_download_that_was_cut_off_goes_on(docker, world):
    docker.fails(" pull ", "kafka Pulling\nerror pulling image configuration: unexpected EOF")
    assert "`docker compose pull` goes on" in refused(world.fetch)


@pytest.mark.parametrize(
    "said",
    [
        "Error response from daemon: driver failed programming external connectivity on endpoint x-redis-1: "
        "Bind for 127.0.0.1:6379 failed: port is already allocated",
        "Error response from daemon: Ports are not available: exposing port TCP 127.0.0.1:6379 -> 0.0.0.0:0: "
        "listen tcp 127.0.0.1:6379: bind: address already in use",
        "driver failed: Error starting userland proxy: listen tcp4 127.0.0.1:6379: bind: address already in use",
    ],
)
def test_a_port_that_stays_taken_after_others_were_tried(docker, world, said, monkeypatch):
    monkeypatch.setattr("autograder.backends.containers.world.free_port", lambda preferred: 6379)
    docker.fails(" up ", said)
    assert refused(world.start).startswith("Port 6379 is taken by another program")
    assert len([words for words in docker.asked() if " up " in words]) == 3


def test_a_taken_port_that_is_no_backends_is_said_at_once(docker, world):
    docker.fails(" up ", "Bind for 127.0.0.1:3 failed: port is already allocated")
    assert refused(world.start).startswith("Port 3 is taken")
    assert len([words for words in docker.asked() if " up " in words]) == 1


def test_observability_is_added_when_it_is_asked_for_and_always_ended(docker, world, monkeypatch):
    world.up()
    monkeypatch.setenv("FORTNIGHT_OBSERVABILITY", "1")
    world.up()
    monkeypatch.delenv("FORTNIGHT_OBSERVABILITY")
    world.stop()
    asked = [words for words in docker.asked() if " up " in words or " down " in words]
    assert ["--profile observability" in words for words in asked] == [False, True, True]


def test_a_container_that_does_not_get_well(docker, world):
    docker.fails(" up ", "container fortnight-1a2b-kafka-1 is unhealthy")
    sentence = refused(world.start)
    assert sentence.startswith("The container of kafka does not get well: `docker logs fortnight-1a2b-kafka-1`")


def test_a_machine_that_is_too_busy(docker, world):
    docker.fails(" up ", "Container x-kafka-1  Waiting\napplication not healthy after 3m0s")
    assert "did not get well in time" in refused(world.start)


def test_a_full_disk(docker, world):
    docker.fails(" up ", "failed to register layer: write /x: no space left on device")
    assert "`docker system prune`" in refused(world.start)


def test_words_that_nobody_knows_are_quoted(docker, world):
    docker.fails(" up ", "first line\nsomething quite new.\n")
    assert "Docker gave up: something quite new." in refused(world.start)


def test_what_was_begun_is_ended_when_the_start_fails(docker, world):
    docker.fails(" up ", "container x-redis-1 is unhealthy")
    refused(world.start)
    assert " down " in docker.asked()[-1]


def test_the_dead_are_started_again_by_the_next_look_when_this_one_fails(docker, world, monkeypatch):
    monkeypatch.setattr(Containers, "_let_us_in", lambda world: None)
    monkeypatch.setattr("autograder.backends.containers.world.prepare_shop", lambda address: None)
    world.start()
    docker.fails(" up ", "container x-redis-1 exited (0)")
    with pytest.raises(BackendError, match="container of redis"):
        wait_until(world.mend, 30)
    docker.answers()
    assert [sentence.split()[0] for sentence in world.mend()] == ["Postgres", "Redis", "Kafka"]
    world.stop()


def test_the_containers_of_another_clone_under_our_name_are_left_alone(docker, world):
    theirs = {"Config": {"Labels": {"fortnight.clone": "another"}}, "State": {"Running": True}}
    docker.answers(["ps --all", [0, "0a1b\n", ""]], ["inspect 0a1b", [0, json.dumps([theirs]), ""]])
    sentence = refused(world.up)
    assert f"docker compose --project-name {world.project.name} down" in sentence
    assert [words for words in docker.asked() if " up " in words] == []


def test_two_state_folders_have_two_projects(tmp_path, docker):
    names = {Containers(tmp_path / name).project.name for name in ("one", "other")}
    assert len(names) == 2
    assert all(re.fullmatch(r"fortnight-[0-9a-f]{10}", name) for name in names)


def test_what_the_shell_says_about_compose_does_not_reach_it(docker, world, monkeypatch):
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "somebody-elses")
    world.up()
    assert [words for words in docker.asked() if " up " in words and f"--project-name {world.project.name} " in words]
    assert "COMPOSE_PROJECT_NAME" not in world.project.environment()


def test_the_superusers_password_is_for_us_alone(tmp_path, world):
    assert world.project.values["FORTNIGHT_POSTGRES_PASSWORD"] not in repr(world.project)
    assert (tmp_path / "state" / "containers" / "password").stat().st_mode & 0o777 == 0o600


def test_ports_are_kept_from_one_start_to_the_next(tmp_path, docker, world):
    world.up()
    assert Containers(tmp_path / "state").ports == world.ports


def test_a_copied_state_folder_is_another_clone(tmp_path, docker, world):
    world.up()
    copy = tmp_path / "copy"
    (tmp_path / "state").rename(copy)
    assert Containers(copy).clone != world.clone and Containers(copy).ports == {}


def test_nothing_is_taken_down_where_nothing_was_started(tmp_path, docker):
    assert take_down(tmp_path / "state") is False


def test_what_a_killed_supervisor_left_is_taken_down_once(tmp_path, docker, world):
    world.up()
    assert take_down(tmp_path / "state") is True
    assert take_down(tmp_path / "state") is False


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (" Container fortnight-1a-kafka-1  Healthy", "Kafka is ready."),
        (" Container fortnight-1a-postgres-1  Starting", "Postgres starts ..."),
        (" redis Pulling ", "Redis is being fetched ..."),
        (" Network fortnight-1a_default  Created", None),
        (' Volume "fortnight-1a_kafka"  Created', None),
        (" 4f4fb700ef54 Pulling fs layer", None),
    ],
)
def test_composes_progress_in_our_words(line, sentence):
    assert sentence_of(line) == sentence


def test_every_refusal_names_a_command_or_a_place():
    made = [
        refusals.no_docker(),
        refusals.no_compose(),
        refusals.old_compose("1.0", (2, 24)),
        refusals.silent_docker(20),
        refusals.missing_images(["redis:8.2.1"]),
    ]
    assert [str(error) for error in made if "`" not in str(error)] == []
