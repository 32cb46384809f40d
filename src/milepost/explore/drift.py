"""Change over time among development rows: in the answers, and in what is filled in."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from milepost.data.findings import Finding
from milepost.data.schema import Schema
from milepost.explore.several import columns_of, only
from milepost.ground.text import figure, share

QUARTERS = 4
BY_CHANCE = 0.001  # a change that chance would make more often is none
RATE_MOVES = 0.2  # of the overall rate
MEAN_MOVES = 0.2  # of a standard deviation
MIX_MOVES = 0.1  # Cramér's V
_FEWEST_ROWS = 200


def about_drift(frame: pl.DataFrame, schema: Schema) -> list[Finding]:
    """Return what changed from the oldest to the newest quarter of the rows; nothing where rows have no time."""
    times = [column.name for column in schema.with_role("time") if column.name in frame.columns]
    if not times:
        return []
    timed = frame.filter(pl.col(times[0]).is_not_null())
    moments = timed[times[0]].to_physical().to_numpy()
    if len(timed) < _FEWEST_ROWS or moments.min() == moments.max():
        return []
    edges = np.unique(np.sort(moments)[len(moments) * np.arange(1, QUARTERS) // QUARTERS])
    quarter = np.searchsorted(edges, moments, side="right")
    return [*_answers(timed[schema.target.name], quarter, schema), *_appearing(timed, quarter, schema)]


def _answers(values: pl.Series, quarter: np.ndarray, schema: Schema) -> list[Finding]:
    if schema.task == "regression":
        return _means(values.cast(pl.Float64).to_numpy(), quarter, values.name)
    names = values.cast(pl.String)
    classes = names.unique().sort().to_list()
    codes = names.cast(pl.Enum(classes)).to_physical().to_numpy()
    table = np.array([np.bincount(codes[quarter == q], minlength=len(classes)) for q in np.unique(quarter)])
    if min(table.shape) < 2:
        return []
    chi2, chance, *_ = stats.chi2_contingency(table)
    if schema.task == "multiclass":
        moved = float(np.sqrt(chi2 / table.sum() / (min(table.shape) - 1)))
        return [_mix(moved, values.name)] if chance < BY_CHANCE and moved >= MIX_MOVES else []
    labels = schema.labels or tuple(classes)
    rates = table[:, classes.index(labels[1]) if labels[1] in classes else 1] / table.sum(axis=1)
    overall = float(np.average(rates, weights=table.sum(axis=1)))
    moved = float(rates.max() - rates.min()) / max(min(overall, 1 - overall), 1e-12)
    words = [share(rate) for rate in rates]
    what = f"The share of {values.name} = '{labels[1]}'"
    return [_moved(what, words, moved, values.name)] if chance < BY_CHANCE and moved >= RATE_MOVES else []


def _means(values: np.ndarray, quarter: np.ndarray, target: str) -> list[Finding]:
    parts = [values[quarter == q] for q in np.unique(quarter)]
    means = np.array([part.mean() for part in parts])
    moved = float((means.max() - means.min()) / values.std()) if values.std() > 0 else 0.0
    if len(parts) < 2 or moved < MEAN_MOVES or stats.f_oneway(*parts).pvalue >= BY_CHANCE:
        return []
    return [_moved(f"The mean of `{target}`", [figure(float(mean)) for mean in means], moved, target)]


def _moved(what: str, words: list[str], moved: float, target: str) -> Finding:
    return Finding(
        "answers-drift",
        "warn",
        target,
        f"{what} moves over time: {', '.join(words)} from the oldest to the newest quarter of the rows.",
        {"moved": moved},
        "Ask whether this is a trend or a season; expect it to go on in production, and plan to train again.",
    )


def _mix(moved: float, target: str) -> Finding:
    return Finding(
        "answers-drift",
        "warn",
        target,
        f"The mix of classes in `{target}` moves over time (Cramér's V {figure(moved, digits=2)}).",
        {"moved": moved},
        "Ask whether this is a trend or a season; expect it to go on in production, and plan to train again.",
    )


def _appearing(frame: pl.DataFrame, quarter: np.ndarray, schema: Schema) -> list[Finding]:
    """Return a finding about columns that begin or end within the time of the rows."""
    oldest, newest = quarter == quarter.min(), quarter == quarter.max()
    changed = []
    for column in schema.with_role("feature"):
        if column.name in frame.columns and frame[column.name].null_count():
            gap = frame[column.name].is_null().to_numpy()
            if abs(gap[oldest].mean() - gap[newest].mean()) > 0.5:
                changed.append(column.name)
    if not changed:
        return []
    return [
        Finding(
            "filled-in-differently",
            "warn",
            only(changed),
            f"Far more values are missing at one end of the time than at the other: {columns_of(changed)}.",
            {"columns": len(changed)},
            "Ask when these columns began or ended; exclude those that will not be filled in from now on.",
        )
    ]
