"""Formatting: what stands in a Kafka node's data folder before its first start.

Kafka's own tool takes a second of Java for it. The one file of it that is not plain text (which features the cluster
begins with) is the same for every new cluster, so the tool runs once per version and its file is copied from then on.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path
from types import MappingProxyType

from autograder.backends.errors import BackendError, cannot_write
from autograder.backends.native.jars import find_kafka, version_of
from autograder.backends.native.java import java_words
from autograder.backends.native.settings import Node, properties
from autograder.backends.state import make_folder, state_folder

__all__ = ["CHECKPOINT", "formatted", "new_name"]

CHECKPOINT = "bootstrap.checkpoint"
TOOL = "kafka.tools.StorageTool"


def formatted() -> Path:
    """The file ``bootstrap.checkpoint`` of a newly formatted node of this version of Kafka."""
    kept = make_folder(state_folder() / "native") / f"formatted-{version_of(find_kafka())}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _format(Path(folder))
            try:
                shutil.copy(Path(folder, "data", CHECKPOINT), f"{folder}/whole")
                Path(folder, "whole").rename(kept)
            except OSError as error:
                raise cannot_write(kept, error) from error
    return kept


def _format(folder: Path) -> None:
    """Run Kafka's tool on an empty folder; no port is opened for it."""
    node = Node(number=1, port=9092, controller_port=9093)
    plan = folder / "server.properties"
    plan.write_text(properties(node, (node,), str(folder / "data"), MappingProxyType({})), encoding="utf-8")
    ran = subprocess.run(
        java_words(TOOL, "format", "-t", new_name(), "-c", str(plan)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = (ran.stderr + ran.stdout).strip().splitlines() or ["it did not say why"]
        raise BackendError(f"Apache Kafka's data folder cannot be made: {said[-1].rstrip('.')[:300]}.")


def new_name() -> str:
    """A name as Kafka gives them to clusters and folders: 16 bytes in base64, not beginning with a dash."""
    while True:
        name = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not name.startswith("-"):
            return name
