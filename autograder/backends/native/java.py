"""The Java that Kafka runs on: of ``JAVA_HOME``, or on the PATH."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.backends.errors import BackendError
from autograder.backends.native.jars import find_kafka

__all__ = ["JAVA_MAJOR_MIN", "find_java", "java_version", "java_words"]

JAVA_MAJOR_MIN = 17
"""Kafka 4 needs it (kafka.apache.org/41/operations/java-version)."""

MEND = "brew install openjdk@17" if sys.platform == "darwin" else "sudo apt-get install openjdk-17-jre-headless"

SMALL = ("-Xmx384m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A small heap and no second compiler: half the start time, and enough for what one machine's labs send."""

QUIET = ("defaultLogLevel=warn", "log.kafka.server.KafkaRaftServer=info")


def java_words(program: str, *words: str) -> list[str]:
    """The command that runs one of Kafka's programs."""
    quiet = [f"-Dorg.slf4j.simpleLogger.{setting}" for setting in QUIET]
    return [str(find_java()), *SMALL, *quiet, "-cp", str(find_kafka() / "libs" / "*"), program, *words]


def find_java() -> Path:
    """The program ``java``; raises BackendError with the command that mends it when there is none that will do."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if found is None:
        raise BackendError(f"Apache Kafka needs Java {JAVA_MAJOR_MIN} or newer, and there is none: `{MEND}`.")
    major = _major(found)
    named = f"{found} (named by JAVA_HOME)" if home else found
    if major is None:
        raise BackendError(f"Apache Kafka needs Java, and {named} does not run: mend it with `{MEND}`.")
    if major < JAVA_MAJOR_MIN:
        raise BackendError(
            f"Apache Kafka needs Java {JAVA_MAJOR_MIN} or newer, and {named} is Java {major}: `{MEND}`."
        )
    return Path(found)


def java_version() -> str:
    """The major version of the Java that is used; raises BackendError as :func:`find_java` does."""
    return str(_major(str(find_java())))


@functools.cache
def _major(program: str) -> int | None:
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found and said.returncode == 0 else None
