"""The verb `report`: one offline page from the evidence of a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.storing import Parts, store_of
from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Verdict
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import write_text
from milepost.ground.records import from_document
from milepost.models.steps import Ladder
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.registry.evidence import Environment, Lineage
from milepost.registry.names import resolve
from milepost.registry.store import Store
from milepost.show.charts.split import Part
from milepost.show.notebook import Shows
from milepost.show.report import ReportMaterial, report_page


@dataclass(frozen=True, slots=True)
class Reported(Shows):
    """What `report` leaves.

    Attributes:
        path: the page.
        bundle_id: whose page it is.
        bytes: its size.
        next_step: the command to type next.
    """

    path: Path
    bundle_id: str
    bytes: int
    next_step: str


def report(
    bundle: str | None = None,
    *,
    problem: Path | str = "milepost.toml",
    output: Path | str | None = None,
    listener: Listener = silent,
) -> Reported:
    """Return where the page of a bundle was written; it needs no network and no other file.

    Args:
        bundle: a folder, NAME@champion or NAME:VERSION; None takes the newest.
        problem: path of the problem file.
        output: where to write; None writes NAME-BUNDLE.html beside the problem file.
        listener: hears the progress.

    Raises:
        MilepostError: there is no such bundle, or the registry holds no evidence of it.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    listener(Event("report", "drawing the page"))
    page = report_page(_material(contract, store, found.bundle_id))
    beside = contract.path.parent if contract.path else Path()
    path = Path(output) if output else beside / f"{contract.aim.name}-{found.bundle_id[:8]}.html"
    write_text(path, page)
    return Reported(path, found.bundle_id, len(page.encode()), next_step("status", problem))


def _material(problem: Problem, store: Store, bundle_id: str) -> ReportMaterial:
    parts = from_document(Parts, _evidence(store, bundle_id, "split"))
    verdict = store.evidence(bundle_id, "verdict")
    threshold = store.evidence(bundle_id, "threshold")
    lineage = from_document(Lineage, _evidence(store, bundle_id, "lineage"))
    environment = from_document(Environment, _evidence(store, bundle_id, "environment"))
    return ReportMaterial(
        problem=problem,
        schema=Schema.from_json(_evidence(store, bundle_id, "schema")),
        rows=parts.rows,
        findings=from_document(tuple[Finding, ...], _evidence(store, bundle_id, "findings")),
        split_says=parts.says,
        split_hash=lineage.split,
        ladder=from_document(Ladder, _evidence(store, bundle_id, "climb")),
        threshold=None if threshold is None else from_document(ThresholdChoice, threshold),
        calibration_says=_evidence(store, bundle_id, "calibration"),
        verdict=None if verdict is None else from_document(Verdict, verdict),
        lineage=_lineage(bundle_id, lineage, environment),
        next_step="milepost evaluate" if verdict is None else "milepost status",
        parts=_parts(parts),
    )


def _evidence(store: Store, bundle_id: str, name: str) -> Any:
    document = store.evidence(bundle_id, name)
    if document is None:
        raise MilepostError(
            f"The registry holds no {name!r} of bundle {bundle_id}.",
            where=store.where,
            fix="Train it again: milepost train",
        )
    return document


def _parts(parts: Parts) -> tuple[Part, ...]:
    sized = (("development", parts.development), ("test", parts.test), ("left out", parts.left_out))
    return tuple(Part(name, rows) for name, rows in sized if rows)


def _lineage(bundle_id: str, lineage: Lineage, environment: Environment) -> dict[str, str]:
    """Return label -> value, everything that is needed to make the bundle again."""
    commit = lineage.commit or "outside a git repository"
    return {
        "bundle": bundle_id,
        "data": lineage.data,
        "split": lineage.split,
        "problem file": lineage.problem,
        "seed": str(lineage.seed),
        "code": commit if lineage.commit_is_whole in (True, None) else f"{commit}, with changes that are not committed",
        "python": environment.python,
        "machine": f"{environment.platform}, {environment.cpu}",
        "packages": ", ".join(f"{name} {version}" for name, version in environment.packages.items()),
    }
