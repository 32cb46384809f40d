"""Large bodies straight into columns: no dictionary for each row, which would take longer than all that follows.

{"rows": [{"tenure": 12, "contract": "One year"}, …]} ─► ColumnRows(tenure: (12, …), contract: ("One year", …))

Only what needs no second look goes this way: rows with all inputs, no other fields than the service knows, and each
value of the plain type that its input has. Every other body is read row by row, and so is told what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from milepost.data.schema import Dtype, Schema
from milepost.predictor.column_rows import ColumnRows

ColumnDecoder: TypeAlias = Callable[[bytes], Any]

FEWEST_BYTES = 32_768  # of a body; shorter ones hold few rows

_PLAIN = str | int | float | bool | None
_NUMBER = int | float | None
_TYPES: dict[Dtype, Any] = {"integer": _NUMBER, "float": _NUMBER, "boolean": bool | None}  # else text
_BESIDE_ROWS: dict[str, Any] = {"partial": bool, "request_id": str | int | None, "reasons": bool | int | float}
_ABSENT = msgspec.UNSET

BESIDE_ROWS = tuple(_BESIDE_ROWS)


def compile_columns(schema: Schema, beside: Sequence[str]) -> ColumnDecoder | None:
    """Return the function from a body to its document, whose rows are ColumnRows, or to None where it is not so plain.

    The function itself is None where a name of a column can stand in no such type.

    Args:
        schema: of the inputs.
        beside: names of what a row may say beside its inputs; what stands there keeps its type.
    """
    types = {column.name: _TYPES.get(column.dtype, str | None) for column in schema.columns}
    types |= dict.fromkeys((name for name in beside if name in types), _PLAIN)
    optional = [name for name in dict.fromkeys(beside) if name not in types]
    fields: list[Any] = [(f"f{place}", kind) for place, kind in enumerate(types.values())]
    fields += [(f"o{place}", _PLAIN | msgspec.UnsetType, _ABSENT) for place, _ in enumerate(optional)]
    names = [*types, *optional]
    if not types or "rows" in types:  # which may be a bare row
        return None
    try:
        row = _closed("Row", fields, rename=dict(zip([field[0] for field in fields], names, strict=True)))
        beside_rows = [(name, kind | msgspec.UnsetType, _ABSENT) for name, kind in _BESIDE_ROWS.items()]
        body = _closed("Body", [("rows", list[row]), *beside_rows])  # type: ignore[valid-type]
    except ValueError:
        return None
    of_list, of_body = msgspec.json.Decoder(list[row]).decode, msgspec.json.Decoder(body).decode  # type: ignore[valid-type]

    def decode(content: bytes) -> Any:
        try:
            if content.startswith(b"["):
                return _columns(of_list(content), names, optional)
            document: Any = of_body(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        rows = _columns(document.rows, names, optional)
        said = {name: getattr(document, name) for name in _BESIDE_ROWS}
        known = {name: value for name, value in said.items() if value is not _ABSENT}
        return None if rows is None else {"rows": rows, **known}

    return decode


def _closed(name: str, fields: Sequence[Any], *, rename: Mapping[str, str] | None = None) -> type[msgspec.Struct]:
    """Return a type that has these fields and no others."""
    return msgspec.defstruct(name, fields, rename=rename, gc=False, forbid_unknown_fields=True)


def _columns(rows: Sequence[msgspec.Struct], names: Sequence[str], optional: Sequence[str]) -> ColumnRows | None:
    """Return rows as columns, without those that are absent; None where one is absent from some rows alone."""
    if not rows:
        return None
    columns = dict(zip(names, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=True))
    for name in optional:
        if absent := columns[name].count(_ABSENT):
            if absent < len(rows):
                return None
            del columns[name]
    return ColumnRows(columns, len(rows))
