"""The commands of `milepost keys`: who may ask the service, and what."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

import milepost
from milepost.cli.command import command, group
from milepost.cli.session import Session

app = group("Give, list and end the keys of the service. From the first key on, nobody is answered without one.")

keys = partial(command, app, "Keys")

Holder = Annotated[str, typer.Argument(metavar="NAME", help="Who holds it.")]


@keys()
def add(
    session: Session,
    name: Holder,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="What it may ask: predict, outcomes, read or admin; may be given several times. Predict and outcomes "
            "if left out.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends; as 2026-12-31, or 90d from now.")
    ] = None,
) -> object:
    """Make a key and print it, this once."""
    scopes = scope or ("predict", "outcomes")
    return milepost.keys_add(name, scopes=scopes, until=until, problem=session.problem)


@keys(name="list")
def list_keys(session: Session) -> object:
    """List the keys, without what opens anything."""
    return milepost.keys_list(problem=session.problem)


@keys()
def end(
    session: Session,
    name: Holder,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When; as 2026-12-31, or 7d from now. Now if left out.")
    ] = None,
) -> object:
    """End all keys of a holder, now or at a time."""
    return milepost.keys_end(name, at=at, problem=session.problem)
