"""The verb `parity`: whether the service answers over HTTP as the bundle does in memory, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Literal

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import answering_bundle
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.serving import settings_of
from milepost.api.storing import reference_path, store_of
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.seeds import derived
from milepost.ground.text import count, counted
from milepost.predictor.load import load_predictor
from milepost.predictor.selftest import refuse_unfit, synthetic_rows
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.registry.bundles import BundleRef
from milepost.registry.names import resolve
from milepost.serve.parity import (
    Compared,
    Difference,
    Question,
    asked_worker,
    compare,
    raw_questions,
    settings_aside,
    typed_questions,
)
from milepost.serve.parity_rows import raw_rows, typed_rows
from milepost.serve.state import Named
from milepost.serve.voices import Voice, load_voice
from milepost.show.notebook import Shows

FEWEST, MOST = 10, 100_000
ROWS_BEFORE_PROMOTION = 200


@dataclass(frozen=True, slots=True)
class Parity(Shows):
    """How a service answers beside its bundle.

    Attributes:
        name: of the problem.
        outcome: "equal" where every answer is, bit for bit; else "different".
        bundle_id: of the bundle.
        rows: asked, each alone and in a batch.
        different: rows with at least one difference.
        differences: the first of them.
        says: what was asked.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Parity of"

    name: str
    outcome: Literal["equal", "different"]
    bundle_id: str
    rows: int
    different: int
    differences: tuple[Difference, ...]
    says: tuple[str, ...]
    next_step: str


@verb
def parity(
    bundle: str | None = None,
    *,
    rows: int = 500,
    problem: Path | str = "milepost.toml",
    seed: int = 0,
    listener: Listener = silent,
) -> Parity:
    """Return whether a service of its own, asked over HTTP, gives the answers of a bundle in memory, bit for bit.

    Rows are stored ones, where a sample of the development rows lies beside the bundle, and generated ones: missing
    values, levels never seen, -0.0, 2**53 + 1, times of several zones, any Unicode text, numbers as text. The service
    runs in a folder of its own: the log, the keys and what answers now are not touched.

    Args:
        bundle: a folder, NAME:VERSION or a bundle_id; the champion when absent, else the bundle trained last.
        rows: how many to ask, 10 to 100,000; half of them stored ones.
        problem: path of the problem file.
        seed: of the generated rows.
        listener: hears the progress.

    Raises:
        MilepostError: there is no such bundle, it fails its self-test, or the contract does not fit it.
        EnvironmentFault: the service does not come up, or the disk failed.
    """
    if not FEWEST <= rows <= MOST:
        raise MilepostError(f"rows is {rows:,}.", where="parity, --rows", fix=f"Write {FEWEST} to {MOST:,}.")
    contract = read_problem(Path(problem))
    found = _bundle(bundle, contract)
    compared, questions = _asked(found, contract, rows, seed, listener)
    outcome: Literal["equal", "different"] = "different" if compared.different else "equal"
    return Parity(
        contract.aim.name, outcome, found.bundle_id, compared.rows, compared.different, compared.differences,
        tuple(_says(compared, questions)), next_step("status", problem),
    )  # fmt: skip


def refuse_unlike(bundle: BundleRef, contract: Problem, *, listener: Listener = silent) -> int:
    """Return how many rows a service answered like the bundle in memory, bit for bit; refuse one that does not.

    Args:
        bundle: that is to be promoted.
        contract: the problem.
        listener: hears the progress.

    Raises:
        MilepostError: it answers otherwise over HTTP, fails its self-test, or the contract does not fit it.
        EnvironmentFault: the service does not come up.
    """
    compared, _ = _asked(bundle, contract, ROWS_BEFORE_PROMOTION, 0, listener)
    if compared.different:
        raise MilepostError(
            f"Over HTTP {compared.different} of {compared.rows} rows are answered otherwise than in memory.",
            where=f"bundle {bundle.bundle_id}",
            fix=f"See which: milepost parity {bundle.bundle_id}",
        )
    return compared.rows


def _asked(
    found: BundleRef, contract: Problem, rows: int, seed: int, listener: Listener
) -> tuple[Compared, list[Question]]:
    """Return how a service of its own answers, and what it was asked."""
    listener(Event("parity", "starting a service of its own"))
    with TemporaryDirectory(prefix="milepost-parity-", ignore_cleanup_errors=True) as folder:
        named, predictor = Named(found.bundle_id, str(found.path.resolve())), load_predictor(found.path)
        refuse_unfit(predictor)
        settings = settings_aside(settings_of(contract, predictor, Path(folder)), named, Path(folder))
        voice = load_voice(named, settings)
        questions = list(_questions(voice, _stored(found, contract), rows, seed))
        with asked_worker(settings) as connection:
            listener(Event("parity", f"asking {counted(len(questions), 'row')}"))
            return compare(connection, questions), questions


def _bundle(bundle: str | None, contract: Problem) -> BundleRef:
    if bundle is None:
        return answering_bundle(contract)
    workspace = workspace_of(contract)
    return resolve(bundle, workspace=workspace, store=store_of(contract), history=workspace.history)


def _stored(bundle: BundleRef, contract: Problem) -> pl.LazyFrame | None:
    """Return the sample of development rows beside a bundle; None where there is none."""
    beside = bundle.path.with_name(f"{bundle.bundle_id}.reference.parquet")
    for path in (beside, reference_path(workspace_of(contract), bundle.bundle_id)):
        if path.is_file():
            return pl.scan_parquet(path)
    return None


def _questions(voice: Voice, stored: pl.LazyFrame | None, rows: int, seed: int) -> Iterator[Question]:
    """Give stored rows, typed ones and raw ones."""
    schema, asked = voice.predictor.schema, 0
    if stored is not None:
        table = stored.select(schema.names).collect()
        table = table.sample(min(rows // 2, table.height), seed=derived(seed, "stored rows"))
        asked = table.height
        yield from typed_questions(voice, table, kind="stored")
    typed = (rows - asked) // 2
    yield from typed_questions(voice, typed_rows(schema, typed, seed=derived(seed, "typed rows")), kind="typed")
    synthetic = synthetic_rows(schema)[: (rows - asked - typed) // 2]
    others = raw_rows(schema, rows - asked - typed - len(synthetic), seed=derived(seed, "raw rows"))
    yield from raw_questions(voice, [*synthetic, *others])


def _says(compared: Compared, questions: list[Question]) -> Iterator[str]:
    stored = sum(question.kind == "stored" for question in questions)
    generated = compared.rows - stored
    yield (
        f"Asked over HTTP, each alone and in batches: {counted(stored, 'stored row')} and "
        f"{counted(generated, 'generated one')}. {count(compared.unreadable)} of these had to be refused, as in memory."
    )
    if not stored:
        yield "No sample of the development rows lies beside the bundle, so all rows are generated."
    if compared.different:
        yield "The service must not answer for this bundle: report this with the rows above."
    else:
        yield "Every prediction, probability, interval, decision and flag is the same, bit for bit."
