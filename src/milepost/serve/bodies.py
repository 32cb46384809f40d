"""What a request to be answered may look like.

{"tenure": 12, "contract": "One year", …}                       one row
{"row": {…}, "request_id": "…"}                                 one row, and what belongs to the request
{"rows": [{…}, {…}], "partial": true, "request_id": "…"}        many
{"row": {…}, "reasons": 3}                                      with the three largest reasons of the answer; true: five
[{…}, {…}]                                                      many
{"dataframe_records" | "dataframe_split" | "instances" | "inputs": …}    as MLflow's servers take them; CSV too
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from milepost.ground.text import nearest
from milepost.predictor.column_rows import ColumnRows
from milepost.predictor.reasons import MOST
from milepost.serve.column_bodies import BESIDE_ROWS, FEWEST_BYTES, ColumnDecoder
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits

LONGEST_REQUEST_ID = 200
MOST_ROWS_WITH_REASONS = 100  # of deep trees they take ten milliseconds each
_MLFLOW = ("dataframe_split", "dataframe_records", "instances", "inputs")
_ENVELOPE = frozenset({"row", "rows", *BESIDE_ROWS})
_FIX_JSON = 'Send one row as {"column": value, …}, or many as {"rows": [{…}, …]}.'
_FIX_MLFLOW = 'Send {"dataframe_split": {"columns": […], "data": [[…], …]}} or {"dataframe_records": [{…}, …]}.'
_FIX_CSV = "CSV goes to /invocations, with the header content-type: text/csv."
_NO_VALUE = re.compile(rb"[\[:,]\s*(-?(?:NaN|Infinity|nan|inf|None|True|False))\b")
_decode = msgspec.json.Decoder().decode


class Asked(NamedTuple):
    """What a request asks.

    Attributes:
        rows: raw values by name.
        is_one: whether one row was asked, not a list of rows.
        request_id: of the caller, which makes a retry safe.
        partial: whether good rows are to be answered where others cannot be; never where one row is asked.
        reasons: how many of each answer are asked; 0 is none.
        lines: on which each row begins, where they came as lines.
    """

    rows: Sequence[Any]
    is_one: bool
    request_id: str | None = None
    partial: bool = False
    reasons: int = 0
    lines: Sequence[int] = ()


def asked_of(body: bytes, limits: Limits, inputs: frozenset[str], columns: ColumnDecoder | None = None) -> Asked:
    """Return what a body asks.

    Args:
        body: JSON.
        limits: of requests.
        inputs: names of the bundle's inputs; a bare row may have a column called "row".
        columns: reads a large body, if it is plain.

    Raises:
        Refusal: it is no JSON, or not of one of these forms, or has too many rows.
    """
    document = columns(body) if columns and len(body) >= FEWEST_BYTES else None
    if document is None:
        document = decoded(body, limits)
    if isinstance(document, list | ColumnRows):
        return _checked(Asked(document, False), limits)
    if not isinstance(document, dict):
        raise Refusal(400, f"The body is {_kind(document)}, not a row.", where="the body", fix=_FIX_JSON)
    if _is_envelope(document, inputs):
        return _checked(_enveloped(document), limits)
    return Asked((document,), True)


def decoded(body: bytes, limits: Limits, *, fix: str = _FIX_JSON) -> Any:
    """Return the document of a body.

    Args:
        body: JSON.
        limits: of requests.
        fix: what to send where it is none.

    Raises:
        Refusal: it is no JSON, or nested too deeply.
    """
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise _no_json(body, str(why), fix) from None
    except RecursionError:
        raise _too_deep(limits) from None
    if _may_be_deep(body, document, limits.depth) and _depth(document) > limits.depth:
        raise _too_deep(limits)
    return document


def _no_json(body: bytes, why: str, fix: str) -> Refusal:
    """Return the refusal of a body that is no JSON; the commonest mistake is a value that other languages write."""
    if found := _NO_VALUE.search(body):
        value = found[1].decode()
        fix = "Send null where a value is not known, and true or false in small letters."
        return Refusal(400, f"The body is not JSON: {value} is no value of it.", where="the body", fix=fix)
    if body.lstrip()[:1] not in (b"{", b"[", b"") and b"\n" in body.strip():
        fix = _FIX_CSV
    return Refusal(400, f"The body is not JSON: {why}.", where="the body", fix=fix)


def _may_be_deep(body: bytes, document: Any, most: int) -> bool:
    """Return whether a document needs a look at each value; one whose brackets are those of its flat rows does not."""
    opened = body.count(b"{") + body.count(b"[")
    rows = document.get("rows") if isinstance(document, dict) else document
    return opened > most and not (isinstance(rows, list) and opened <= len(rows) + 2)


def asked_by_mlflow(body: bytes, limits: Limits) -> Asked:
    """Return what a body asks in one of the forms of MLflow's servers.

    Raises:
        Refusal: it has none of these forms, or too many rows.
    """
    document = decoded(body, limits, fix=f"{_FIX_MLFLOW} {_FIX_CSV}")
    forms = dict(zip(_MLFLOW, (_split, _records, _instances, _instances), strict=True))
    if isinstance(document, dict):
        for name, read in forms.items():
            if name in document:
                return Asked(read(document[name], name, limits), False)
    raise Refusal(
        400,
        "The body has none of MLflow's forms.",
        where="the body",
        fix=_FIX_MLFLOW,
    )


def refuse_form_of_mlflow(rows: Sequence[Any]) -> None:
    """Refuse a row that cannot be answered because it is no row, but a body in a form of MLflow's servers.

    Raises:
        Refusal: it is one.
    """
    for name in _MLFLOW if len(rows) == 1 and isinstance(rows[0], dict) else ():
        if isinstance(rows[0].get(name), dict | list):
            what = f"The body has the form {name!r} of MLflow's servers, which is read at another path."
            raise Refusal(400, what, where="the path", fix="Send the same body to /invocations.")


def _is_envelope(document: dict[str, Any], inputs: frozenset[str]) -> bool:
    """Return whether a document holds rows; a bare row may have columns called "row" or "rows" too."""
    names = [name for name in ("row", "rows") if name in document]
    if not names or inputs & (document.keys() - _ENVELOPE):
        return False
    return any(name not in inputs or isinstance(document[name], dict | list) for name in names)


def _enveloped(document: dict[str, Any]) -> Asked:
    for name in document.keys() - _ENVELOPE:
        near = nearest(name, _ENVELOPE - document.keys())
        fix = f"Write {near!r} instead." if near else _FIX_JSON
        raise Refusal(400, f"{name!r} is nothing that a request has beside its rows.", where=f"field {name!r}", fix=fix)
    is_one = "row" in document
    if is_one and "rows" in document:
        raise Refusal(400, "The body has both 'row' and 'rows'.", where="the body", fix="Send one of them.")
    rows, partial = [document["row"]] if is_one else document["rows"], document.get("partial", False)
    if not isinstance(rows, list | ColumnRows):
        raise Refusal(400, f"'rows' is {_kind(rows)}, not a list.", where="field 'rows'", fix=_FIX_JSON)
    if not isinstance(partial, bool):
        raise Refusal(400, f"'partial' is {_kind(partial)}.", where="field 'partial'", fix="Send true or false.")
    request_id = _request_id(document.get("request_id"), "field 'request_id'")
    return Asked(rows, is_one, request_id, partial and not is_one, _reasons(document.get("reasons", False)))


def _reasons(given: Any) -> int:
    """Return how many reasons are asked."""
    if isinstance(given, bool):
        return MOST if given else 0
    if isinstance(given, int) or (isinstance(given, float) and given.is_integer()):
        most = int(given)
        if most >= 1:
            return most
    raise Refusal(
        400,
        f"'reasons' is {given if isinstance(given, int | float) else _kind(given)}.",
        where="field 'reasons'",
        fix="Send true, or how many reasons of each answer: 1 or more.",
    )


def _request_id(given: Any, where: str) -> str | None:
    if given is None:
        return None
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    fix = f"Send a text of 1 to {LONGEST_REQUEST_ID} characters."
    if not isinstance(text, str):
        raise Refusal(400, f"The request id is {_kind(given)}.", where=where, fix=fix)
    if not 0 < len(text) <= LONGEST_REQUEST_ID:
        raise Refusal(400, f"The request id is {len(text):,} characters long.", where=where, fix=fix)
    return text


def request_id_of(header: bytes | None) -> str | None:
    """Return the request id that the header Idempotency-Key gives.

    Raises:
        Refusal: it is empty or too long.
    """
    return None if header is None else _request_id(header.decode("latin-1"), "the header Idempotency-Key")


def _checked(asked: Asked, limits: Limits) -> Asked:
    _refuse_many(asked.rows, limits)
    if asked.reasons and len(asked.rows) > MOST_ROWS_WITH_REASONS:
        raise Refusal(
            413,
            f"The request asks for the reasons of {len(asked.rows):,} rows.",
            where="field 'reasons'",
            fix=f"Ask for at most {MOST_ROWS_WITH_REASONS} rows with reasons at once, or score a table: "
            "milepost score --reasons 5",
        )
    return asked


def _refuse_many(rows: Sequence[Any], limits: Limits) -> None:
    if len(rows) > limits.rows:
        raise too_many_rows(f"{len(rows):,}", limits)


def too_many_rows(number: str, limits: Limits) -> Refusal:
    """Return the refusal of a request with so many rows."""
    return Refusal(
        413,
        f"The request has {number} rows.",
        where="the body",
        fix=f"Send at most {limits.rows:,} rows at once, or score a whole table: milepost score",
    )


def _split(given: Any, name: str, limits: Limits) -> list[dict[str, Any]]:
    columns, data = (given.get("columns"), given.get("data")) if isinstance(given, dict) else (None, None)
    if not (isinstance(columns, list) and isinstance(data, list)):
        raise _malformed(name, '{"columns": […], "data": [[…], …]}')
    _refuse_many(data, limits)
    if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise _malformed(name, "as many values in each row as there are columns")
    if not all(isinstance(column, str) for column in columns):
        raise _malformed(name, "a text for each column's name")
    return [dict(zip(columns, row, strict=True)) for row in data]


def _records(given: Any, name: str, limits: Limits) -> list[Any]:
    if not isinstance(given, list):
        raise _malformed(name, "a list of rows")
    _refuse_many(given, limits)
    return given


def _instances(given: Any, name: str, limits: Limits) -> list[Any]:
    if isinstance(given, Mapping):
        columns = list(given.values())
        if not columns or not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
            raise _malformed(name, "a list of rows, or a list of values, equally long, for each column")
        _refuse_many(columns[0], limits)
        return [dict(zip(given, values, strict=True)) for values in zip(*columns, strict=True)]
    return _records(given, name, limits)


def _malformed(name: str, wanted: str) -> Refusal:
    return Refusal(400, f"{name!r} is malformed.", where=f"field {name!r}", fix=f"Send {wanted}.")


def _too_deep(limits: Limits) -> Refusal:
    return Refusal(
        400,
        f"The body is nested more than {limits.depth} deep.",
        where="the body",
        fix="Send rows whose values are numbers, texts, true, false or null.",
    )


def _depth(document: Any) -> int:
    """Return how deep a document is nested, without recursion."""
    depth, level = 0, [document]
    while level:
        depth += 1
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
            if isinstance(item, dict | list)
        ]
    return depth


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")
