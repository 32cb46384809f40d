"""Versions and aliases of a registered model: the numbers that people use for bundles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BUNDLE_TAG = "milepost.bundle_id"
PROBLEM_TAG = "milepost.problem"

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A bundle as the registry numbers it.

    Attributes:
        number: the registry's integer, from 1.
        bundle_id: the bundle; None for a version that Milepost did not make.
        at: when it was registered, UTC.
        aliases: names that point to it ("champion").
    """

    number: int
    bundle_id: str | None
    at: datetime
    aliases: tuple[str, ...]


def all_versions(client: Any, name: str) -> tuple[Version, ...]:
    """Return the versions of the model called name, oldest first; none where there is no such model."""
    aliases = aliases_of(client, name)
    found = [
        Version(
            number=int(entry.version),
            bundle_id=entry.tags.get(BUNDLE_TAG),
            at=datetime.fromtimestamp(entry.creation_timestamp / 1000, UTC),
            aliases=tuple(sorted(alias for alias, number in aliases.items() if number == int(entry.version))),
        )
        for entry in _entries(client, name)
    ]
    return tuple(sorted(found, key=lambda version: version.number))


def number_of(client: Any, name: str, bundle_id: str) -> int | None:
    """Return the number of a bundle's first version; None if it is not registered."""
    return min((int(entry.version) for entry in _entries(client, name, bundle_id)), default=None)


def register(client: Any, name: str, *, run: Any, bundle_id: str) -> int:
    """Return the number of a new version of the bundle that a run holds; its model is made with the first."""
    if not _models(client, name):
        _create_model(client, name)
    made = client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/bundle",
        run_id=run.info.run_id,
        tags={BUNDLE_TAG: bundle_id, PROBLEM_TAG: name},
    )
    return int(made.version)


def aliases_of(client: Any, name: str) -> dict[str, int]:
    """Return the aliases of the model called name with the version number that each points to."""
    models = _models(client, name)
    return {alias: int(number) for alias, number in models[0].aliases.items()} if models else {}


def _create_model(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as why:
        if why.error_code != "RESOURCE_ALREADY_EXISTS":  # another process may have been faster
            raise


def _models(client: Any, name: str) -> list[Any]:
    return list(client.search_registered_models(filter_string=f"name = '{name}'", max_results=1))


def _entries(client: Any, name: str, bundle_id: str | None = None) -> Iterator[Any]:
    """Give MLflow's versions of a model; of one bundle only where it is named."""
    wanted = f"name = '{name}'" + (f" AND tags.`{BUNDLE_TAG}` = '{bundle_id}'" if bundle_id else "")
    token = None
    while True:
        page = client.search_model_versions(wanted, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
