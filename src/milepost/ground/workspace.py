"""One folder beside the problem file that can be deleted, copied and backed up.

.milepost/
├── staged/      tables that cannot be scanned lazily, as typed Parquet, one for each source fingerprint
├── splits/      which rows are development and test, one for each hash
├── climbs/      finished folds of a climb, so that an interrupted run goes on where it was
├── bundles/     one folder for each bundle_id
├── mlflow.db, artifacts/    runs, versions, aliases (unless the problem names a server)
├── mlflow.db.lock           held while mlflow.db is made and while a bundle is recorded; always empty
├── history/     the append-only decisions
├── aliases/     how far the registry's aliases follow the history, one file for each problem
├── log/         the prediction log, one folder for each problem
└── serving/     what the service of each problem answers with, its keys and secrets
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """The places of one workspace; making one touches nothing on disk."""

    root: Path

    @property
    def staged(self) -> Path:
        return self.root / "staged"

    @property
    def splits(self) -> Path:
        return self.root / "splits"

    @property
    def climbs(self) -> Path:
        return self.root / "climbs"

    @property
    def bundles(self) -> Path:
        return self.root / "bundles"

    @property
    def history(self) -> Path:
        return self.root / "history"

    def aliases(self, problem: str) -> Path:
        return self.root / "aliases" / f"{problem}.json"

    def log(self, problem: str) -> Path:
        return self.root / "log" / problem

    def serving(self, problem: str) -> Path:
        return self.root / "serving" / problem

    @property
    def registry_uri(self) -> str:
        return f"sqlite:///{self.root.resolve() / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"
