"""A command: a verb with the options that all commands have. It parses, calls the verb, and shows what comes back."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from milepost.cli.session import Session

FAILURES = "1 our bug, 2 your mistake, 5 disk, store or network"  # every command's
BEGIN_AGAIN = "Nothing is half-written: run the same command again."
GO_ON = "What was finished is kept: run the same command again and it goes on where it was."
Verb = Callable[..., object]  # takes a Session, then what the command alone takes


def _shared(name: str, default: object, kind: type, *, help: str, metavar: str, short: str = "") -> Parameter:
    flags = [f"--{name}", *([short] if short else [])]
    option = typer.Option(*flags, metavar=metavar, help=help, min=0 if kind is int else None)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


_SHARED = (
    _shared("problem", Path("milepost.toml"), Path, help="The problem file.", metavar="PATH", short="-p"),
    _shared("json", False, bool, help="Print one JSON object on standard output, nothing else.", metavar=""),
    _shared("quiet", False, bool, help="Print no progress.", metavar="", short="-q"),
    _shared("seed", 0, int, help="Seed of every random choice.", metavar="N"),
)


class _WithoutType:
    """What the help of a command leaves out: that --help is a <bool>."""

    def get_help_option(self, context: Any) -> Any:
        option = super().get_help_option(context)  # type: ignore[misc]
        if option is not None:
            option.metavar = ""
        return option


class Command(_WithoutType, TyperCommand):
    """One command."""


class Commands(_WithoutType, TyperGroup):
    """All commands."""


def group(says: str) -> typer.Typer:
    """Return a program of commands that belong together; without one of them it prints its help.

    Args:
        says: what they are for.
    """
    app = typer.Typer(cls=Commands, help=says, context_settings={"help_option_names": ["-h", "--help"]})

    @app.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            print(context.get_help())

    return app


def command(
    app: typer.Typer,
    panel: str,
    *,
    exits: str = "0 done",
    halt: str = "interrupted",
    name: str | None = None,
    interrupted: str = BEGIN_AGAIN,
) -> Callable[[Verb], Verb]:
    """Return a decorator that makes a verb a command of app, listed under panel.

    The verb's own parameters become arguments and options; those that all commands have are added, and reach the
    verb through its Session.

    Args:
        app: the program.
        panel: the heading in its help.
        exits: the exit codes that the command has of its own, each with what it means.
        halt: what exit code 130 means.
        name: as it is typed; the verb's own when absent.
        interrupted: what is left, and what to do, where it ends so.
    """

    def add(verb: Verb) -> Verb:
        def run(*, problem: Path, json: bool, quiet: bool, seed: int, **own: Any) -> None:
            session = Session(problem=problem, seed=seed, json=json, quiet=quiet)
            raise typer.Exit(session.run(lambda session: verb(session, **own), interrupted=interrupted))

        parameters = [*list(signature(verb, eval_str=True).parameters.values())[1:], *_SHARED]
        run.__signature__ = Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        codes = f"Exit codes: {exits}; {FAILURES}, 130 {halt}."
        app.command(name or verb.__name__, cls=Command, help=verb.__doc__, epilog=codes, rich_help_panel=panel)(run)
        return verb

    return add
