"""From columns to the numbers that models take, for one row and for a table: the same bits.

block   {"op": "one_hot", "column": "contract", "levels": ["Monthly", "One year"], "other": true, "missing": false}
table   contract = One year  ->  ... 0.0 1.0 0.0 ...

Each block yields one or more float64 columns; blocks follow one another. What a level means: text as it is; a number by
its value ("12" is 12.0); true and false as "true" and "false".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.predictor.levels import MISSING, UNKNOWN, Levels, numbers_of
from milepost.predictor.times import part_of_column, part_of_value

if TYPE_CHECKING:
    import polars as pl

Block = Mapping[str, Any]
Values = Mapping[str, object]  # one row: column name -> float, bool, str, date, aware datetime, or None
WriteRow = Callable[[Values, list[float]], None]

_NAN = math.nan


def block_width(block: Block) -> int:
    """Return how many columns a block yields."""
    if block["op"] == "one_hot":
        return len(block["levels"]) + bool(block["other"]) + bool(block["missing"])
    return len(block["otherwise"]) if block["op"] == "means" else 1


def width_of(blocks: Sequence[Block]) -> int:
    """Return how many columns blocks yield in all."""
    return sum(block_width(block) for block in blocks)


def encode_table(frame: pl.DataFrame, blocks: Sequence[Block]) -> np.ndarray:
    """Return the encoded rows of frame, float64 in row order, shape (rows, columns).

    Args:
        frame: holds each block's column; numbers of any dtype, text, flags, dates, UTC moments.
        blocks: how columns are encoded, in order.
    """
    matrix = np.empty((frame.height, width_of(blocks)))
    at = 0
    with np.errstate(over="ignore", invalid="ignore"):  # a number too large is infinite, as it is in a row
        for block in blocks:
            width = block_width(block)
            _COLUMN_WRITERS[block["op"]](frame.get_column(block["column"]), block, matrix[:, at : at + width])
            at += width
    return matrix


def compile_row(blocks: Sequence[Block]) -> Callable[[Values], list[float]]:
    """Return the function from one row's values to its encoded numbers; threads may share it."""
    writers: list[WriteRow] = []
    plain: list[tuple[int, str]] = []
    at = 0
    for block in blocks:
        if block["op"] == "number" and _is_plain(block):
            plain.append((at, block["column"]))
        else:
            writers.append(_ROW_WRITERS[block["op"]](block, at))
        at += block_width(block)
    width = at

    def encode(values: Values) -> list[float]:
        row = [_NAN] * width
        for position, column in plain:
            value = values[column]
            if value is not None:
                row[position] = value  # type: ignore[call-overload]
        for write in writers:
            write(values, row)
        return row

    return encode


def _is_plain(block: Block) -> bool:
    """Return whether a number is taken as it is; (v - 0) / 1 has the bits of v."""
    edges = block["fill"], block["lo"], block["hi"]
    return edges == (None, None, None) and block["shift"] == 0 and block["scale"] == 1


# number


def _write_numbers(values: pl.Series, block: Block, out: np.ndarray) -> None:
    out[:, 0] = _scaled(numbers_of(values), block)


def _scaled(numbers: np.ndarray, block: Block) -> np.ndarray:
    """Return numbers filled, held between the edges and scaled."""
    return np.asarray((_held(numbers, block) - block["shift"]) / block["scale"])


def _held(numbers: np.ndarray, block: Block) -> np.ndarray:
    """Return numbers filled and held between the edges."""
    if block["fill"] is not None:
        numbers = np.where(np.isnan(numbers), block["fill"], numbers)
    if block["lo"] is not None:
        numbers = np.where(numbers < block["lo"], block["lo"], numbers)
    if block["hi"] is not None:
        numbers = np.where(numbers > block["hi"], block["hi"], numbers)
    return numbers


def _row_number(block: Block, at: int) -> WriteRow:
    column, shift, scale = block["column"], float(block["shift"]), float(block["scale"])
    held = _held_of_row(block)

    def write(values: Values, row: list[float]) -> None:
        row[at] = (held(values[column]) - shift) / scale

    return write


def _held_of_row(block: Block) -> Callable[[Any], float]:
    """Return the function that fills one number and holds it between the edges."""
    fill, lo, hi = float_edges(block)

    def held(value: float | None) -> float:
        number = fill if value is None else value
        if number < lo:
            return lo
        return hi if number > hi else number

    return held


def float_edges(block: Block) -> tuple[float, float, float]:
    """Return what stands for a missing number, and the edges that hold the others."""
    bounds = zip(("fill", "lo", "hi"), (_NAN, -math.inf, math.inf), strict=True)
    fill, lo, hi = (otherwise if block[key] is None else float(block[key]) for key, otherwise in bounds)
    return fill, lo, hi


# a number whose tail is drawn in: its distance d from one end becomes d / (d + half)


def _write_saturating(values: pl.Series, block: Block, out: np.ndarray) -> None:
    distance = np.abs(_held(numbers_of(values), block) - block["origin"])
    out[:, 0] = (distance / (distance + block["half"]) - block["shift"]) / block["scale"]


def _row_saturating(block: Block, at: int) -> WriteRow:
    column, shift, scale = block["column"], float(block["shift"]), float(block["scale"])
    origin, half, held = float(block["origin"]), float(block["half"]), _held_of_row(block)

    def write(values: Values, row: list[float]) -> None:
        distance = abs(held(values[column]) - origin)
        row[at] = (distance / (distance + half) - shift) / scale

    return write


