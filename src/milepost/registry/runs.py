"""Runs: one for each bundle, with its parameters, metrics, files and evidence."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milepost.ground.errors import EnvironmentFault
from milepost.registry.versions import BUNDLE_TAG, PROBLEM_TAG

_LONGEST_PARAMETER = 6000  # both are MLflow's own limits
_MOST_AT_ONCE = 100


def find_run(client: Any, name: str, bundle_id: str) -> Any | None:
    """Return the first run of a bundle; None if it was never recorded."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return None
    wanted = f"tags.`{BUNDLE_TAG}` = '{bundle_id}'"
    runs = client.search_runs([experiment.experiment_id], wanted, max_results=1, order_by=["attributes.start_time ASC"])
    return runs[0] if runs else None


def start_run(client: Any, name: str, bundle_id: str, *, artifacts: Path | None) -> Any:
    """Return a new run in the experiment called name.

    Args:
        client: MLflow's.
        name: the problem's name.
        bundle_id: the bundle.
        artifacts: where a new experiment keeps its files; None leaves it to the server.

    Raises:
        EnvironmentFault: an experiment of that name was deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        experiment = _new_experiment(client, name, artifacts)
    if experiment.lifecycle_stage == "deleted":
        raise EnvironmentFault(
            f"The experiment {name!r} was deleted in MLflow.",
            where=f"experiment {experiment.experiment_id}",
            fix=f"Run: mlflow experiments restore --experiment-id {experiment.experiment_id}",
        )
    tags = {BUNDLE_TAG: bundle_id, PROBLEM_TAG: name}
    return client.create_run(experiment.experiment_id, tags=tags, run_name=bundle_id)


def log_figures(client: Any, run_id: str, parameters: Mapping[str, object], metrics: Mapping[str, float]) -> None:
    """Write parameters and metrics for MLflow's tables; metrics that are not finite are left out.

    Characters that MLflow does not take in a name become underscores.
    """
    from mlflow.entities import Metric, Param

    texts = [Param(_key(key), str(value)[:_LONGEST_PARAMETER]) for key, value in parameters.items()]
    for start in range(0, len(texts), _MOST_AT_ONCE):
        client.log_batch(run_id, params=texts[start : start + _MOST_AT_ONCE])
    finite = [Metric(_key(key), float(value), 0, 0) for key, value in metrics.items() if math.isfinite(value)]
    for start in range(0, len(finite), _MOST_AT_ONCE):
        client.log_batch(run_id, metrics=finite[start : start + _MOST_AT_ONCE])


def _key(name: str) -> str:
    return re.sub(r"[^\w\-. ]", "_", name)


def _new_experiment(client: Any, name: str, artifacts: Path | None) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        client.create_experiment(name, artifact_location=str(artifacts.resolve()) if artifacts else None)
    except MlflowException as why:
        if why.error_code != "RESOURCE_ALREADY_EXISTS":  # another process may have been faster
            raise
    return client.get_experiment_by_name(name)
