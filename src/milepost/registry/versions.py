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


def find_version(client: Any, name: str, bundle_id: str) -> Version | None:
    """Return the first version of a bundle; None if it is not registered."""
    return next((version for version in all_versions(client, name) if version.bundle_id == bundle_id), None)


def register(client: Any, name: str, *, run: Any, bundle_id: str) -> None:
    """Make a version of the bundle that a run holds; the model itself is made with its first version."""
    if not _models(client, name):
        _create_model(client, name)
    client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/bundle",
        run_id=run.info.run_id,
        tags={BUNDLE_TAG: bundle_id, PROBLEM_TAG: name},
    )


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


def _entries(client: Any, name: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
