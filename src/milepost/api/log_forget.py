"""The verb `log_forget`: an entity leaves the log, and the samples beside bundles."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from milepost.api.arguments import verb
from milepost.api.log_access import entity_redaction
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.api.serving import log_place_of
from milepost.api.storing import reference_path
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted
from milepost.predlog.forgetting import Forgotten, Remaining, Removed, forget
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.serve.retries import forget_answers
from milepost.serve.service import CLAIMS_FILE
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class LogForgotten(Shows):
    """What became of the rows of an entity.

    Attributes:
        name: of the problem.
        says: whether all that can be reached is gone.
        removed: rows that are gone, place by place.
        remaining: what is still there, and how it is reached.
        out_of_reach: what nothing here can reach, for people to look after.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    says: tuple[str, ...]
    removed: tuple[Removed, ...]
    remaining: tuple[Remaining, ...]
    out_of_reach: tuple[str, ...]
    next_step: str


@verb
def log_forget(entity: str, *, problem: Path | str = "milepost.toml", clock: Clock = wall_clock) -> LogForgotten:
    """Return what was removed of an entity, what remains, and what nothing here can reach.

    Its rows leave the journals, both tables of the log with their old versions, the answers that are stored for
    retries, and the samples of development rows beside bundles. Services that run are asked to begin their next journal
    and to let go of rows that wait in memory. The same call can be repeated.

    Args:
        entity: as the column that data.id names holds it.
        problem: path of the problem file.
        clock: stamps the answer.

    Raises:
        MilepostError: the problem names no id, or the entity is empty.
        EnvironmentFault: a disk or store refused; the same call again goes on.
    """
    contract = read_problem(Path(problem))
    if not entity.strip():
        raise MilepostError("No entity is named.", where="log forget, ENTITY", fix="Write: milepost log forget c-81")
    claims = workspace_of(contract).serving(contract.aim.name) / CLAIMS_FILE

    def answers(ids: Collection[str]) -> tuple[Removed, ...]:
        count = forget_answers(claims, ids, clock=lambda: clock().timestamp())
        return (Removed(str(claims), count),) if count else ()

    forgotten = forget(
        log_place_of(contract), entity, redaction=entity_redaction(contract), samples=tuple(_samples(contract)),
        elsewhere=answers, clock=clock,
    )  # fmt: skip
    following = next_step("log forget ENTITY" if forgotten.remaining else "log show", problem)
    return LogForgotten(
        contract.aim.name, (_says(forgotten),), forgotten.removed, forgotten.remaining, forgotten.out_of_reach,
        following,
    )  # fmt: skip


def _samples(contract: Problem) -> Iterator[tuple[Path, str]]:
    """Give the samples beside bundles that hold the column of the entity."""
    column = contract.data.id
    for path in sorted(reference_path(workspace_of(contract), "*").parent.glob("*.reference.parquet")):
        if column is not None and column in pl.read_parquet_schema(path):
            yield path, column


def _says(forgotten: Forgotten) -> str:
    rows = sum(one.rows for one in forgotten.removed)
    if not rows and not forgotten.remaining:
        return "Nothing here is about this entity."
    done = f"{counted(rows, 'row')} {'is' if rows == 1 else 'are'} gone, old versions with them"
    return f"{done}; some remain." if forgotten.remaining else f"{done}; nothing that can be reached is left."
