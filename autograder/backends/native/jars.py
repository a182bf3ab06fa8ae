"""Apache Kafka's jars: of an unpacked distribution that ``KAFKA_HOME`` names, or fetched once from Maven Central.

What is fetched is what ``pom.xml`` names. It lies in the state folder, laid out as a distribution is (``libs/*.jar``),
so that other clones and tests can use it through ``KAFKA_HOME``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from autograder.backends.errors import BackendError
from autograder.backends.state import make_folder, state_folder

__all__ = ["DOWNLOAD_MB", "KAFKA_MAJOR_MIN", "fetched_home", "find_kafka", "kafka_home", "pinned_version", "version_of"]

POM = Path(__file__).with_name("pom.xml")
KAFKA_MAJOR_MIN = 4
DOWNLOAD_MB = 43
MEND = "brew install maven" if sys.platform == "darwin" else "sudo apt-get install maven"


def pinned_version() -> str:
    """The version of Kafka that ``pom.xml`` names."""
    space = "{http://maven.apache.org/POM/4.0.0}"
    found = ElementTree.parse(POM).find(f"{space}dependencies/{space}dependency/{space}version")
    return (found.text or "") if found is not None else ""


def fetched_home(state: Path | None = None) -> Path:
    """Where the fetched jars lie, or will."""
    return (state or state_folder()) / "native" / f"kafka-{pinned_version()}"


def find_kafka(say: Callable[[str], None] | None = None) -> Path:
    """The folder whose ``libs`` has Kafka's jars, fetched when nobody has yet; raises BackendError.

    ``say`` hears of the download before it begins.
    """
    home = kafka_home()
    if not (home / "libs").is_dir():
        _fetch(home, say)
    return home


def kafka_home() -> Path:
    """The same folder, without fetching anything: the one that ``KAFKA_HOME`` names, else where fetched jars lie."""
    named = os.environ.get("KAFKA_HOME")
    return _checked(Path(named)) if named else fetched_home()


def version_of(home: Path) -> str:
    """The version that the jars of a folder are; empty when there are none."""
    found = (re.fullmatch(r"kafka_2\.\d+-(\d.*)\.jar", path.name) for path in home.glob("libs/kafka_2.*.jar"))
    return next((match[1] for match in found if match), "")


def _checked(home: Path) -> Path:
    version = version_of(home)
    if not version:
        raise BackendError(
            f"KAFKA_HOME names {home}, but its libs folder has no kafka_2.13-*.jar: "
            "correct it, or unset it and the jars are fetched from Maven Central."
        )
    if int(version.split(".")[0]) < KAFKA_MAJOR_MIN:
        raise BackendError(
            f"KAFKA_HOME names a Kafka {version}; the course needs {KAFKA_MAJOR_MIN} or newer: correct or unset it."
        )
    return home


def _fetch(home: Path, say: Callable[[str], None] | None) -> None:
    """Let Maven copy the jars beside the final place, so that a broken download leaves nothing that looks whole."""
    maven = shutil.which("mvn")
    if maven is None:
        raise BackendError(
            f"Apache Kafka comes from Maven Central, and there is no mvn here: `{MEND}`; "
            "or unpack a Kafka 4 distribution and name its folder in KAFKA_HOME."
        )
    if say:
        say(f"Fetching Apache Kafka {pinned_version()} from Maven Central, {DOWNLOAD_MB} MB, once ...")
    draft = make_folder(home.parent) / f"{home.name}.{os.getpid()}"
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={draft / 'libs'}", "-DincludeScope=runtime"]
    try:
        ran = subprocess.run(
            [maven, "-B", "-q", "-f", str(POM), *goal],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0 or not version_of(draft):
            raise _refusal(ran.stdout + ran.stderr)
        if not home.exists():
            draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refusal(said: str) -> BackendError:
    """Maven's reason, in one line."""
    if "No space left" in said:
        return BackendError(f"The disk is full: Apache Kafka's jars need {DOWNLOAD_MB} MB. Free some space.")
    lines = [line.partition("[ERROR]")[2].strip() for line in said.splitlines() if "[ERROR]" in line]
    reason = next(filter(None, lines), "it did not say why").rstrip(".")[:200]
    return BackendError(
        f"Apache Kafka's jars could not be fetched ({reason}): check that this machine reaches Maven Central and try "
        "again, or name an unpacked Kafka 4 distribution in KAFKA_HOME."
    )
