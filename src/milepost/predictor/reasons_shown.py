"""How reasons are shown: for each row a document, for a table columns.

row    {"reasons": [{"input": "contract", "value": "Monthly", "contribution": 0.7, "change": 0.15}, …],
        "margin": {"scale": "log-odds", "of": "Yes", "base": -1.2, "others": 0.1, "total": -0.4}}
table  reason_1 · reason_1_contribution · reason_1_change · reason_2 … margin_base · margin_others · margin_total
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.reasons import NO_INPUT, Reasons

if TYPE_CHECKING:
    import polars as pl


def reason_rows(reasons: Reasons, values: pl.DataFrame, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return the reasons of each row as a document: {"reasons": [{…}, …], "margin": {…}}.

    Args:
        reasons: of rows.
        values: what was understood of the same rows, a column for each input.
        labels: class names in index order.
    """
    columns = [values.get_column(name).to_list() for name in reasons.inputs]
    return [_document(reasons, columns, row, labels) for row in range(len(reasons.total))]


def reason_table(reasons: Reasons) -> pl.DataFrame:
    """Return reasons as columns: reason_1, reason_1_contribution, reason_1_change, …, then the parts of the margin."""
    import polars as pl

    names = np.array([*reasons.inputs, None], dtype=object)
    columns: list[pl.Series] = []
    for place in range(reasons.places.shape[1]):
        told = reasons.places[:, place] != NO_INPUT
        at = f"reason_{place + 1}"
        columns.append(pl.Series(at, names[reasons.places[:, place]].tolist(), dtype=pl.String))
        columns += [
            _where(told, pl.Series(f"{at}_{name}", np.ascontiguousarray(numbers[:, place])))
            for name, numbers in (("contribution", reasons.contributions), ("change", reasons.changes))
        ]
    known = np.isfinite(reasons.total)
    margin = {"margin_base": reasons.base, "margin_others": reasons.others, "margin_total": reasons.total}
    return pl.DataFrame([*columns, *(_where(known, pl.Series(name, part)) for name, part in margin.items())])


def _document(reasons: Reasons, columns: Sequence[list[Any]], row: int, labels: Sequence[str]) -> dict[str, Any]:
    if not math.isfinite(reasons.total[row]):
        return {"reasons": [], "margin": None}
    numbers = (each[row].tolist() for each in (reasons.places, reasons.contributions, reasons.changes))
    told = [
        {
            "input": reasons.inputs[place],
            "value": _known(columns[place][row]),
            "contribution": contribution,
            "change": change,
        }
        for place, contribution, change in zip(*numbers, strict=True)
        if place != NO_INPUT
    ]
    of = {} if reasons.of is None else {"of": labels[reasons.of[row]]}
    parts = {name: float(getattr(reasons, name)[row]) for name in ("base", "others", "total")}
    return {"reasons": told, "margin": {"scale": reasons.scale, **of, **parts}}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _where(told: np.ndarray, values: pl.Series) -> pl.Series:
    import polars as pl

    return values if told.all() else values.set(pl.Series(~told), None)
