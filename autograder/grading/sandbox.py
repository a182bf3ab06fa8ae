"""Sandbox: what keeps learner code away from the judge, layer by layer, and the sentence that says which layers are on.

Each layer is tried by itself; where a system has none (an old kernel, a container that refuses namespaces, macOS) the
others stay, and the report says exactly what is protected. The learner's program always has a process of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["LAYERS", "Protection", "Sandbox"]

LAYERS: dict[str, str] = {
    "users": "no rights of an administrator",
    "processes": "cannot see or signal other processes, and ends with everything it started",
    "memory": "no shared memory with other processes",
    "scratch": "a private scratch folder of limited size",
    "files": "reads Python and the shop only, writes its scratch folder only",
    "ports": "connects to its own backends only",
    "signals": "no signals or abstract sockets out of the sandbox",
    "calls": "no UDP, raw or Unix sockets, tracing, mounting or kernel keys; modes, owners and times of files stay",
    "limits": "limited memory, processor time, file size and open files",
    "number": "a limited number of processes and threads",
}
"""Layer to what it gives."""

_SHORT = {
    "users": "user namespace",
    "processes": "process namespace",
    "memory": "IPC namespace",
    "scratch": "private scratch folder",
    "files": "file rules",
    "ports": "port rules",
    "signals": "signal rules",
    "calls": "system call filter",
    "limits": "resource limits",
    "number": "process limit",
}


@dataclass(frozen=True, kw_only=True)
class Protection:
    """Which layers are on, and why the others are not."""

    on: tuple[str, ...] = ()
    off: Mapping[str, str] = field(default_factory=dict)
    """Layer to the reason in a few words."""

    def describe(self) -> tuple[str, list[str]]:
        """One sentence for the report, and one line per layer for whoever wants to know."""
        lines = [f"{_SHORT[layer]}: {LAYERS[layer]}" for layer in self.on]
        lines += [f"{_SHORT[layer]}: off ({reason})" for layer, reason in self.off.items()]
        if not self.on:
            return "Your program ran in a process of its own, without further protection on this system.", lines
        named = ", ".join(_SHORT[layer] for layer in self.on)
        sentence = f"Your program ran in a process of its own with {named}"
        missing = ", ".join(_SHORT[layer] for layer in self.off)
        return f"{sentence}; not available here: {missing}." if missing else f"{sentence}.", lines


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What every run may use. The defaults fit the course's labs many times over."""

    off: frozenset[str] = frozenset()
    """Layers not to use, by name; for tests of the fallbacks."""
    memory_mb: int = 1024
    processor_s: int = 60
    file_mb: int = 16
    scratch_mb: int = 64
    open_files: int = 256
    processes: int = 128
    reads: tuple[str, ...] = ()
    """Further folders that the program may read: its own project's, when it is no hand-in."""

    def __post_init__(self) -> None:
        unknown = self.off - LAYERS.keys()
        if unknown:
            raise ValueError(f"no such layers of the sandbox: {', '.join(sorted(unknown))}")

    def to_json(self) -> dict[str, Any]:
        """The settings as a zygote reads them."""
        return asdict(self) | {"off": sorted(self.off)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Sandbox:
        """What :meth:`to_json` wrote."""
        return cls(**{**values, "off": frozenset(values["off"]), "reads": tuple(values["reads"])})

    def describe(self) -> tuple[str, list[str]]:
        """Try the layers on this system: one sentence, and one line per layer."""
        from autograder.grading.subject import Zygote

        with Zygote(preload=(), sandbox=self) as zygote:
            return zygote.protection.describe()
