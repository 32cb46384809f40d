"""Runs, versions, aliases and evidence in MLflow: a SQLite file in the workspace, or any MLflow server.

run of a bundle          tags milepost.bundle_id, milepost.problem; parameters; metrics
├── bundle/              the bundle's files
└── evidence/*.json      what is known of it: climb, verdict, timings, environment, lineage
registered model         the problem's name; one version for each bundle, tag milepost.bundle_id; aliases

In the workspace's own store, files and evidence are found by the folders of the runs and not by the addresses in
MLflow's tables: they stay found when the workspace is moved or copied, and reading them does not import MLflow.

artifacts/<run>/run.json    {"bundle_id": "9f3a…", "problem": "telco-churn"}, the last file to be written
artifacts/<run>/artifacts/  bundle/ and evidence/
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.files import canonical_json, disk_errors, whole_folder, write_text
from milepost.ground.records import as_document
from milepost.ground.text import listed
from milepost.ground.turns import one_at_a_time
from milepost.ground.workspace import Workspace
from milepost.predictor.manifest import verify
from milepost.registry.bundles import BundleRef, is_whole
from milepost.registry.mlflow_door import calls, connect, lock_of, shown
from milepost.registry.runs import find_run, log_figures, start_run
from milepost.registry.versions import Version, aliases_of, all_versions, number_of, register

_HOLDER = "run.json"


def open_store(workspace: Workspace, *, name: str, uri: str | None = None) -> Store:
    """Return the store of one problem; nothing is imported, made or asked before its first use.

    Args:
        workspace: where the SQLite file and local artifacts live.
        name: the problem's name, which is the registered model's.
        uri: of an MLflow server or database, secrets filled in; None takes the workspace's own file.
    """
    return Store(workspace, name, uri)


class NotRecorded(UnknownNameError):
    """A bundle that the registry does not know, as one that was trained elsewhere."""

    def __init__(self, bundle_id: str, *, known: Sequence[str], where: str) -> None:
        others = f", or name one that is recorded: {listed(known)}" if known else ""
        MilepostError.__init__(
            self,
            f"Bundle {bundle_id} was not trained here: the registry holds nothing about it.",
            where=where,
            fix=f"Name the problem file that it was trained by (--problem PATH){others}.",
        )


class Store:
    """The registered bundles of one problem. Every method may raise EnvironmentFault: the store failed.

    Attributes:
        name: the problem's name.
        where: the store's address as it may be printed.
        aliases_mark: the file that says how far the aliases follow the history.
    """

    def __init__(self, workspace: Workspace, name: str, uri: str | None) -> None:
        self.name = name
        self.aliases_mark = workspace.aliases(name)
        self._uri = uri or workspace.registry_uri
        self.where = shown(self._uri)
        self._is_local = self._uri == workspace.registry_uri
        self._workspace = workspace
        self._client: Any = None

    def connect(self) -> None:
        """Reach the store now, so that a long step does not find out at its end."""
        if self._client is None:
            self._client = connect(self._uri)

    def record(self, bundle: BundleRef, *, parameters: Mapping[str, object], metrics: Mapping[str, float]) -> int:
        """Return the version number of the bundle, recorded with run and files; again, it completes what is missing.

        Args:
            bundle: whole on disk.
            parameters: what the run was told, for MLflow's tables.
            metrics: numbers for MLflow's tables; those that are not finite are left out.

        Raises:
            MilepostError: MLflow refuses a name or value.
        """
        with self._ask() as client, self._alone():  # else two trainings of one bundle would give it two runs
            run = find_run(client, self.name, bundle.bundle_id)
            if run is None:
                artifacts = None if self._uri.startswith("http") else self._workspace.artifacts
                run = start_run(client, self.name, bundle.bundle_id, artifacts=artifacts)
            is_finished = run.info.status == "FINISHED"
            if not is_finished:
                log_figures(client, run.info.run_id, parameters, metrics)
            if not self._is_kept(run.info.run_id, bundle):
                self._keep(client, run.info.run_id, bundle)
            if not is_finished:
                client.set_terminated(run.info.run_id, "FINISHED")
            number = number_of(client, self.name, bundle.bundle_id)
            return number or register(client, self.name, run=run, bundle_id=bundle.bundle_id)

    def attach(self, bundle_id: str, name: str, document: Any) -> None:
        """Attach a document of evidence to a recorded bundle; one of the same name is replaced.

        Args:
            bundle_id: the bundle.
            name: one word ("climb", "verdict", "environment", "lineage").
            document: JSON-able data or frozen dataclasses.

        Raises:
            NotRecorded: the bundle was never recorded.
        """
        text = canonical_json(as_document(document))
        if self._is_local:
            write_text(self._folder_of(bundle_id) / "evidence" / f"{name}.json", text)
            return
        with self._ask() as client:
            client.log_text(self._run_of(client, bundle_id), text, f"evidence/{name}.json")

    def evidence(self, bundle_id: str, name: str) -> Any | None:
        """Return a document attached to a bundle; None if none of that name is.

        Raises:
            NotRecorded: the bundle was never recorded.
            ValueError: the document is no JSON text.
        """
        wanted = f"evidence/{name}.json"
        if self._is_local:
            path = self._folder_of(bundle_id) / wanted
            return json.loads(path.read_bytes()) if path.is_file() else None
        with self._ask() as client, tempfile.TemporaryDirectory() as folder:
            run_id = self._run_of(client, bundle_id)
            if wanted not in [item.path for item in client.list_artifacts(run_id, "evidence")]:
                return None
            return json.loads(Path(client.download_artifacts(run_id, wanted, dst_path=folder)).read_bytes())

    def versions(self) -> tuple[Version, ...]:
        """Return all versions, oldest first."""
        with self._ask() as client:
            return all_versions(client, self.name)

    def version_of(self, bundle_id: str) -> int | None:
        """Return the version number of a bundle; None if it is not registered."""
        with self._ask() as client:
            return number_of(client, self.name, bundle_id)

    def alias(self, alias: str) -> int | None:
        """Return the version number that an alias points to; None if it points to none."""
        with self._ask() as client:
            return aliases_of(client, self.name).get(alias)

    def set_alias(self, alias: str, version: int | None) -> None:
        """Let an alias point to a version number; None takes the alias away."""
        with self._ask() as client:
            if version is not None:
                client.set_registered_model_alias(self.name, alias, str(version))
            elif alias in aliases_of(client, self.name):
                client.delete_registered_model_alias(self.name, alias)

    def fetch(self, bundle_id: str) -> BundleRef:
        """Return a recorded bundle in the workspace, brought there if it is not, every byte checked.

        Raises:
            NotRecorded: the bundle was never recorded.
            MilepostError: what the registry holds is damaged, or of a newer format.
        """
        bundle = BundleRef(bundle_id, self._workspace.bundles / bundle_id)
        if is_whole(bundle):
            return bundle
        with whole_folder(bundle.path) as partial:
            self._bring(bundle_id, partial)
            found = verify(partial).bundle_id
            if found != bundle_id:
                raise MilepostError(
                    f"What the registry holds as bundle {bundle_id} is bundle {found}.",
                    where=self.where,
                    fix="Train it again: milepost train",
                )
        return bundle

    @contextmanager
    def _ask(self) -> Iterator[Any]:
        self.connect()
        with calls(self._uri):
            yield self._client

    def _alone(self) -> AbstractContextManager[None]:
        """Hold other processes off a store that is a file; a server orders its callers itself."""
        lock = lock_of(self._uri)
        return one_at_a_time(lock) if lock else nullcontext()

    def _is_kept(self, run_id: str, bundle: BundleRef) -> bool:
        """Return whether the run has the bundle, every byte of it; what a server has is not fetched to look at it."""
        if not self._is_local:
            return False
        run = self._workspace.artifacts / run_id
        kept = BundleRef(bundle.bundle_id, run / "artifacts" / "bundle")
        return _holder(run) == (self.name, bundle.bundle_id) and is_whole(kept)

    def _keep(self, client: Any, run_id: str, bundle: BundleRef) -> None:
        """Copy the bundle's files to its run."""
        if not self._is_local:
            client.log_artifacts(run_id, str(bundle.path), "bundle")
            return
        run = self._workspace.artifacts / run_id
        with whole_folder(run / "artifacts" / "bundle") as partial:
            shutil.copytree(bundle.path, partial, dirs_exist_ok=True)
        write_text(run / _HOLDER, canonical_json({"problem": self.name, "bundle_id": bundle.bundle_id}))

    def _bring(self, bundle_id: str, folder: Path) -> None:
        """Copy the bundle's files from its run into an empty folder."""
        if self._is_local:
            with disk_errors(folder):
                shutil.copytree(self._folder_of(bundle_id) / "bundle", folder, dirs_exist_ok=True)
            return
        with self._ask() as client, tempfile.TemporaryDirectory(dir=folder.parent) as downloads:
            fetched = client.download_artifacts(self._run_of(client, bundle_id), "bundle", dst_path=downloads)
            shutil.copytree(fetched, folder, dirs_exist_ok=True)

    def _run_of(self, client: Any, bundle_id: str) -> str:
        run = find_run(client, self.name, bundle_id)
        if run is None:
            known = [version.bundle_id for version in all_versions(client, self.name) if version.bundle_id]
            raise NotRecorded(bundle_id, known=known, where=self.where)
        run_id: str = run.info.run_id
        return run_id

    def _folder_of(self, bundle_id: str) -> Path:
        """Return the folder of the run that this problem has of a bundle, in the workspace's own store.

        Problems that share the workspace can train the same bundle, byte by byte, and judge it by other criteria.
        """
        holders = {run: _holder(run) for run in sorted(self._workspace.artifacts.glob("*/"))}
        known = {held: run / "artifacts" for run, (problem, held) in holders.items() if problem == self.name}
        if bundle_id not in known:
            raise NotRecorded(bundle_id, known=list(known), where=self.where)
        return known[bundle_id]


def _holder(run: Path) -> tuple[str, str]:
    """Return the problem and the bundle_id of a run's folder; two empty texts where it does not say."""
    try:
        document = json.loads((run / _HOLDER).read_bytes())
        return str(document["problem"]), str(document["bundle_id"])
    except (OSError, ValueError, KeyError, TypeError):  # another run's damage is no reason not to find this one
        return "", ""
