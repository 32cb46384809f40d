"""The commands. Each says what it alone is told, and calls one verb of the api."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import milepost
from milepost.cli import keys, log
from milepost.cli.command import GO_ON, Commands, command
from milepost.cli.session import INTERRUPTED, Session
from milepost.ground.errors import MilepostError


def _version(asked: bool) -> None:
    """Print the version where it is asked for, and end."""
    if asked:
        from importlib.metadata import version

        print(f"milepost {version('milepost')}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a sentence and a table to a model in production that keeps proving that it works.",
    epilog="Begin with `milepost tour`, or with `milepost init TABLE`. Exit codes: 0 done and met, 1 our bug, "
    "2 your mistake, 3 a criterion is not met (evaluate), answers differ (parity), something must be mended "
    "(log verify), 4 the data can't tell yet (evaluate), 5 disk, store or network, 130 interrupted.",
)


@app.callback()
def program(
    version: Annotated[  # it has done its work when this runs
        bool, typer.Option("--version", metavar="", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Take what stands before a command."""


_Misuse: type[typer.BadParameter] = typer.BadParameter.__bases__[0]  # what click calls any command typed wrongly
road, learn = partial(command, app, "The road"), partial(command, app, "Learn")
production = partial(command, app, "In production")
app.add_typer(log.app, name="log", rich_help_panel="In production")
app.add_typer(keys.app, name="keys", rich_help_panel="In production")

BUNDLE = "A folder, NAME@champion, or NAME:VERSION"
Bundle = Annotated[str, typer.Argument(metavar="BUNDLE", help=f"{BUNDLE}.")]
BundleOrNewest = Annotated[
    str | None,
    typer.Argument(metavar="[BUNDLE]", help=f"{BUNDLE}; the newest if left out."),
]


@road()
def init(
    session: Session,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="File, glob, cloud URI or Delta table.")],
    target: Annotated[str | None, typer.Option(metavar="NAME", help="The column to predict.")] = None,
    statement: Annotated[str | None, typer.Option(metavar="TEXT", help="What you want, in a sentence.")] = None,
) -> object:
    """Draft a problem file from a table and a sentence."""
    return milepost.init(
        table,
        target=target or session.ask_target(table, statement),
        statement=statement,
        problem=session.problem,
        seed=session.seed,
        listener=session.listener,
    )


@road(exits="0 it can be trained, whatever the outlook of its criteria")
def check(session: Session) -> object:
    """Say whether the problem makes sense, before anything is trained."""
    return milepost.check(session.problem, seed=session.seed, listener=session.listener)


@road(interrupted=GO_ON)
def train(
    session: Session,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Folds at once; as many as cores if left out.", min=1)
    ] = None,
) -> object:
    """Climb from the simplest model upwards, as far as it pays."""
    return milepost.train(session.problem, seed=session.seed, workers=workers, listener=session.listener)


@road(exits="0 met, 3 a criterion is not met, 4 the data can't tell yet")
def evaluate(session: Session, bundle: BundleOrNewest = None) -> object:
    """Open the test rows and hold the model against the contract.

    The first bundle whose verdict is met becomes the champion by itself; later ones wait for promote.
    """
    return milepost.evaluate(bundle, problem=session.problem, seed=session.seed, listener=session.listener)


@road()
def report(
    session: Session,
    bundle: BundleOrNewest = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="PATH", help="The page to write.")] = None,
) -> object:
    """Write one offline page: the verdict, the climb, the data, the lineage."""
    return milepost.report(bundle, output=output, problem=session.problem, listener=session.listener)


@road(interrupted="Unless the new output is there, nothing was written or logged: run the same command again.")
def score(
    session: Session,
    bundle: Bundle,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The rows to answer.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PATH", help="File to write, needed: .parquet, .csv or .jsonl.")
    ],
    keep: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further column to keep; may be given several times.")
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", metavar="", help="Keep the answers in the prediction log, as the service does.")
    ] = False,
    reasons: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many reasons of each answer to write beside it.")
    ] = 0,
) -> object:
    """Answer every row of a table, in batches of bounded memory.

    One row out for each row in: the id, prediction, probabilities or interval, decision, flags. The guards of the
    problem act, and the column guards names those that did.

    With --log each row has the prediction_id by which its outcome can be sent.

    With --reasons N the N inputs that add most to each answer stand beside it: what the model used, not what causes.
    """
    return milepost.score(
        bundle,
        table,
        output=output,
        keep=keep or (),
        log=log,
        reasons=reasons,
        problem=session.problem,
        listener=session.listener,
    )


@road()
def status(session: Session) -> object:
    """Say where on the road this problem stands and what the next step is."""
    return milepost.status(session.problem)


@road()
def promote(
    session: Session,
    bundle: Bundle,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; needed where the verdict is not met or outdated.")
    ] = None,
) -> object:
    """Let a judged bundle answer: NAME@champion is that bundle from then on."""
    return milepost.promote(bundle, reason=reason, problem=session.problem, listener=session.listener)


@road()
def rollback(
    session: Session,
    bundle: Annotated[
        str | None,
        typer.Argument(metavar="[BUNDLE]", help=f"{BUNDLE} that was champion; the one before if left out."),
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it is kept in the history.")] = None,
) -> object:
    """Let an earlier champion answer again."""
    return milepost.rollback(bundle, reason=reason, problem=session.problem)


@road()
def history(
    session: Session,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Which bundle answered then, and why; as 2026-03-01T14:30, or now."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Only: rung, trained, looked, verdict, promoted or rolled_back."),
    ] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help="Only the newest; all if left out.", min=1)] = None,
) -> object:
    """Tell what was decided, and which bundle answered when and why."""
    return milepost.history(at=at, kind=kind, last=last, problem=session.problem)


