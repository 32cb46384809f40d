"""The commands of `milepost log`: what was asked and answered, and what turned out to be true."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import milepost
from milepost.cli.command import command, group
from milepost.cli.session import Session

app = group("Look at the prediction log, ask it, copy it, check it, or forget an entity.")

log = partial(command, app, "The prediction log")

Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Leave out what is older; as 2026-03-01T14:30, or 7d for a week.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Leave out what is as new as this.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="Show the log as it was known then.")]


@log()
def show(
    session: Session,
    prediction_id: Annotated[
        str | None, typer.Argument(metavar="[PREDICTION_ID]", help="Show this one with all that is known of it.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many of the newest; 20 if left out.")
    ] = None,
    since: Since = None,
    until: Until = None,
    entity: Annotated[str | None, typer.Option(metavar="ENTITY", help="Only what is about this entity.")] = None,
) -> object:
    """Show the newest predictions, with what turned out to be true of them; or one of them whole.

    Of the one that is named: who answered and why, the inputs with what each adds to the answer, what shadows said,
    and every word on what turned out to be true.
    """
    return milepost.log_show(prediction_id, last=last, since=since, until=until, entity=entity, problem=session.problem)


@log()
def query(
    session: Session,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT, in quotes.")],
    most: Annotated[int, typer.Option(metavar="N", min=1, help="Print no more rows than these.")] = 100,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
) -> object:
    """Answer a question in SQL from four tables: predictions, outcomes, joined and shadows.

    predictions: what callers were told, by champion and canary; each input is a column with its own name.

    outcomes: the last word on each prediction.

    joined: predictions with the truth beside each, as truth_label or truth_number.

    shadows: what a challenger would have answered, with the columns of joined; request is the prediction_id of the
    answer that the caller got.
    """
    return milepost.log_query(sql, most=most, since=since, until=until, as_of=as_of, problem=session.problem)


@log()
def export(
    session: Session,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PATH", help="File to write, needed: .parquet, .csv or .jsonl.")
    ],
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    shadows: Annotated[
        bool,
        typer.Option(
            "--shadows", metavar="", help="Also what challengers would have answered, as rows of role shadow."
        ),
    ] = False,
) -> object:
    """Write predictions, their inputs and outcomes to one file, in the order of time."""
    return milepost.log_export(
        output,
        since=since,
        until=until,
        as_of=as_of,
        shadows=shadows,
        problem=session.problem,
        listener=session.listener,
    )


@log(exits="0 nothing must be mended, 3 something must")
def verify(session: Session) -> object:
    """Say whether journals, tables and rows are what they should be; nothing is changed."""
    return milepost.log_verify(problem=session.problem)


@log(interrupted="A part may be removed and a part not: run the same command again, and it removes the rest.")
def forget(
    session: Session,
    entity: Annotated[str, typer.Argument(metavar="ENTITY", help="As the column that data.id names holds it.")],
) -> object:
    """Remove all rows of an entity, also from old versions and samples, and list what is out of reach."""
    return milepost.log_forget(entity, problem=session.problem)
