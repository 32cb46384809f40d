"""Two pieces of evidence that are found, not made: where a bundle was trained, and what it comes from."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# what can change an answer or its bits
_PACKAGES = (
    "milepost", "polars", "numpy", "scipy", "scikit-learn", "lightgbm", "threadpoolctl", "mlflow-skinny", "deltalake",
)  # fmt: skip
_GIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a bundle was made.

    Attributes:
        python: version of Python.
        platform: operating system and machine type.
        cpu: type of the processor; bits of sums may differ between types.
        packages: name -> version of what decides the answers.
    """

    python: str
    platform: str
    cpu: str
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a bundle comes from.

    Attributes:
        data: fingerprint of the table.
        split: hash of the split.
        problem: hash of the problem file's text.
        seed: of the run.
        commit: git commit of the folder of the problem file; None outside a repository.
        commit_is_whole: whether no tracked file was changed since that commit; None outside a repository.
        parent: bundle_id that this one was made from by the same recipe; None for a first one.
    """

    data: str
    split: str
    problem: str
    seed: int
    commit: str | None
    commit_is_whole: bool | None
    parent: str | None = None


def environment() -> Environment:
    """Return where this process runs."""
    return Environment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cpu=_cpu(),
        packages={name: found for name in _PACKAGES if (found := _installed(name))},
    )


def lineage(folder: Path, *, data: str, split: str, problem: str, seed: int, parent: str | None = None) -> Lineage:
    """Return what a bundle comes from, with the git commit of folder.

    Args:
        folder: of the problem file.
        data: fingerprint of the table.
        split: hash of the split.
        problem: hash of the problem file's text.
        seed: of the run.
        parent: bundle_id of the parent.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    changes = None if commit is None else _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Lineage(data, split, problem, seed, commit, None if changes is None else not changes, parent)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    """Return the processor's type, as the system names it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git answers; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
