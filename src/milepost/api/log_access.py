"""What the verbs about the log share: its place, times as they are typed, entities as they are logged, the bundle."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from milepost.api.opening import workspace_of
from milepost.api.serving import settings_of
from milepost.api.storing import store_of
from milepost.data.schema import Schema
from milepost.data.writing import time_of
from milepost.ground.clock import Clock
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predictor.load import load_predictor
from milepost.predlog.fold import fold
from milepost.predlog.places import LogPlace
from milepost.predlog.records import input_schema
from milepost.predlog.redaction import Redaction, compile_redaction, redaction_key
from milepost.problem.spans import parse_span
from milepost.problem.spec import Problem
from milepost.registry.bundles import BundleRef
from milepost.registry.champions import champion
from milepost.registry.names import resolve
from milepost.serve.state import Named
from milepost.serve.voices import Voice, load_voice

When = datetime | str | None


def moment_of(given: When, contract: Problem, *, where: str, clock: Clock, is_ahead: bool = False) -> datetime | None:
    """Return a time that somebody gave, UTC; None where none was given.

    Args:
        given: a time; as text in ISO 8601, as a span from now, "7d", or "now". Without an offset it is a time of the
            problem's zone.
        contract: says which zone that is.
        where: what it was given as, for the error.
        clock: says when now is.
        is_ahead: whether a span leads ahead, not back.

    Raises:
        MilepostError: it is no time.
    """
    zone = contract.data.timezone
    if given is None:
        return None
    if isinstance(given, str) and given.strip().casefold() == "now":
        return clock()
    if isinstance(given, datetime):
        return (given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    moment = time_of(given, zone=zone)
    if moment is not None:
        return moment
    span = _span_of(given)
    if span is None:
        how = "seven days from now" if is_ahead else "seven days ago"
        fix = f'Write it like "2026-03-01", "2026-03-01T14:30", or "7d" for {how}; "2h" and "30min" are spans, too.'
        raise MilepostError(f"{given!r} is no time.", where=where, fix=fix)
    return clock() + span if is_ahead else clock() - span


def _span_of(text: str) -> timedelta | None:
    try:
        return parse_span(text, where="")
    except MilepostError:
        return None


def refuse_empty_span(since: datetime | None, until: datetime | None) -> None:
    """Refuse a window that ends before it begins.

    Raises:
        MilepostError: it does.
    """
    if since is not None and until is not None and until <= since:
        raise MilepostError(
            f"Nothing lies between {_written(since)} and {_written(until)}.",
            where="--since and --until",
            fix="Give the earlier time as --since; what happened at --until is left out.",
        )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def entity_redaction(contract: Problem) -> Redaction | None:
    """Return what is done with entities before they are logged; None where they are logged as they are.

    Raises:
        MilepostError: the problem names no entity.
        EnvironmentFault: the key of the hashes cannot be read.
    """
    name = contract.data.id
    if name is None:
        raise MilepostError(
            "The problem names no id, so the log knows no entities.",
            where=contract.where("data"),
            fix='Write id = "COLUMN" under [data]; then what is answered from now on can be found by it.',
        )
    rule = contract.serve.redaction.get(name)
    if rule is None:
        return None
    key = redaction_key(workspace_of(contract).serving(contract.aim.name))
    return compile_redaction({name: rule}, input_schema(()), key, entity=name, where=contract.where)


def logged_entity(entity: str, contract: Problem) -> str:
    """Return an entity as the log holds it: as it is, or as its keyed hash.

    Raises:
        MilepostError: the log knows no entities.
        EnvironmentFault: the key of the hashes cannot be read.
    """
    redaction = entity_redaction(contract)
    logged = entity if redaction is None else redaction.entity(entity)
    if logged is None:
        name = str(contract.data.id)
        raise MilepostError(
            f"{name!r} is not written to the log, so nothing there can be found by it.",
            where=contract.where(f"serve.redaction.{name}"),
            fix='Write "hash" instead of "drop"; then what is answered from now on can be found.',
        )
    return logged


def answering_bundle(contract: Problem) -> BundleRef:
    """Return the champion; where there is none, the bundle that was trained last.

    Raises:
        MilepostError: nothing was trained yet, or the bundle is damaged.
        EnvironmentFault: a store failed.
    """
    workspace, store = workspace_of(contract), store_of(contract)
    name = champion(workspace.history, contract.aim.name)
    return resolve(name, workspace=workspace, store=store, history=workspace.history)


def voice_of(contract: Problem, bundle: BundleRef, *, folder: Path | None = None) -> Voice:
    """Return a bundle as the service would ask it: with its guards and its redaction.

    Args:
        contract: the problem.
        bundle: to ask.
        folder: of the service's own files; that of the problem's service when absent.

    Raises:
        MilepostError: the contract does not fit the bundle.
        EnvironmentFault: a file cannot be read.
    """
    folder = folder or workspace_of(contract).serving(contract.aim.name)
    settings = settings_of(contract, load_predictor(bundle.path), folder)
    return load_voice(Named(bundle.bundle_id, str(bundle.path)), settings)


def fold_now(place: LogPlace, *, clock: Clock) -> tuple[str, ...]:
    """Move what is in the journals to the tables; return a sentence where a store is away, which loses nothing.

    Raises:
        MilepostError: a frame holds a column of another type than the log.
    """
    try:
        fold(place, clock=clock)
    except EnvironmentFault as why:
        told = "It is in a journal, and the tables of the log get it with the next command that logs."
        return (f"{why.what} {told}",)
    return ()


def labels_of(contract: Problem, bundle_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the classes of bundles, in the order of their probabilities; a bundle that is not here is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for bundle_id in bundle_ids:
        with suppress(OSError, ValueError, KeyError):
            text = (workspace_of(contract).bundles / bundle_id / "schema.json").read_text(encoding="utf-8")
            found[bundle_id] = Schema.from_json(json.loads(text)).labels
    return found
