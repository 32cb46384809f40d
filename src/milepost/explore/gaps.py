"""Missing values: how many, which come together, and whether a gap says something about the answer."""

from __future__ import annotations

import numpy as np
import polars as pl

from milepost.data.findings import Finding
from milepost.data.leaks import MISSING
from milepost.data.power import Bench, power
from milepost.data.schema import Schema
from milepost.explore.several import columns_of, measured, only
from milepost.ground.text import counted, figure, share, some_share

MOSTLY = 0.5  # share of rows without a value
TELLS = 0.2  # strength of the gaps alone, up to the level of a leak
FEWEST_TOGETHER = 10  # rows


def about_gaps(frame: pl.DataFrame, schema: Schema, rows: Bench | None) -> list[Finding]:
    """Return what missing values show.

    Args:
        frame: development rows.
        schema: what the columns are.
        rows: what to measure the strength of gaps on; None where there are too few rows.
    """
    names = [column.name for column in schema.with_role("feature") if column.name in frame.columns]
    shares = {name: frame[name].null_count() / len(frame) for name in names}
    shares = dict(sorted(((name, s) for name, s in shares.items() if s > 0), key=lambda item: -item[1]))
    if not shares:
        return []
    mostly = [name for name, value in shares.items() if value >= MOSTLY]
    some = {name: value for name, value in shares.items() if value < MOSTLY}
    return [
        *_mostly(shares, mostly),
        *_some(some, len(names), "more " if mostly else ""),
        *_together(frame, shares),
        *_telling(shares, rows),
    ]


def _some(shares: dict[str, float], features: int, more: str) -> list[Finding]:
    if not shares:
        return []
    many = counted(len(shares), f"{more}column has", f"{more}columns have")
    listing = measured({name: some_share(value) for name, value in shares.items()})
    evidence: dict[str, float | int | str] = {"columns": len(shares), "largest_share": next(iter(shares.values()))}
    return [
        Finding(
            "missing-values",
            "note",
            only(list(shares)),
            f"{many} missing values (of {features}): {listing}. Models fill them in and are told that they did.",
            evidence,
        )
    ]


def _mostly(shares: dict[str, float], mostly: list[str]) -> list[Finding]:
    if not mostly:
        return []
    listing = measured({name: share(shares[name]) for name in mostly})
    return [
        Finding(
            "mostly-missing",
            "warn",
            only(mostly),
            f"At least half of the values are missing: {listing}.",
            {"columns": len(mostly), "largest_share": shares[mostly[0]]},
            "Check that they will be filled in when predicting as they are here; exclude them if not.",
        )
    ]


def _together(frame: pl.DataFrame, shares: dict[str, float]) -> list[Finding]:
    """Return a finding for each set of columns that are missing in exactly the same rows."""
    masks: dict[bytes, list[str]] = {}
    for name, value in shares.items():
        if value * len(frame) >= FEWEST_TOGETHER and value < 1:
            masks.setdefault(np.packbits(frame[name].is_null().to_numpy()).tobytes(), []).append(name)
    return [
        Finding(
            "missing-together",
            "note",
            None,
            f"{columns_of(names)} are missing in the same {counted(frame[names[0]].null_count(), 'row')}: they "
            "probably come from one source.",
            {"columns": len(names), "rows": frame[names[0]].null_count()},
        )
        for names in masks.values()
        if len(names) > 1
    ]


def _telling(shares: dict[str, float], rows: Bench | None) -> list[Finding]:
    if rows is None:
        return []
    strengths = {name: power(rows, rows.frame[name].is_null()) for name, value in shares.items() if value < 1}
    telling = {name: value for name, value in strengths.items() if TELLS <= value < MISSING}
    if not telling:
        return []
    names = sorted(telling, key=lambda name: -telling[name])
    listing = measured({name: f"strength {figure(telling[name], digits=2)} of 1" for name in names})
    return [
        Finding(
            "missing-tells",
            "note",
            only(names),
            f"Whether a value is missing says something about the answer: {listing}.",
            {"columns": len(names), "power": telling[names[0]]},
            "Ask why it is missing, and whether that will be so when predicting.",
        )
    ]
