"""The commands. Each parses its words, calls one verb of the api, and shows what came back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.session import Session

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a sentence and a table to a model in production that keeps proving that it works.",
)

Problem = Annotated[Path, typer.Option("--problem", "-p", metavar="PATH", help="The problem file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every random choice.", min=0)]
BundleName = Annotated[
    str | None,
    typer.Argument(metavar="[BUNDLE]", help="A folder, NAME@champion, or NAME:VERSION; the newest if left out."),
]
HERE = Path("milepost.toml")


@app.command(rich_help_panel="The road")
def init(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="File, glob, cloud URI or Delta table.")],
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="The column to predict.")] = None,
    statement: Annotated[
        str | None, typer.Option("--statement", metavar="TEXT", help="What you want, in a sentence.")
    ] = None,
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Draft a problem file from a table and a sentence."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        answer = target or session.ask_target(table)
        session.show(
            milepost.init(
                table, target=answer, statement=statement, problem=problem, seed=seed, listener=session.listener
            )
        )


@app.command(rich_help_panel="The road")
def check(problem: Problem = HERE, json: Json = False, quiet: Quiet = False, seed: Seed = 0) -> None:
    """Say whether the problem makes sense, before anything is trained."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.check(problem, seed=seed, listener=session.listener))


@app.command(rich_help_panel="The road")
def train(
    problem: Problem = HERE,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Folds at once; all cores if left out.", min=1)
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Climb from the simplest model upwards, as far as it pays."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.train(problem, seed=seed, workers=workers, listener=session.listener))


@app.command(rich_help_panel="The road")
def evaluate(
    bundle: BundleName = None, problem: Problem = HERE, json: Json = False, quiet: Quiet = False, seed: Seed = 0
) -> None:
    """Open the test rows and hold the model against the contract."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.evaluate(bundle, problem=problem, seed=seed, listener=session.listener))


@app.command(rich_help_panel="The road")
def report(
    bundle: BundleName = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write the page.")
    ] = None,
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Write one offline page: the verdict, the climb, the data, the lineage."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.report(bundle, output=output, problem=problem, listener=session.listener))


@app.command(rich_help_panel="The road")
def score(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A folder, NAME@champion, or NAME:VERSION.")],
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The rows to answer.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="Parquet file to write.")],
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Answer every row of a table, in batches of bounded memory."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.score(bundle, table, output=output, problem=problem, listener=session.listener))


@app.command(rich_help_panel="The road")
def status(problem: Problem = HERE, json: Json = False, quiet: Quiet = False, seed: Seed = 0) -> None:
    """Say where on the road this problem stands and what the next step is."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.status(problem))


@app.command(rich_help_panel="The road")
def promote(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A folder, NAME@challenger, or NAME:VERSION.")],
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; needed where the verdict is not met.")
    ] = None,
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Let a judged bundle answer."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.promote(bundle, reason=reason, problem=problem))


@app.command(rich_help_panel="Learn")
def tour(
    folder: Annotated[Path, typer.Option("--folder", metavar="PATH", help="Where to keep what the tour makes.")] = Path(
        "telco-tour"
    ),
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Walk the whole road on real data, in plain words."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        toured = milepost.tour(folder, seed=seed, on_leg=session.tell, listener=session.listener)
        session.show(toured if json else replace(toured, legs=()))


@app.command(rich_help_panel="Learn")
def explain(
    term: Annotated[
        str | None, typer.Argument(metavar="[TERM]", help="A term, code or check; all of them if left out.")
    ] = None,
    problem: Problem = HERE,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Explain any word that Milepost prints."""
    with Session(json=json, quiet=quiet) as session:
        import milepost

        session.show(milepost.explain(term))


def main() -> None:
    """Run the command line."""
    app(prog_name="milepost")
