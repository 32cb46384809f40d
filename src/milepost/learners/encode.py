"""Learn from training rows how columns become numbers; the blocks are what the predictor replays.

style "linear":  numbers filled and scaled, and once more with their tail drawn in; an indicator of missing; levels
                 one-hot
style "curves":  as linear, but each number is cut into pieces instead, so that a sum of them is a line with bends
style "levels":  numbers as they are; levels one-hot, so that a small tree reads well
style "codes":   numbers as they are; levels as integer codes that boosted trees split by set
Categories with more levels than a style takes become smoothed target means, cross-fitted on the training rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import polars as pl

from milepost.data.schema import Column
from milepost.ground.seeds import derived
from milepost.predictor.encode import block_width, encode_table

Style = Literal["linear", "curves", "levels", "codes"]
Block = dict[str, Any]

MOST_LEVELS = {"linear": 40, "curves": 40, "levels": 15, "codes": 150}
FEWEST_ROWS = {"linear": 10, "curves": 10, "levels": 10, "codes": 5}  # rarer levels share one column or code
SMOOTHING_ROWS = 20.0  # a level's target mean counts this many rows of the overall mean
MEANS_FOLDS = 5
USUAL_SHARES = (0.001, 0.999)
REACH = 0.5  # a sum follows a number as far as half its usual range beyond it; a typing error no further
LARGEST = float(np.finfo(np.float32).max)  # numbers beyond would overflow when squared
MOST_BENDS = 9  # of a line, at equally spaced quantiles
ROWS_PER_BEND = 50
FEWEST_VALUES_TO_BEND = 10
PIECE_SCALE = 2.0  # pieces are scaled down, so that the same penalty bends a line four times less readily than it tilts
PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year")
CYCLE_DAYS = {  # from the first unit of a cycle to its last one
    "quarter": 364, "month": 364, "day_of_year": 364, "day": 30, "weekday": 6, "hour": 23 / 24, "minute": 59 / 1440,
}  # fmt: skip
WAVES = (("day_of_year", 365.25), ("weekday", 7.0), ("hour", 24.0))


@dataclass(frozen=True, slots=True)
class Encoding:
    """What was learned, and the training rows seen through it.

    Attributes:
        blocks: the predictor's encoding blocks.
        matrix: the training rows, shape (rows, columns); target means are cross-fitted.
        sources: name of the table's column behind each encoded column.
        categorical: positions of the encoded columns that hold integer codes.
        views: positions of the encoded columns that one linear fit sees; two where numbers are there in two ways, so
            that one fit sees them as they are, the other with their tails drawn in.
    """

    blocks: tuple[Block, ...]
    matrix: np.ndarray
    sources: tuple[str, ...]
    categorical: tuple[int, ...]
    views: tuple[np.ndarray, ...]


def learn_encoding(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    style: Style,
    targets: np.ndarray,
    zone: str | None = None,
    span_days: float | None = None,
    seed: int = 0,
) -> Encoding:
    """Return the encoding of columns learned from the rows of frame.

    Args:
        frame: training rows.
        columns: the features to encode, kinds number, flag, category or time.
        style: see the module.
        targets: what target means are means of, shape (rows, outputs): the value, or one 0/1 column for each class.
        zone: time zone in which hours and weekdays are read; None is UTC.
        span_days: that the time of prediction covers; None: as in frame. A fold is told that of all rows, so that it
            takes the same parts of the time as the last fit.
        seed: of the cross-fitting of target means.
    """
    blocks: list[Block] = []
    sources: list[str] = []
    cross_fitted: dict[int, np.ndarray] = {}
    categorical: list[int] = []
    for column in columns:
        for block in _blocks_of(frame, column, style, targets, zone, span_days):
            at = len(sources)
            blocks.append(block)
            sources.extend([column.name] * block_width(block))
            if block["op"] == "codes":
                categorical.append(at)
            elif block["op"] == "means":
                cross_fitted[at] = _cross_fitted_means(frame[column.name], block, targets, seed)
    matrix = encode_table(frame, blocks)
    for at, values in cross_fitted.items():
        matrix[:, at : at + values.shape[1]] = values
    return Encoding(tuple(blocks), matrix, tuple(sources), tuple(categorical), _views(blocks))


def _views(blocks: Sequence[Block]) -> tuple[np.ndarray, ...]:
    """Return the columns of all blocks; or, where numbers are there in two ways, those of each way."""
    twice = {block["column"] for block in blocks if block["op"] == "saturating"}
    way = [block["op"] if block["column"] in twice else "" for block in blocks for _ in range(block_width(block))]
    every = np.arange(len(way))
    if not twice:
        return (every,)
    ways = np.array(way)
    return every[ways != "saturating"], every[ways != "number"]


def _blocks_of(
    frame: pl.DataFrame, column: Column, style: Style, targets: np.ndarray, zone: str | None, span_days: float | None
) -> Iterator[Block]:
    if column.kind in ("number", "flag"):
        yield from _number_blocks(frame[column.name], style)
    elif column.kind == "category":
        yield from _category_blocks(frame[column.name], style, targets)
    elif column.kind == "time":
        yield from _time_blocks(frame, column, style, zone, span_days)


def _number_blocks(values: pl.Series, style: Style) -> Iterator[Block]:
    block: Block = {"op": "number", "column": values.name, "fill": None, "lo": None, "hi": None}
    numbers = values.cast(pl.Float64).to_numpy()
    missing = np.isnan(numbers)
    seen = np.clip(numbers[~missing], -LARGEST, LARGEST)
    if style in ("levels", "codes"):
        if seen.size and (missing.any() or seen.min() != seen.max()):
            yield {**block, "shift": 0.0, "scale": 1.0}
        return
    if seen.size and seen.min() != seen.max():
        fill = float(np.median(seen))
        filled = np.where(missing, fill, numbers)
        for lo, hi, shrink in _pieces(seen, style):
            clipped = np.clip(filled, lo, hi)
            scale = float(clipped.std()) * shrink
            if scale > 0:
                yield {**block, "fill": fill, "lo": lo, "hi": hi, "shift": float(clipped.mean()), "scale": scale}
        if style == "linear" and np.unique(seen).size >= FEWEST_VALUES_TO_BEND:
            yield from _saturating_blocks(values.name, seen, filled, fill)
    if missing.any() and not missing.all():
        yield {"op": "missing", "column": values.name}


def _pieces(seen: np.ndarray, style: Style) -> Iterator[tuple[float, float, float]]:
    """Yield (from, to, shrinking) of the whole line, then of the pieces between its bends.

    A number clipped to a piece grows along that piece and is flat elsewhere; weighted sums of such columns are the
    lines with bends (linear splines).
    """
    first, last, reach = _usual_range(seen)
    yield first - reach, last + reach, 1.0
    if style != "curves" or np.unique(seen).size < FEWEST_VALUES_TO_BEND:
        return
    parts = 1 + min(max(len(seen) // ROWS_PER_BEND, 1), MOST_BENDS)
    bends = np.unique(np.quantile(seen, np.arange(1, parts) / parts, method="nearest"))
    bends = bends[(bends > first) & (bends < last)]
    if bends.size:
        yield from ((lo, hi, PIECE_SCALE) for lo, hi in pairwise([first - reach, *bends.tolist(), last + reach]))


def _usual_range(seen: np.ndarray) -> tuple[float, float, float]:
    """Return where usual values begin and end, and how far beyond a sum still follows them."""
    first, last = (float(edge) for edge in np.quantile(seen, USUAL_SHARES, method="nearest"))
    return first, last, REACH * (last - first)


def _saturating_blocks(column: str, seen: np.ndarray, filled: np.ndarray, fill: float) -> Iterator[Block]:
    """Yield the block for a number whose longer tail is drawn in, unless it hardly varies.

    The distance d from the end of the shorter tail becomes d / (d + half), which is 1/2 at the median and reaches 1
    nowhere, so that the largest values of a skewed number no longer rule the fit.
    """
    (first, last, reach), mean, median = _usual_range(seen), float(seen.mean()), float(np.median(seen))
    is_right = float(((seen - mean) ** 3).mean()) >= 0
    lo, hi, origin = (first, last + reach, first) if is_right else (first - reach, last, last)
    half = abs(median - origin) or abs(mean - origin)
    if half == 0:
        return
    distance = np.abs(np.clip(filled, lo, hi) - origin)
    share = distance / (distance + half)
    if share.std() > 0:
        edges = {"fill": fill, "lo": lo, "hi": hi, "origin": origin, "half": half}
        scaling = {"shift": float(share.mean()), "scale": float(share.std())}
        yield {"op": "saturating", "column": column, **edges, **scaling}


def level_texts(values: pl.Series) -> pl.Series:
    """Return categories as the text that the predictor compares: text as it is, 12 as "12", true as "true"."""
    return values.cast(pl.String)


def _category_blocks(values: pl.Series, style: Style, targets: np.ndarray) -> Iterator[Block]:
    texts = level_texts(values)
    counts = texts.drop_nulls().value_counts(name="__rows__").sort(["__rows__", values.name], descending=[True, False])
    common = counts.filter(pl.col("__rows__") >= FEWEST_ROWS[style])[values.name].to_list()
    other = counts.height > len(common)
    has_missing = texts.null_count() > 0
    if len(common) + other + has_missing < 2:
        return
    if len(common) > MOST_LEVELS[style]:
        yield _means_block(texts, targets)
    elif style == "codes":
        yield {"op": "codes", "column": values.name, "levels": sorted(common), "other": other}
    else:
        yield {"op": "one_hot", "column": values.name, "levels": sorted(common), "other": other, "missing": has_missing}


def _means_block(texts: pl.Series, targets: np.ndarray) -> Block:
    levels, codes = _codes(texts)
    sums, rows = _sums(codes, targets, len(levels) + 1)
    prior = targets.mean(axis=0)
    means = (sums + SMOOTHING_ROWS * prior) / (rows + SMOOTHING_ROWS)[:, None]
    return {
        "op": "means",
        "column": texts.name,
        "levels": levels,
        "values": means[:-1].tolist(),
        "otherwise": prior.tolist(),
        "missing": means[-1].tolist(),
    }


def _cross_fitted_means(values: pl.Series, block: Block, targets: np.ndarray, seed: int) -> np.ndarray:
    """Return each row's target mean from the other rows' targets, shape (rows, outputs)."""
    levels, codes = _codes(level_texts(values))
    size = len(levels) + 1
    part = np.random.default_rng(derived(seed, "means", values.name)).integers(0, MEANS_FOLDS, len(codes))
    sums, rows = _sums(codes * MEANS_FOLDS + part, targets, size * MEANS_FOLDS)
    by_part = sums.reshape(size, MEANS_FOLDS, -1)
    rows_by_part = rows.reshape(size, MEANS_FOLDS)
    others = by_part.sum(axis=1, keepdims=True) - by_part
    other_rows = rows_by_part.sum(axis=1, keepdims=True) - rows_by_part
    prior = np.asarray(block["otherwise"])
    means = (others + SMOOTHING_ROWS * prior) / (other_rows + SMOOTHING_ROWS)[:, :, None]
    return np.asarray(means[codes, part])


def _codes(texts: pl.Series) -> tuple[list[str], np.ndarray]:
    """Return the levels in alphabetical order and each row's position among them; a missing one comes last."""
    levels: list[str] = texts.drop_nulls().unique().sort().to_list()
    codes = texts.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(len(levels))
    return levels, codes.to_numpy()


