"""Answers of databases as Parquet in the workspace: SQLite without a server, PostgreSQL through ADBC.

{ uri = "sqlite:///churn.db", query = "select * from customers" }  ->  staged/sql-3f9a….parquet, named by its rows
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from milepost.data.batches import ROWS
from milepost.data.dialect import checked_names
from milepost.data.staging import stage_by_content
from milepost.ground.doors import door
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.secrets import hide_secrets, resolve_secrets
from milepost.problem.spec import SqlSource

_POSTGRES = ("postgres://", "postgresql://")
_SQLITE = "sqlite:"
_FILES = (".db", ".sqlite", ".sqlite3")
_FETCH = ROWS // 4
# Arrow types that Polars takes over as they are; lists and bytes come along and are left out with a finding later
_PLAIN = ("int", "uint", "float", "double", "bool", "string", "large_", "date", "timestamp", "time", "list", "binary")


def is_database(address: str) -> bool:
    """Return whether an address is that of a database, which says nothing before it is asked.

    >>> is_database("sqlite:///churn.db"), is_database("churn.db"), is_database("s3://lake/churn.parquet")
    (True, True, False)
    """
    return address.startswith((*_POSTGRES, _SQLITE)) or ("://" not in address and address.endswith(_FILES))


def stage_query(source: SqlSource, folder: Path, *, base: Path, where: str) -> tuple[Path, str, bool]:
    """Ask the database and write its answer down; return the file, its key, and whether all of it is text.

    The file is named by its content, so the same answer is the same file.

    Args:
        source: where to ask what; secrets as ${NAME}.
        folder: where tables are staged.
        base: the folder that a relative path starts from.
        where: the place of the source in the problem file, for errors.

    Raises:
        MilepostError: the database refused the query, or is of a kind that is not offered.
        EnvironmentFault: the database cannot be reached, or a secret is not set.
    """
    uri = resolve_secrets(source.uri, where=where)
    query = resolve_secrets(source.query, where=where)

    def told(why: Exception) -> str:
        return hide_secrets(str(why).strip().splitlines()[0].rstrip("."), f"{source.uri} {source.query}")

    if uri.startswith(_POSTGRES):  # before the ends of names: a database there may be called churn.db
        table = _from_postgres(uri, query, told=told, where=where)
    elif is_database(uri):
        path = _sqlite_path(uri, base)
        table = _from_sqlite(path, query, told=told, where=where)
    else:
        scheme = re.match(r"\w+:", uri)
        raise MilepostError(
            f"Databases of the kind {(scheme[0] if scheme else uri)!r} are not offered.",
            where=where,
            fix="Write sqlite:///FILE or postgresql://…, or export the table to a file and name that.",
        )
    try:
        path, key = stage_by_content(table, folder, "sql")
    except pl.exceptions.PolarsError as why:
        raise EnvironmentFault(
            f"The database stopped answering: {told(why)}.", where=where, fix="Run the same command again."
        ) from None
    return path, key, not uri.startswith(_POSTGRES)


def _sqlite_path(uri: str, base: Path) -> Path:
    path = re.sub(r"^sqlite:(//)?/?", "", uri, count=1) if uri.startswith(_SQLITE) else uri
    return base / path


def _from_sqlite(path: Path, query: str, *, told: Callable[[Exception], str], where: str) -> pl.LazyFrame:
    """Return the answer of a SQLite file, every value as text: its columns may hold several types."""
    if not path.is_file():
        raise MilepostError(
            f"There is no database {path.name}.", where=f"{where}: {path}", fix="Name the file of a SQLite database."
        )

    def opened() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)

    try:
        with closing(opened()) as connection:
            columns = connection.execute(query).description or ()
            names = checked_names([column[0] for column in columns], where=f"{where}.query")
    except sqlite3.Error as why:
        raise _refused(told(why), where) from None

    def rows() -> Iterator[pl.DataFrame]:
        with closing(opened()) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
            cursor = connection.execute(query)
            while some := cursor.fetchmany(_FETCH):
                columns = ([_as_text(value) for value in column] for column in zip(*some, strict=True))
                yield pl.DataFrame(list(columns), schema=dict.fromkeys(names, pl.String))

    return _streamed(rows, pl.Schema(dict.fromkeys(names, pl.String())), sqlite3.Error)


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.hex() if isinstance(value, bytes) else repr(value)


def _from_postgres(uri: str, query: str, *, told: Callable[[Exception], str], where: str) -> pl.LazyFrame:
    """Return the answer of a PostgreSQL server, with its types."""
    with door("adbc_driver_postgresql", extra="postgres"):
        from adbc_driver_postgresql import dbapi
    with door("pyarrow", extra="postgres"):
        import pyarrow  # noqa: F401  # what ADBC hands its batches over in
    try:
        connection = dbapi.connect(uri)
    except dbapi.Error as why:
        raise EnvironmentFault(
            f"The database cannot be reached: {told(why)}.",
            where=where,
            fix="Check the address and that the server runs and lets this machine in, then run the same command again.",
        ) from None
    try:
        with closing(connection), closing(connection.cursor()) as cursor:
            asked = _plainly(query, cursor.adbc_execute_schema(query), where=where)
            plain = cursor.adbc_execute_schema(asked)
    except dbapi.Error as why:
        raise _refused(told(why), where) from None
    schema = pl.DataFrame(pl.from_arrow(plain.empty_table())).schema

    def rows() -> Iterator[pl.DataFrame]:
        with closing(dbapi.connect(uri)) as again, closing(again.cursor()) as cursor:
            cursor.execute(asked)
            for batch in cursor.fetch_record_batch():
                yield pl.DataFrame(pl.from_arrow(batch)).match_to_schema(schema)

    return _streamed(rows, schema, dbapi.Error)


def _plainly(query: str, answer: Any, *, where: str) -> str:
    """Return the query with numeric as floating numbers, and intervals, JSON and their like as text.

    Args:
        query: what the user asks.
        answer: the Arrow schema of what would come back.
        where: its place, for errors.
    """
    checked_names(list(answer.names), where=f"{where}.query")
    columns = []
    for field in answer:
        name, kind = '"{}"'.format(field.name.replace('"', '""')), str(field.type)
        is_plain = kind.startswith(_PLAIN)
        cast = "" if is_plain else "::double precision" if "type_name=numeric" in kind else "::text"
        columns.append(f"{name}{cast} as {name}")
    return f"select {', '.join(columns)} from ({query.strip().rstrip(';')}) as answer"


def _streamed(rows: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema, refusal: type[Exception]) -> pl.LazyFrame:
    """Return a lazy table whose pieces are asked for when it is written down; a refusal becomes a Polars error."""

    def source(with_columns: list[str] | None, predicate: pl.Expr | None, *_: int | None) -> Iterator[pl.DataFrame]:
        try:
            for piece in rows():
                kept = piece if predicate is None else piece.filter(predicate)
                yield kept if with_columns is None else kept.select(with_columns)
        except refusal as why:
            raise pl.exceptions.ComputeError(str(why)) from None

    return register_io_source(source, schema=schema)


def _refused(why: str, where: str) -> MilepostError:
    return MilepostError(
        f"The database refused the query: {why}.",
        where=f"{where}.query",
        fix="Write one SELECT that the database understands; try it in the database's own shell.",
    )
