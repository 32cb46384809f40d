"""How a bundle is named: its folder, NAME@champion, NAME:VERSION, its bundle_id, or nothing for the newest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from milepost.ground.errors import EnvironmentFault, MilepostError, UnknownNameError
from milepost.ground.text import listed
from milepost.ground.workspace import Workspace
from milepost.predictor.manifest import MANIFEST, read_manifest, verify
from milepost.registry.bundles import BundleRef, is_whole
from milepost.registry.champions import CHALLENGER, CHAMPION, challenger_of, champion_of, saying
from milepost.registry.decisions import Decision
from milepost.registry.history import History, read_history
from milepost.registry.store import Store

TRAINED = "trained"  # the kind of decision that ends a training

_ID = re.compile(r"[0-9a-f]{6,16}")
_WHOLE_ID = 16


def resolve(name: str | None, *, workspace: Workspace, store: Store, history: History) -> BundleRef:
    """Return the bundle that a name means, in a local folder, fetched from the registry if it is not there.

    MLflow is asked only where the history and the workspace do not know: for versions, for aliases that are not the
    history's own, and to fetch a bundle that is not here or damaged. A folder named as such is not checked here;
    whoever loads the bundle does.

    Args:
        name: a folder; NAME@champion, NAME@challenger or another alias; NAME:VERSION; a bundle_id or at least 6 of its
            first digits; None means the bundle trained last.
        workspace: where bundles live.
        store: the registry of the problem.
        history: its decisions.

    Raises:
        MilepostError: the name means no bundle, or several; or it is damaged, and the registry has no better one.
        EnvironmentFault: a store failed.
    """
    if name is not None and _is_folder(name):
        return BundleRef(read_manifest(Path(name)).bundle_id, Path(name))
    past = tuple(decision for decision in read_history(history) if decision.problem == store.name)
    bundle_id = _newest(past, store) if name is None else _meant(name, past, workspace, store)
    return _whole(BundleRef(bundle_id, workspace.bundles / bundle_id), store)


def version_of(name: str, bundle_id: str, *, past: Sequence[Decision], store: Store) -> int | None:
    """Return the version that a name means, or that its bundle has; None where the registry has none, or is away.

    MLflow is asked only for a bundle that was trained here or brought from there, and was never judged.

    Args:
        name: by which a bundle was found.
        bundle_id: of that bundle.
        past: decisions of the problem.
        store: the registry of the problem.
    """
    problem, is_version, number = name.rpartition(":")
    if is_version and problem == store.name:
        return int(number)
    own = [decision for decision in past if decision.bundle_id == bundle_id]
    judged = [version for decision in reversed(own) if isinstance(version := decision.figures.get("version"), int)]
    if judged:
        return judged[0]
    if _is_folder(name) and not own:
        return None
    with suppress(EnvironmentFault):
        return store.version_of(bundle_id)
    return None


def _is_folder(name: str) -> bool:
    return "/" in name or (Path(name) / MANIFEST).is_file()


def _whole(bundle: BundleRef, store: Store) -> BundleRef:
    """Return the bundle if every byte of it is here; else bring it anew."""
    if is_whole(bundle):
        return bundle
    try:
        return store.fetch(bundle.bundle_id)
    except UnknownNameError:
        if not bundle.path.is_dir():
            raise
        verify(bundle.path)  # says what is wrong with the only copy there is
        raise


def _meant(name: str, past: Sequence[Decision], workspace: Workspace, store: Store) -> str:
    for mark in "@:":
        problem, found, rest = name.rpartition(mark)
        if found and problem != store.name:
            raise UnknownNameError("problem", problem, known=[store.name], where=f"bundle name {name!r}")
        if found:
            return _by_alias(rest, past, store) if mark == "@" else _by_version(rest, store)
    if _ID.fullmatch(name):
        return _by_prefix(name, past, workspace)
    if name.endswith(".toml"):
        fix = f'Give the problem file as such: --problem {name}, or in Python problem="{name}".'
        raise MilepostError(f"{name!r} is a problem file, not a bundle.", where="the name of a bundle", fix=fix)
    raise MilepostError(
        f"{name!r} names no bundle.",
        where="the name of a bundle",
        fix=f"Write a bundle's folder, {store.name}@champion, {store.name}:VERSION, or a bundle_id.",
    )


def _newest(past: Sequence[Decision], store: Store) -> str:
    trained = [decision.bundle_id for decision in past if decision.kind == TRAINED and decision.bundle_id]
    if not trained:
        raise MilepostError(
            "No bundle has been trained yet.", where=f"the history of {store.name}", fix="Run: milepost train"
        )
    return trained[-1]


def _by_alias(alias: str, past: Sequence[Decision], store: Store) -> str:
    """Return what an alias points to; champion and challenger are the history's, where it has a say."""
    own = {CHAMPION: champion_of(past, store.name), CHALLENGER: challenger_of(past, store.name)}
    bundle_id = own.get(alias)
    if bundle_id is None and not (alias in own and saying(past, store.name)):
        bundle_id = next((version.bundle_id for version in store.versions() if alias in version.aliases), None)
    if bundle_id is None and alias in own:
        raise MilepostError(
            f"There is no {alias} of {store.name}.",
            where=f"bundle name {store.name}@{alias}",
            fix="Run: milepost status   (it says what has been judged, and how to promote)",
        )
    if bundle_id is None:
        known = {name for version in store.versions() for name in version.aliases} | set(own)
        raise UnknownNameError("alias", alias, known=sorted(known), where=f"bundle name {store.name}@{alias}")
    return bundle_id


def _by_version(number: str, store: Store) -> str:
    versions = {str(version.number): version.bundle_id for version in store.versions() if version.bundle_id}
    bundle_id = versions.get(number)
    if not versions:
        raise MilepostError(
            f"No bundle of {store.name} has been trained yet, so there is no version {number}.",
            where=f"bundle name {store.name}:{number}",
            fix="Run: milepost train",
        )
    if bundle_id is None:
        raise UnknownNameError("version", number, known=list(versions), where=f"bundle name {store.name}:{number}")
    return bundle_id


def _by_prefix(prefix: str, past: Sequence[Decision], workspace: Workspace) -> str:
    here = {place.parent.name for place in workspace.bundles.glob(f"*/{MANIFEST}")}
    known = sorted(here | {decision.bundle_id for decision in past if decision.bundle_id})
    found = [bundle_id for bundle_id in known if bundle_id.startswith(prefix)]
    if len(found) > 1:
        raise MilepostError(
            f"{prefix!r} is the beginning of {len(found)} bundles: {listed(found)}.",
            where="the name of a bundle",
            fix="Write more of its digits.",
        )
    if not found and len(prefix) < _WHOLE_ID:
        raise UnknownNameError("bundle", prefix, known=known, where=str(workspace.bundles))
    return found[0] if found else prefix  # a whole id may be known to the registry alone