def _sums(codes: np.ndarray, targets: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each code the sums of targets, shape (size, outputs), and the number of rows."""
    sums = np.stack([np.bincount(codes, weights=column, minlength=size) for column in targets.T], axis=1)
    return sums, np.bincount(codes, minlength=size).astype(float)


def _time_blocks(
    frame: pl.DataFrame, column: Column, style: Style, zone: str | None, span_days: float | None
) -> Iterator[Block]:
    """Yield calendar parts that vary; the moment itself only for times other than that of the prediction.

    The time of prediction grows for ever: a model that splits on it learns nothing about the future. A part of it tells
    something only once its cycle has been seen from end to end: nine months say nothing about the other three.
    """
    parts = PARTS if column.dtype == "datetime" else tuple(part for part in PARTS if part not in ("hour", "minute"))
    if column.role == "time":
        days = span_of(frame[column.name]) if span_days is None else span_days
        parts = tuple(part for part in parts if part in CYCLE_DAYS and days >= CYCLE_DAYS[part])
    else:
        parts = (*parts, "days")
    raw = [{"op": "time_part", "column": column.name, "part": part, "zone": zone} for part in parts]
    plain = [{**block, "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0} for block in raw]
    seen = encode_table(frame, plain)
    for at, block in enumerate(plain):
        values = seen[:, at]
        missing = np.isnan(values)
        known = values[~missing]
        if not known.size or known.min() == known.max():
            continue
        if style in ("levels", "codes"):
            yield block
        else:
            fill = float(np.median(known))
            filled = np.where(missing, fill, values)
            edges = {"lo": float(known.min()), "hi": float(known.max())}  # a year to come is like the last one seen
            yield {**block, **edges, "fill": fill, "shift": float(filled.mean()), "scale": float(filled.std())}
    if style in ("linear", "curves"):
        varying = {part for at, part in enumerate(parts) if np.unique(seen[~np.isnan(seen[:, at]), at]).size > 2}
        for part, period in WAVES:
            if part in varying:
                for wave in ("sin", "cos"):
                    yield {**_wave(column.name, part, zone), "period": period, "wave": wave}


def span_of(times: pl.Series) -> float:
    """Return how many days lie between the first and the last of the times."""
    moments = times.cast(pl.Datetime("us")).drop_nulls()
    return float((moments.max() - moments.min()).total_seconds()) / 86_400 if len(moments) else 0.0  # type: ignore[operator, union-attr]


def _wave(column: str, part: str, zone: str | None) -> Block:
    return {"op": "time_wave", "column": column, "part": part, "zone": zone}
