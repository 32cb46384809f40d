"""Where results go: the bundle, its evidence, its version, and the decisions of the climb."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import polars as pl

from milepost.api.learning import Learned
from milepost.api.opening import Opened, workspace_of
from milepost.api.outdated import learned_by
from milepost.data.findings import Finding
from milepost.data.profile import Profile
from milepost.data.split import Split
from milepost.ground.clock import Clock
from milepost.ground.events import Event, Listener
from milepost.ground.files import hash_of_text, whole_file
from milepost.ground.records import as_document
from milepost.ground.workspace import Workspace
from milepost.problem.secrets import resolve_secrets
from milepost.problem.spec import Problem
from milepost.registry.bundles import write_bundle
from milepost.registry.decisions import Entry
from milepost.registry.evidence import Lineage, environment, lineage
from milepost.registry.history import append
from milepost.registry.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a trained bundle is.

    Attributes:
        bundle_id: hash of what decides its answers.
        version: the registry's integer.
        path: its folder.
    """

    bundle_id: str
    version: int
    path: Path


def store_of(problem: Problem) -> Store:
    """Return the registry of a problem; nothing is asked of it yet."""
    uri = problem.stores.registry
    if uri is not None:
        uri = resolve_secrets(uri, where=problem.where("stores.registry"))
    return open_store(workspace_of(problem), name=problem.aim.name, uri=uri)


def store_trained(
    opened: Opened,
    learned: Learned,
    findings: Sequence[Finding],
    summary: Profile,
    *,
    seed: int,
    clock: Clock,
    listener: Listener,
) -> Stored:
    """Return where the bundle is, after writing it with its evidence and the decisions that led to it.

    Where a bundle comes out of another training again, byte by byte, its evidence tells of the last one, the history
    of all of them; a verdict on it stays, for it answers as it did.
    """
    problem, ladder = opened.problem, learned.climb.ladder
    listener(Event("store", "writing the bundle and its evidence"))
    bundle = write_bundle(opened.workspace.bundles, learned.documents)
    _write_reference(reference_path(opened.workspace, bundle.bundle_id), learned.reference)
    store = store_of(problem)
    version = store.record(
        bundle,
        parameters={"seed": seed, "rung": ladder.chosen, "loss": ladder.loss, "split": opened.split.hash[:16]},
        metrics={f"loss_{step.rung}": step.loss for step in ladder.steps if step.loss is not None},
    )
    origin = lineage(
        problem.path.parent if problem.path else Path(),
        data=opened.dataset.fingerprint,
        split=opened.split.hash,
        problem=hash_of_text(problem.text),
        seed=seed,
    )
    evidence = {
        "problem": problem.text,
        "climb": ladder,
        "threshold": learned.threshold,
        "calibration": learned.calibration.says,
        "baselines": learned.baselines,
        "findings": tuple(findings),
        "split": parts_of(opened.split),
        "schema": opened.schema,
        "profile": summary,
        "environment": environment(),
        "lineage": origin,
    }
    for name, document in evidence.items():
        store.attach(bundle.bundle_id, name, document)
    append(opened.workspace.history, _entries(problem, learned, bundle.bundle_id, version, origin), clock=clock)
    return Stored(bundle.bundle_id, version, bundle.path)


@dataclass(frozen=True, slots=True)
class Parts:
    """How many rows went where, and why.

    Attributes:
        says: sentences with numbers.
        rows: of the table.
        development, test, left_out: rows of each part.
    """

    says: tuple[str, ...]
    rows: int
    development: int
    test: int
    left_out: int


def parts_of(split: Split) -> Parts:
    """Return the sizes of a split's parts."""
    return Parts(split.says, split.rows, len(split.development), len(split.test), len(split.left_out))


def reference_path(workspace: Workspace, bundle_id: str) -> Path:
    """Return where a bundle's reference sample lies: beside its folder, outside its hash."""
    return workspace.bundles / f"{bundle_id}.reference.parquet"


def _write_reference(path: Path, reference: pl.DataFrame) -> None:
    with whole_file(path) as partial:
        reference.write_parquet(partial)


def _entries(problem: Problem, learned: Learned, bundle_id: str, version: int, origin: Lineage) -> list[Entry]:
    ladder = learned.climb.ladder
    entries = [
        Entry(
            "rung",
            problem.aim.name,
            step.says,
            bundle_id,
            {"rung": step.rung, "kept": step.kept, "loss": step.loss, "gain": step.gain},
        )
        for step in ladder.steps
    ]
    says = f"Trained bundle {bundle_id} (version {version}): {ladder.ending}"
    figures = {"version": version, **as_document(origin), "learned_by": learned_by(problem)}
    return [*entries, Entry("trained", problem.aim.name, says, bundle_id, figures)]


def person() -> str:
    """Return who runs this, for the history: MILEPOST_WHO, or the name of the account."""
    try:
        return os.environ.get("MILEPOST_WHO") or getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "unknown"