@production(exits="0 stopped by Ctrl-C or SIGTERM", halt="interrupted before it listened")
def serve(
    session: Session,
    bundle: Annotated[
        str | None, typer.Argument(metavar="[BUNDLE]", help=f"{BUNDLE}; the champion of each moment if left out.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 takes any free one.")] = 8080,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 127.0.0.1 is this machine alone.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that answer.")] = 1,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", metavar="", help="Let other machines ask without a key.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(metavar="PATH", help="TLS certificate, a PEM file.")] = None,
    private_key: Annotated[Path | None, typer.Option(metavar="PATH", help="Its private key, a PEM file.")] = None,
    log_format: Annotated[
        str, typer.Option(metavar="FORM", help="How each line on stderr looks: text, or json for programs.")
    ] = "text",
    access_log: Annotated[
        bool, typer.Option("--access-log", metavar="", help="A line for each answered request too; it costs speed.")
    ] = False,
) -> object:
    """Answer over HTTP until it is stopped; every answer is logged before it leaves.

    It prints where it listens, what it serves, and a request that can be pasted.
    """
    return milepost.serve(
        bundle,
        host=host,
        port=port,
        workers=workers,
        without_keys=without_keys,
        certificate=certificate,
        private_key=private_key,
        log_format=log_format,
        access_log=access_log,
        problem=session.problem,
        on_ready=session.announce,
    )


@production(
    exits="0 done, though rows may have been refused (if all were: 2)",
    interrupted="What was taken is kept: give the same table again; what is known already is not taken twice.",
)
def outcomes(
    session: Session,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="File, glob, cloud URI, Delta table, or a database.")],
    query: Annotated[
        str | None, typer.Option(metavar="SQL", help="What to ask, where TABLE is the address of a database.")
    ] = None,
) -> object:
    """Take from a table what turned out to be true of predictions in the log.

    Its columns: prediction_id, or the id and a time; truth, or the target; happened_at, recorded_at, acted_on if known.
    """
    return milepost.outcomes(table, query=query, problem=session.problem, listener=session.listener)


@production(exits="0 equal, 3 different")
def parity(
    session: Session,
    bundle: Annotated[
        str | None, typer.Argument(metavar="[BUNDLE]", help=f"{BUNDLE}; the champion, else the newest if left out.")
    ] = None,
    rows: Annotated[int, typer.Option(metavar="N", min=10, help="How many rows to ask.")] = 500,
) -> object:
    """Ask a service of its own over HTTP and in memory: the answers have to be equal, bit for bit."""
    return milepost.parity(bundle, rows=rows, problem=session.problem, seed=session.seed, listener=session.listener)


@learn(interrupted=GO_ON)
def tour(
    session: Session,
    folder: Annotated[Path, typer.Option(metavar="PATH", help="Where to keep its files.")] = Path("telco-tour"),
    rows: Annotated[int | None, typer.Option(metavar="N", min=400, help="Customers; all 7,043 if left out.")] = None,
) -> object:
    """Walk the whole road on real data, in plain words."""
    toured = milepost.tour(folder, rows=rows, seed=session.seed, on_leg=session.tell, listener=session.listener)
    return toured if session.json else replace(toured, legs=())  # the legs are printed already


@learn()
def explain(
    session: Session,
    term: Annotated[
        str | None, typer.Argument(metavar="[TERM]", help="A term, code or check; their list if left out.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", metavar="", help="Every text; of one topic, if TERM names one of the list.")
    ] = False,
) -> object:
    """Explain any word that Milepost prints."""
    return milepost.explain(term, everything=everything)


def _cure(error: Exception) -> str:
    """Return what mends a command typed wrongly, where more can be said than where to look it up."""
    if getattr(getattr(error, "param", None), "name", "") == "output" and "Missing" in str(error):
        name = "log" if getattr(getattr(error, "ctx", None), "info_name", "") == "export" else "answers"
        return f"Write: -o {name}.parquet   (or {name}.csv, or {name}.jsonl)"
    key = getattr(error, "option_name", "").lstrip("-").replace("-", "_")
    table = _table_of(key) if key else None
    return f"Write {key} = … under [{table}] in the problem file; docs/problem-file.md shows how." if table else ""


def _table_of(key: str) -> str | None:
    """Return the table of the problem file that has a key."""
    from milepost.problem.read import problem_schema

    schema = problem_schema()
    for table, row in schema["properties"].items():
        kinds = [row, *row.get("anyOf", []), *row.get("allOf", [])]
        named = [schema["$defs"][kind["$ref"].rsplit("/", 1)[-1]] for kind in kinds if "$ref" in kind]
        if any(key in one.get("properties", {}) for one in [row, *named]):
            return str(table)
    return None


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line and end the program with its exit code.

    Args:
        words: what was typed after the program's name; None takes this program's own.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal of the last century still gets its answer
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if words is None and not sys.warnoptions:  # what packages warn of is for programmers; we say ourselves what matters
        warnings.simplefilter("ignore")
    words = list(sys.argv[1:] if words is None else words) or ["--help"]
    try:
        sys.exit(app(words, prog_name="milepost", standalone_mode=False))
    except _Misuse as error:
        path = error.ctx.command_path if error.ctx else "milepost"
        fix = _cure(error) or f"Run: {path} --help"
        misuse = MilepostError(error.format_message(), where="the command line", fix=fix)
        sys.exit(Session(problem=Path("milepost.toml"), seed=0, json="--json" in words, quiet=True).refuse(misuse))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
