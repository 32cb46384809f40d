"""Numbers and dates that may stand for "missing": 999, -1, 1900-01-01. They are reported, never changed unasked.

A value is suspected when it looks made up, lies far outside the others, and comes again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import chain

import polars as pl

from milepost.data.findings import Finding
from milepost.data.schema import Column
from milepost.ground.text import counted, figure, listed, share

LEAST_ROWS = 5  # a suspect that comes less often may be an honest outlier
_MADE_UP = frozenset(
    float(value)
    for value in chain(
        (sign * int(digit * length) for sign in (1, -1) for digit in "9" for length in range(2, 10)),
        (sign * (10**length - back) for sign in (1, -1) for length in range(2, 7) for back in (2, 3)),  # 98, 97, 998, …
        (int(digit * length) for digit in "78" for length in range(2, 6)),
        (-1, -2, -9, -7, -8, 12345, -12345, 123456789, 2147483647, -2147483648, 32767, -32768, 65535),
    )
)
_MADE_UP_DAYS = frozenset(
    [date(1, 1, 1), date(1000, 1, 1), date(1753, 1, 1), date(1800, 1, 1), date(1899, 12, 30), date(1899, 12, 31),
     date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(2038, 1, 19), date(2050, 12, 31), date(2099, 1, 1),
     date(2099, 12, 31), date(2100, 1, 1), date(2222, 2, 2), date(2999, 12, 31), date(9999, 1, 1), date(9999, 12, 31)]
)  # fmt: skip


def find_sentinels(sample: pl.DataFrame, columns: Iterable[Column], rows: int) -> tuple[Finding, ...]:
    """Return a finding for each column with values that may stand for missing.

    Args:
        sample: rows of the understood table, spread over it.
        columns: its columns.
        rows: how many rows the whole table has.
    """
    found = []
    for column in columns:
        if column.kind in ("number", "time") and column.name in sample.columns:
            values = sample[column.name].drop_nulls()
            suspects = _suspects(values) if column.kind == "number" else _suspect_days(values)
            if suspects:
                found.append(_finding(column, suspects, sample.height, rows))
    return tuple(found)


def _suspects(values: pl.Series) -> dict[str, int]:
    """Return suspicious numbers with how often they come."""
    numbers = values.cast(pl.Float64)
    made_up = numbers.is_in(sorted(_MADE_UP))
    rest = numbers.filter(~made_up)
    if not made_up.any() or rest.len() < LEAST_ROWS:
        return {}
    lo, hi = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
    far = (hi - lo) / 2
    counts = numbers.filter(made_up).value_counts(sort=True, name="__rows__").iter_rows()
    return {
        figure(value, digits=9).replace(",", ""): times
        for value, times in counts
        if times >= LEAST_ROWS and (value < lo - far or value > hi + far or value < 0 <= lo)
    }


def _suspect_days(values: pl.Series) -> dict[str, int]:
    """Return suspicious days with how often they come."""
    days = values.cast(pl.Date) if values.dtype == pl.Date else values.dt.replace_time_zone(None).cast(pl.Date)
    made_up = days.is_in(sorted(_MADE_UP_DAYS))
    rest = days.filter(~made_up)
    if not made_up.any() or rest.len() < LEAST_ROWS:
        return {}
    honest: list[date] = rest.to_list()
    lo, hi = min(honest), max(honest)
    far = (hi - lo) / 2
    counts = days.filter(made_up).value_counts(sort=True, name="__rows__").iter_rows()
    return {str(day): n for day, n in counts if n >= LEAST_ROWS and (lo - day > far or day - hi > far)}


def _finding(column: Column, suspects: dict[str, int], sampled: int, rows: int) -> Finding:
    part = sum(suspects.values()) / sampled
    named = listed(list(suspects))
    about = "" if sampled == rows else "about "
    says = f"{named} may stand for missing: far from all other values, in {about}{counted(round(part * rows), 'row')}"
    return Finding(
        "possible-sentinel", "warn", column.name, f"{says} ({share(part)}).",
        {"share": part, "values": named},
        f'If so, write {column.name} = "{" and ".join(suspects)} {"is" if len(suspects) == 1 else "are"} missing" '
        "in data.repairs.",
    )  # fmt: skip
