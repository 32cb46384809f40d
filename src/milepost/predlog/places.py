"""Where the prediction log of a problem lives.

log/telco-churn/
├── journals/      one file for each serving process, its newest rows
├── predictions/   Delta table: what was asked and answered
└── outcomes/      Delta table: what later turned out to be true
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milepost.ground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LogPlace:
    """The folders of one log; making one touches nothing on disk.

    Attributes:
        journals: a local folder, on a volume that outlives the process.
        tables: folder, or URI in an object store, that holds the two Delta tables.
    """

    journals: Path
    tables: str

    @property
    def predictions(self) -> str:
        return f"{self.tables.rstrip('/')}/predictions"

    @property
    def outcomes(self) -> str:
        return f"{self.tables.rstrip('/')}/outcomes"


def log_place(workspace: Workspace, problem: str, *, tables: str | None = None) -> LogPlace:
    """Return the place of a problem's log.

    Args:
        workspace: of the problem.
        problem: its name.
        tables: URI of a folder in an object store, which several replicas share; the workspace when absent.
    """
    root = workspace.log(problem)
    return LogPlace(root / "journals", tables or str(root))
