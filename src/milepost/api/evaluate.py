"""The verb `evaluate`: open the test rows, count the look, hold the bundle against the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import Opened, open_problem, workspace_of
from milepost.api.outdated import asked_of, criteria_changed
from milepost.api.parity import refuse_unlike
from milepost.api.storing import person, store_of
from milepost.data.folds import variance_units
from milepost.data.labels import truth
from milepost.data.schema import Schema
from milepost.evaluate.answering import answer_rows
from milepost.evaluate.verdict import Judged, Outcome, Verdict, judge
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.metrics.answers import Answers
from milepost.metrics.losses import centre_of
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.problem.read import FILE_NAME, read_problem
from milepost.problem.spec import Problem
from milepost.registry.bundles import BundleRef
from milepost.registry.champions import champion
from milepost.registry.decisions import Entry
from milepost.registry.evidence import Lineage
from milepost.registry.history import append
from milepost.registry.looks import Look, record_look, verdicts_on
from milepost.registry.names import resolve
from milepost.registry.promote import promote_first
from milepost.registry.reading import read_evidence
from milepost.registry.store import Store
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class Evaluated(Shows):
    """What `evaluate` leaves.

    Attributes:
        problem: the contract.
        bundle_id: of the bundle.
        version: of the bundle in the registry.
        verdict: with its criteria, metrics and curves.
        is_champion: whether this look made the bundle the first champion, or it already was.
        standing: what the bundle is now and how that changes, a sentence.
        next_step: the command to type next.
    """

    problem: Problem
    bundle_id: str
    version: int
    verdict: Verdict
    is_champion: bool
    standing: str
    next_step: str

    @property
    def outcome(self) -> Outcome:
        return self.verdict.overall


@verb
def evaluate(
    bundle: str | None = None,
    *,
    problem: Path | str = "milepost.toml",
    seed: int = 0,
    clock: Clock = wall_clock,
    listener: Listener = silent,
) -> Evaluated:
    """Return the verdict on a bundle, from test rows that chose nothing of it.

    Each bundle that sees the same test rows is one look; the more looks, the wider the intervals. Where the criteria
    were changed after the rows had been seen, the verdict says so, and no bundle becomes champion by itself.

    Args:
        bundle: a folder, NAME@champion or NAME:VERSION; None takes the newest.
        problem: path of the problem file.
        seed: of the intervals that need chance.
        clock: gives the time of the decisions.
        listener: hears the progress.

    Raises:
        MilepostError: no such bundle was trained; it is not of this problem's data and split; or its evidence can't be
            read.
    """
    contract = read_problem(Path(problem))
    workspace, store = workspace_of(contract), store_of(contract)
    history = workspace.history
    listener(Event("bundle", "looking for the bundle"))  # before the table is read, which may take minutes
    found = resolve(bundle, workspace=workspace, store=store, history=history)
    opened = open_problem(Path(problem), listener=listener)
    _refuse_other_data(opened, store, found.bundle_id)
    predictor = load_predictor(found.path)
    look = record_look(
        history, split_hash=opened.split.hash, bundle_id=found.bundle_id, problem=opened.problem.aim.name, clock=clock
    )
    listener(Event("evaluate", _opening(look)))
    simpler = read_evidence(store, found.bundle_id, "baselines", dict[str, dict[str, Any]])
    answers, baselines = _answers(opened, predictor, simpler or {})
    verdict = judge(
        answers,
        opened.problem.success,
        bundle_id=found.bundle_id,
        split=opened.split.hash,
        baselines=baselines,
        look=look.number,
        changed=criteria_changed(verdicts_on(history, opened.split.hash), opened.problem),
        seed=seed,
        quantile=centre_of(opened.loss),
        currency=opened.problem.value.currency if opened.problem.value else "",
    )
    listener(Event("store", "attaching the verdict"))
    store.attach(found.bundle_id, "verdict", verdict)
    store.attach(found.bundle_id, "asked", asked_of(opened.problem))  # last: cut off here, the verdict counts as old
    return _settle(opened, store, found, verdict, is_newest=bundle is None, listener=listener, clock=clock)


def _opening(look: Look) -> str:
    return (
        f"opening the test rows and answering them: look {look.number}, {'now' if look.is_new else 'already'} counted"
    )


def _refuse_other_data(opened: Opened, store: Store, bundle_id: str) -> None:
    """Refuse to judge a bundle on rows that it may have learned from."""
    lineage = read_evidence(store, bundle_id, "lineage", Lineage)
    trained = read_evidence(store, bundle_id, "schema", Schema, build=Schema.from_json)
    if lineage is not None and trained is not None and lineage.split == opened.split.hash:
        asked = opened.schema
        if (asked.target.name, asked.task, asked.labels) == (trained.target.name, trained.task, trained.labels):
            return
        raise MilepostError(
            f"Bundle {bundle_id} answers another question: {trained.target.name!r} ({trained.task}"
            f"{', ' + ' or '.join(trained.labels) if trained.labels else ''}).",
            where=str(opened.problem.path),
            fix="Write target, task and positive as they were, or run: milepost train",
        )
    raise MilepostError(
        f"Bundle {bundle_id} was trained on other data or another split, so it may have learned from these test rows.",
        where=str(opened.problem.path),
        fix="Run: milepost train",
    )


def _answers(
    opened: Opened, predictor: Predictor, baselines: Mapping[str, Mapping[str, Any]]
) -> tuple[Answers, dict[str, Answers]]:
    rows = opened.rows(opened.split.test)
    known = rows.select(truth(opened.schema)).to_series().to_numpy()
    clusters = variance_units(opened.split, opened.keys, opened.request, opened.split.test)

    def answered(by: Predictor) -> Answers:
        return answer_rows(by, rows, known, problem=opened.problem, schema=opened.schema, clusters=clusters)

    inputs = opened.schema.only(_inputs(opened))
    return answered(predictor), {rung: answered(Predictor(inputs, model, {})) for rung, model in baselines.items()}


def _inputs(opened: Opened) -> list[str]:
    """Return every column that a baseline may read."""
    target = opened.schema.target.name
    return [column.name for column in opened.schema.columns if column.name != target]


def _settle(
    opened: Opened,
    store: Store,
    found: BundleRef,
    verdict: Verdict,
    *,
    is_newest: bool,
    listener: Listener,
    clock: Clock,
) -> Evaluated:
    """Write the verdict into the history, and let the first bundle with a met verdict become champion."""
    name, history, bundle_id = opened.problem.aim.name, opened.workspace.history, found.bundle_id
    held = [judged.criterion for judged in verdict.criteria]
    path, version, unlike = opened.problem.path or FILE_NAME, store.version_of(bundle_id) or 0, ""
    figures = {"look": verdict.look, "split": verdict.split, "overall": verdict.overall, "criteria": held}
    figures |= {"version": version, "level": verdict.level, "rows": verdict.rows}
    figures |= {"judged": [_held(judged) for judged in verdict.criteria]}
    figures |= {"asked": asked_of(opened.problem)}
    figures |= {"changed": verdict.changed} if verdict.changed else {}
    append(history, [Entry("verdict", name, verdict.says[0], bundle_id, figures)], clock=clock)
    if champion(history, name) is None and _is_earned(verdict):
        try:
            parity_rows = refuse_unlike(found, opened.problem, listener=listener)
        except MilepostError as why:
            unlike = why.what
        else:
            promote_first(
                bundle_id,
                verdict=verdict.overall,
                by_hindsight=verdict.is_by_hindsight,
                parity_rows=parity_rows,
                who=person(),
                store=store,
                history=history,
                clock=clock,
            )
    answers_now = champion(history, name)
    return Evaluated(
        problem=opened.problem,
        bundle_id=bundle_id,
        version=version,
        verdict=verdict,
        is_champion=answers_now == bundle_id,
        standing=_standing(f"{name}:{version}", bundle_id, answers_now, verdict, path, unlike),
        next_step=next_step("report" if is_newest else f"report {name}:{version}", path),
    )


def _held(judged: Judged) -> dict[str, object]:
    """Return a criterion as the history holds it."""
    interval = judged.measured.interval
    ends = None if interval is None else [interval.lo, interval.hi]
    return {
        "criterion": judged.criterion, "outcome": judged.outcome, "value": judged.measured.value, "interval": ends,
    }  # fmt: skip


def _is_earned(verdict: Verdict) -> bool:
    return verdict.overall == "met" and not verdict.is_by_hindsight


def _standing(
    bundle: str, bundle_id: str, answers_now: str | None, verdict: Verdict, problem: Path | str, unlike: str
) -> str:
    """Return what the bundle NAME:VERSION is now and how that changes.

    Args:
        bundle: NAME:VERSION.
        bundle_id: of it.
        answers_now: bundle_id of the champion.
        verdict: of it.
        problem: path of the problem file.
        unlike: why a service cannot be trusted to answer like it; empty where it can, or none was asked.
    """
    if answers_now == bundle_id:
        standing = f"It is the champion: {bundle.rpartition(':')[0]}@champion is {bundle}."
        if _is_earned(verdict):
            return standing
        ways = f"train a better one ({next_step('train', problem)}), or go back ({next_step('rollback', problem)})"
        return f"{standing} It goes on answering all the same: {ways}."
    beside = f" beside the champion {answers_now}" if answers_now else ""
    if unlike:
        return f"It stays a challenger: {unlike} Look closer: {next_step(f'parity {bundle}', problem)}"
    if _is_earned(verdict):
        return f"It stays a challenger{beside}. To promote it: {next_step(f'promote {bundle}', problem)}"
    why = f"its verdict is “{verdict.overall}”" + (" with hindsight only" if verdict.overall == "met" else "")
    anyway = next_step(f"promote {bundle} --reason '…'", problem)
    return f"It stays a challenger{beside}: {why}. To let it answer all the same: {anyway}"
