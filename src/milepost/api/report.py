"""The verb `report`: one offline page from the evidence of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.next_step import next_step, with_problem
from milepost.api.opening import workspace_of
from milepost.api.outputs import refuse_other_than_page, refuse_over_problem
from milepost.api.storing import Parts, store_of
from milepost.data.findings import Finding
from milepost.data.profile import Profile
from milepost.data.schema import Schema
from milepost.evaluate.thresholds import ThresholdChoice
from milepost.evaluate.verdict import Verdict
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import write_text
from milepost.models.steps import Ladder
from milepost.problem.read import FILE_NAME, read_problem
from milepost.problem.spec import Problem
from milepost.registry.champions import champion_of
from milepost.registry.decisions import Decision
from milepost.registry.evidence import Environment, Lineage
from milepost.registry.history import read_history
from milepost.registry.names import resolve
from milepost.registry.reading import needed_evidence, read_evidence
from milepost.registry.store import Store
from milepost.show.charts.split import Part
from milepost.show.notebook import Shows
from milepost.show.report import ReportMaterial, report_page

PROFILED_ROWS = 200_000  # a profile's quantiles are of no more rows, so that of more the first time may be missing


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


@verb
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
        output: where to write, .html or .htm; None writes NAME-BUNDLE.html beside the problem file.
        listener: hears the progress.

    Raises:
        MilepostError: there is no such bundle, or the registry holds no evidence of it, or none that can be read; or
            the output is no name of a page, the problem's table or the problem file.
    """
    if output:
        refuse_other_than_page(Path(output))
    contract = read_problem(Path(problem))
    if output:
        refuse_over_problem(Path(output), contract, fix="Write to another file: -o report.html")
    workspace, store = workspace_of(contract), store_of(contract)
    found = resolve(bundle, workspace=workspace, store=store, history=workspace.history)
    listener(Event("report", "drawing the page"))
    past = read_history(workspace.history, problem=contract.aim.name)
    page = report_page(_material(contract, store, found.bundle_id, past))
    beside = contract.path.parent if contract.path else Path()
    path = Path(output) if output else beside / f"{contract.aim.name}-{found.bundle_id[:8]}.html"
    write_text(path, page)
    return Reported(path, found.bundle_id, len(page.encode()), next_step("status", problem))


def _material(problem: Problem, store: Store, bundle_id: str, past: Sequence[Decision]) -> ReportMaterial:
    parts = needed_evidence(store, bundle_id, "split", Parts)
    verdict = read_evidence(store, bundle_id, "verdict", Verdict)
    lineage = needed_evidence(store, bundle_id, "lineage", Lineage)
    environment = needed_evidence(store, bundle_id, "environment", Environment)
    is_champion = champion_of(past, problem.aim.name) == bundle_id
    bundle = f"{problem.aim.name}:{store.version_of(bundle_id) or ''}"
    command = _command(bundle, verdict, is_champion=is_champion)
    return ReportMaterial(
        problem=problem,
        schema=needed_evidence(store, bundle_id, "schema", Schema, build=Schema.from_json),
        rows=parts.rows,
        findings=needed_evidence(store, bundle_id, "findings", tuple[Finding, ...]),
        split_says=parts.says,
        split_hash=lineage.split,
        ladder=needed_evidence(store, bundle_id, "climb", Ladder),
        threshold=read_evidence(store, bundle_id, "threshold", ThresholdChoice),
        calibration_says=needed_evidence(store, bundle_id, "calibration", str),
        verdict=verdict,
        lineage=_lineage(bundle_id, lineage, environment) | _times(problem.data.time, store, bundle_id),
        next_step=with_problem(command, problem.path.name if problem.path else FILE_NAME),
        parts=_parts(parts),
        trained_at=_last(past, "trained", bundle_id),
        judged_at=_last(past, "verdict", bundle_id),
        is_champion=is_champion,
    )


def _last(past: Sequence[Decision], kind: str, bundle_id: str) -> datetime | None:
    """Return when a kind of decision was last taken about a bundle; None where the history does not know it."""
    return next((one.at for one in reversed(past) if (one.kind, one.bundle_id) == (kind, bundle_id)), None)


def _command(bundle: str, verdict: Verdict | None, *, is_champion: bool) -> str:
    """Return what an engineer types next about the bundle NAME:VERSION."""
    name = bundle.rpartition(":")[0]
    if verdict is None or not verdict.criteria:
        return f"milepost evaluate {bundle}"
    if verdict.overall == "met" and is_champion:
        return f"milepost score {name}@champion TABLE -o answers.parquet"
    promote = f"milepost promote {bundle} --reason '…'"
    if verdict.overall == "met":
        return promote
    changed = "better columns or rows" if verdict.overall == "not met" else "more rows"
    again = f"with {changed}: milepost train, then: milepost evaluate"
    return again if is_champion else f"{again}\nor, to use it all the same: {promote}"


def _parts(parts: Parts) -> tuple[Part, ...]:
    sized = (("development", parts.development), ("test", parts.test), ("left out", parts.left_out))
    return tuple(Part(name, rows) for name, rows in sized if rows)


def _times(time: str | None, store: Store, bundle_id: str) -> dict[str, str]:
    """Return from when to when the development rows are; nothing where there is no time, or only a sample of it."""
    profile = read_evidence(store, bundle_id, "profile", Profile) if time else None
    found = next((one for one in profile.columns if one.name == time), None) if profile else None
    if found is None or not found.quantiles or found.count > PROFILED_ROWS:
        return {}
    first, last = (datetime.fromtimestamp(end, UTC) for end in (found.quantiles[0], found.quantiles[-1]))
    return {"development rows": f"{first:%Y-%m-%d} to {last:%Y-%m-%d} by {time}"}


def _lineage(bundle_id: str, lineage: Lineage, environment: Environment) -> dict[str, str]:
    """Return label -> value, everything that is needed to make the bundle again."""
    commit = lineage.commit or "outside a git repository"
    return {
        "bundle": bundle_id,
        "data": lineage.data,
        "problem file": lineage.problem,
        "seed": str(lineage.seed),
        "code": commit if lineage.commit_is_whole in (True, None) else f"{commit}, with changes that are not committed",
        "python": environment.python,
        "machine": f"{environment.platform}, {environment.cpu}",
        "packages": ", ".join(f"{name} {version}" for name, version in environment.packages.items()),
    }