# missing


def _write_missing(values: pl.Series, block: Block, out: np.ndarray) -> None:  # noqa: ARG001  as the other writers
    out[:, 0] = _is_missing(values)


def _row_missing(block: Block, at: int) -> WriteRow:
    column = block["column"]

    def write(values: Values, row: list[float]) -> None:
        row[at] = 1.0 if values[column] is None else 0.0

    return write


def _is_missing(values: pl.Series) -> np.ndarray:
    missing = values.is_null()
    return (missing | values.is_nan() if values.dtype.is_float() else missing).to_numpy()


# levels


def _write_one_hot(values: pl.Series, block: Block, out: np.ndarray) -> None:
    positions = Levels.of(block["levels"]).positions(values)
    unknown, missing = one_hot_places(block)
    positions = np.where(positions == UNKNOWN, unknown, np.where(positions == MISSING, missing, positions))
    out[:] = 0.0
    rows = np.flatnonzero(positions >= 0)
    out[rows, positions[rows]] = 1.0


def _row_one_hot(block: Block, at: int) -> WriteRow:
    column, places = block["column"], Levels.of(block["levels"]).for_rows()
    unknown, missing = one_hot_places(block)
    stop, zeros = at + block_width(block), [0.0] * block_width(block)

    def write(values: Values, row: list[float]) -> None:
        value = values[column]
        place = missing if value is None else places.get(value, unknown)
        row[at:stop] = zeros
        if place >= 0:
            row[at + place] = 1.0

    return write


def one_hot_places(block: Block) -> tuple[int, int]:
    """Return the columns of a block for unknown and for missing values; -1 is none."""
    levels = len(block["levels"])
    unknown = levels if block["other"] else -1
    return unknown, levels + bool(block["other"]) if block["missing"] else unknown


def _write_codes(values: pl.Series, block: Block, out: np.ndarray) -> None:
    positions = Levels.of(block["levels"]).positions(values)
    unknown = float(len(block["levels"])) if block["other"] else _NAN
    known = np.where(positions >= 0, positions, _NAN)
    out[:, 0] = np.where(positions == UNKNOWN, unknown, known)


def _row_codes(block: Block, at: int) -> WriteRow:
    column = block["column"]
    codes = {key: float(place) for key, place in Levels.of(block["levels"]).for_rows().items()}
    unknown = float(len(block["levels"])) if block["other"] else _NAN

    def write(values: Values, row: list[float]) -> None:
        value = values[column]
        if value is not None:
            row[at] = codes.get(value, unknown)

    return write


def _write_means(values: pl.Series, block: Block, out: np.ndarray) -> None:
    positions = Levels.of(block["levels"]).positions(values)  # -1 and -2 count from the end
    out[:] = np.array([*block["values"], block["missing"], block["otherwise"]], dtype=np.float64)[positions]


def _row_means(block: Block, at: int) -> WriteRow:
    column, stop = block["column"], at + block_width(block)
    otherwise: list[float] = block["otherwise"]
    missing: list[float] = block["missing"]
    means = {key: block["values"][place] for key, place in Levels.of(block["levels"]).for_rows().items()}

    def write(values: Values, row: list[float]) -> None:
        value = values[column]
        row[at:stop] = missing if value is None else means.get(value, otherwise)

    return write


# times


def _write_time_part(values: pl.Series, block: Block, out: np.ndarray) -> None:
    out[:, 0] = _scaled(part_of_column(values, block["part"], block["zone"]), block)


def _row_time_part(block: Block, at: int) -> WriteRow:
    column, part = block["column"], part_of_value(block["part"], block["zone"])
    shift, scale, held = float(block["shift"]), float(block["scale"]), _held_of_row(block)

    def write(values: Values, row: list[float]) -> None:
        value = values[column]
        row[at] = (held(None if value is None else float(part(value))) - shift) / scale

    return write


def _write_time_wave(values: pl.Series, block: Block, out: np.ndarray) -> None:
    numbers = part_of_column(values, block["part"], block["zone"])
    angles = np.ascontiguousarray(2.0 * math.pi * numbers / block["period"])
    out[:, 0] = np.where(np.isnan(numbers), 0.0, _WAVES[block["wave"]](angles))


def _row_time_wave(block: Block, at: int) -> WriteRow:
    column, part = block["column"], part_of_value(block["part"], block["zone"])
    period, wave = float(block["period"]), _WAVES[block["wave"]]

    def write(values: Values, row: list[float]) -> None:
        value = values[column]
        row[at] = 0.0 if value is None else float(wave(2.0 * math.pi * part(value) / period))

    return write


_WAVES = {"sin": np.sin, "cos": np.cos}
_COLUMN_WRITERS: dict[str, Callable[[pl.Series, Block, np.ndarray], None]] = {
    "number": _write_numbers,
    "saturating": _write_saturating,
    "missing": _write_missing,
    "one_hot": _write_one_hot,
    "codes": _write_codes,
    "means": _write_means,
    "time_part": _write_time_part,
    "time_wave": _write_time_wave,
}
_ROW_WRITERS: dict[str, Callable[[Block, int], WriteRow]] = {
    "number": _row_number,
    "saturating": _row_saturating,
    "missing": _row_missing,
    "one_hot": _row_one_hot,
    "codes": _row_codes,
    "means": _row_means,
    "time_part": _row_time_part,
    "time_wave": _row_time_wave,
}
