"""What of a row is never written to the log: columns that are dropped, hashed with a key, or rounded to buckets.

rules    {"phone": "drop", "customer": "hash", "income": "bucket 5000", "born": "bucket 365d"}
asked    phone "+49 …"   customer "c-81"               income 41250   born 1980-05-17
logged   –               customer "9f86d081884c7d65"   income 40000   born 1979-12-30

One row and a million give the same values. Buckets are counted from 0, and from 1970.
"""

from __future__ import annotations

import hmac
import json
import math
import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from milepost.data.schema import Dtype
from milepost.data.writing import number_of, time_of
from milepost.ground.errors import EnvironmentFault
from milepost.ground.files import disk_errors
from milepost.predlog.records import InputSchema, input_schema
from milepost.predlog.redaction_rules import read_rules
from milepost.problem.redaction import Rule

KEY_FILE = "redaction.key"

_KEY_BYTES = 32
_HASH_DIGITS = 16
_EXACT = 2.0**52  # beyond, a floating number has no digits behind the point
_LARGEST = 2**1000  # an integer up to here becomes a float without overflow
_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Scalar = Callable[[Any], Any]  # a value as a journal holds it -> what is logged of it; never called with None


@dataclass(frozen=True, slots=True)
class Redaction:
    """The rules of one log, made ready for the inputs of one bundle.

    Attributes:
        asked: the inputs as they come.
        logged: the inputs as they are written: dropped ones are gone, hashed ones are text.
        rules: by column.
        key: of the hashes.
        entity_column: name of the entity, "" where there is none.
        time_column: name of the time of a row, "" where there is none.
    """

    asked: InputSchema
    logged: InputSchema
    rules: Mapping[str, Rule]
    key: bytes
    entity_column: str
    time_column: str
    _steps: tuple[tuple[int, Scalar | None], ...]

    def inputs(self, values: Sequence[Any]) -> list[Any]:
        """Return what is logged of one row.

        Args:
            values: canonical values in the order of asked, as a journal holds them.
        """
        return [
            value if step is None or value is None else step(value)
            for value, step in ((values[place], step) for place, step in self._steps)
        ]

    def input_table(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return what is logged of many rows: the columns of logged.

        Args:
            table: the columns of asked, with the types of asked.struct.
        """
        dtypes = dict(self.asked.columns)
        return table.select(
            _column_logged(table[name], dtypes[name], self.rules.get(name), self.key) for name, _ in self.logged.columns
        )

    def entity(self, entity: str | None) -> str | None:
        """Return what is logged of an entity."""
        rule = self.rules.get(self.entity_column)
        if rule is None or entity is None:
            return entity
        return _hashed(entity, "text", self.key) if rule.how == "hash" else None

    def entities(self, entities: pl.Series) -> pl.Series:
        """Return what is logged of entities, text."""
        rule = self.rules.get(self.entity_column)
        if rule is None:
            return entities
        if rule.how == "hash":
            return _column_logged(entities, "text", rule, self.key)
        return pl.Series(entities.name, [None], pl.String()).new_from_index(0, len(entities))

    def time(self, time: int | None) -> int | None:
        """Return what is logged of the time of a row, in microseconds since 1970."""
        rule = self.rules.get(self.time_column)
        return time if rule is None or time is None else _floored(time, rule.width)

    def times(self, times: pl.Series) -> pl.Series:
        """Return what is logged of the times of rows, Datetime in UTC."""
        return _column_logged(times, "datetime", self.rules.get(self.time_column), self.key)

    def context(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is logged of the context columns of one row; what no bucket can hold becomes None.

        Args:
            values: any values that JSON can hold, or times.
        """
        if self.rules.keys().isdisjoint(values):
            return dict(values)
        kept = {name: value for name, value in values.items() if name not in self.rules or not self._drops(name)}
        return {name: self._of_context(name, value) for name, value in kept.items()}

    def contexts(self, texts: pl.Series) -> pl.Series:
        """Return what is logged of the context columns of many rows, each row as JSON text."""

        def redacted(text: str) -> str:
            return json.dumps(self.context(json.loads(text)), ensure_ascii=False, separators=(",", ":"))

        return _mapped(texts, redacted) if self.rules else texts

    def flags(self, flags: Sequence[str]) -> list[str]:
        """Return flags without the values of columns that have a rule."""
        return [self._flag(flag) for flag in flags] if self.rules else list(flags)

    def flag_lists(self, flags: pl.Series) -> pl.Series:
        """Return the flags of many rows, a list for each, without the values of columns that have a rule."""
        if not self.rules:
            return flags
        each = flags.to_frame("flags").with_row_index("row").explode("flags", empty_as_null=False, keep_nulls=False)
        said = each.with_columns(_mapped(each["flags"], self._flag).alias("flags"))
        lists = said.group_by("row", maintain_order=True).agg("flags")
        rows = flags.to_frame("given").with_row_index("row").join(lists, on="row", how="left", maintain_order="left")
        # a row without a flag has an empty list, a row without a list has none
        return rows.select(pl.when(pl.col("given").is_not_null()).then(pl.col("flags").fill_null([]))).to_series()

    def _flag(self, flag: str) -> str:
        for name in self.rules:
            if flag == f"{name} is missing" or flag.startswith(f"{name} is absent: "):
                return flag
            if flag.endswith(f" in {name}"):
                return f"unseen level in {name}"
            if flag.startswith(f"{name} "):
                return f"{name} is {_oddness(flag)}"
        return flag

    def _drops(self, name: str) -> bool:
        return self.rules[name].how == "drop"

    def _of_context(self, name: str, value: Any) -> Any:
        rule = self.rules.get(name)
        if rule is None or value is None:
            return value
        return _hash_of_any(value, self.key) if rule.how == "hash" else _bucket_of_any(value, rule.width)


def compile_redaction(
    rules: Mapping[str, str], asked: InputSchema, key: bytes, *, entity: str = "", time: str = "",
    context: Iterable[str] = (), needed: Collection[str] = (), where: Callable[[str], str] = str,
) -> Redaction:  # fmt: skip
    """Return the rules of a problem file, made ready for the inputs of one bundle.

    Args:
        rules: what is done with each column: "drop", "hash", "bucket 10", "bucket 30d".
        asked: the inputs as they come.
        key: of the hashes; see redaction_key.
        entity: the column of data.id, "" where there is none.
        time: the column of data.time, "" where there is none.
        context: names of the context columns.
        needed: columns that must be logged as they are, because models are trained from the log.
        where: dotted key of the problem file -> its place.

    Raises:
        MilepostError: a rule cannot be read, or does not fit its column; the error names the key.
    """
    dtypes: dict[str, Dtype | None] = {**dict.fromkeys(context), **dict(asked.columns)}
    if entity:
        dtypes.setdefault(entity, "text")
    if time:
        dtypes.setdefault(time, "datetime")
    read = read_rules(rules, dtypes, entity=entity, time=time, needed=needed, where=where)
    steps = tuple(
        (place, _step(dtype, read.get(name), key))
        for place, (name, dtype) in enumerate(asked.columns)
        if name not in read or read[name].how != "drop"
    )
    logged = input_schema(
        (name, "text" if name in read and read[name].how == "hash" else dtype)
        for name, dtype in asked.columns
        if name not in read or read[name].how != "drop"
    )
    return Redaction(asked, logged, read, key, entity, time, steps)


def redaction_key(folder: Path) -> bytes:
    """Return the key of a workspace's hashes, 32 bytes; made by chance when first asked for, for its owner only.

    Raises:
        EnvironmentFault: the disk refused, or the file does not hold a key.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise EnvironmentFault(
            f"The file holds {len(key)} bytes, where a key of {_KEY_BYTES} is expected.",
            where=str(path),
            fix="Restore it from a copy; with another key, the hashes in the log no longer match.",
        )
    return key


def _make_key(path: Path) -> None:
    """Make the file whole, or leave the one that another process made meanwhile."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 from the start
        made = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(secrets.token_bytes(_KEY_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
            try:
                os.link(made, path)
            except FileExistsError:
                return
        finally:
            made.unlink(missing_ok=True)


# one value


def _step(dtype: Dtype, rule: Rule | None, key: bytes) -> Scalar | None:
    if rule is None:
        return None
    if rule.how == "hash":
        return partial(_hashed, dtype=dtype, key=key)
    if dtype in ("integer", "float"):
        return partial(_bucketed, width=float(rule.width))  # type: ignore[arg-type]
    return partial(_floored, width=_units(dtype, rule.width))


def _hashed(value: Any, dtype: Dtype, key: bytes) -> str:
    return hmac.digest(key, _text(value, dtype).encode("utf-8", "surrogatepass"), "sha256").hex()[:_HASH_DIGITS]


def _text(value: Any, dtype: Dtype) -> str:
    """Return a value as one writes it, so that 81 in a column of numbers and the entity "81" have one hash."""
    if dtype == "text":
        return str(value)
    if dtype == "boolean":
        return "true" if value else "false"
    if dtype == "date":
        return (_EPOCH + timedelta(days=value)).date().isoformat()
    if dtype == "datetime":
        return (_EPOCH + timedelta(microseconds=value)).isoformat()
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _bucketed(number: float, width: float) -> float | None:
    """Return the lower end of a number's bucket; None where no finite number is."""
    parts = number / width
    if not math.isfinite(parts):
        return None
    lower = math.floor(parts) * width if abs(parts) < _EXACT else parts * width
    return lower + 0.0 if math.isfinite(lower) else None


def _floored(value: int, width: int | float | timedelta) -> int:
    whole = width // _MICROSECOND if isinstance(width, timedelta) else int(width)
    return value // whole * whole


def _units(dtype: Dtype, width: float | timedelta) -> int:
    """Return a span in days or microseconds, as values of dtype are counted."""
    span = width if isinstance(width, timedelta) else timedelta(seconds=width)
    return span // (_DAY if dtype == "date" else _MICROSECOND)


def _hash_of_any(value: Any, key: bytes) -> str:
    if isinstance(value, bool):
        return _hashed(value, "boolean", key)
    if isinstance(value, int | float) and math.isfinite(value):
        return _hashed(value, "float", key)
    text = value.isoformat() if isinstance(value, date) else value
    return _hashed(text if isinstance(text, str) else json.dumps(text, sort_keys=True), "text", key)


def _bucket_of_any(value: Any, width: float | timedelta) -> float | str | None:
    """Return the lower end of the bucket of a number or a time; None for what is neither."""
    if isinstance(width, timedelta):
        moment = _moment_of(value)
        return None if moment is None else (_EPOCH + (moment - _EPOCH) // width * width).isoformat()
    number = number_of(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > _LARGEST:
        return None
    return _bucketed(float(number), width)


def _moment_of(value: Any) -> datetime | None:
    if isinstance(value, str):
        return time_of(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


def _oddness(flag: str) -> str:
    for words in ("below anything seen", "above anything seen"):
        if words in flag:
            return words
    return "spelled in another way" if " is read as " in flag else "odd"


# a column


def _column_logged(values: pl.Series, dtype: Dtype, rule: Rule | None, key: bytes) -> pl.Series:
    if rule is None:
        return values
    if rule.how == "hash":
        return _mapped(values.to_physical(), partial(_hashed, dtype=dtype, key=key))
    if dtype in ("integer", "float"):
        return _buckets(values, float(rule.width))  # type: ignore[arg-type]
    units = _units(dtype, rule.width)
    counted = values.to_physical()
    return (counted // units * units).cast(values.dtype).alias(values.name)


def _mapped(values: pl.Series, of_one: Callable[[Any], str]) -> pl.Series:
    """Return of_one of each value, text; each distinct value is asked for once."""
    distinct = values.unique().drop_nulls()
    texts = pl.Series([of_one(value) for value in distinct], dtype=pl.String())
    return values.replace_strict(distinct, texts, default=None, return_dtype=pl.String())


def _buckets(values: pl.Series, width: float) -> pl.Series:
    """Return the lower end of each number's bucket; by numpy, whose division is that of a single number."""
    with np.errstate(over="ignore", invalid="ignore"):
        parts = values.cast(pl.Float64).fill_null(math.nan).to_numpy() / width
        lower = np.where(np.abs(parts) < _EXACT, np.floor(parts), parts) * width + 0.0
    return pl.Series(values.name, lower).set(pl.Series(~np.isfinite(lower)), None)
