"""Tables behind an address: object stores as Polars scans them, web addresses fetched once into the workspace."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from milepost.data.delimited import scan_delimited_uri
from milepost.data.staging import stage_by_content
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.files import hash_of_file, whole_file
from milepost.problem.secrets import mask_secrets

CLOUD = ("s3://", "s3a://", "gs://", "gcs://", "az://", "azure://", "abfs://", "abfss://", "adl://")
WEB = ("http://", "https://")
_RETRIES = {"max_retries": 2}
_PATIENCE_S = 30


def scan_cloud(uri: str, folder: Path, *, name: str, where: str) -> tuple[pl.LazyFrame, str | None, bool]:
    """Return a table of an object store, the key it is staged by if it is, and whether all of it is text.

    Polars finds the credentials.

    Args:
        uri: the address, secrets resolved.
        folder: where text is staged.
        name: what the staged file is called after.
        where: the place of the address, for errors.

    Raises:
        EnvironmentFault: the store cannot be reached or refuses.
        MilepostError: there is no such object, or it is no table.
    """
    end = re.sub(r"[?#].*", "", uri).lower()
    with _reached(uri, where):
        if end.endswith((".parquet", ".pq")):
            frame = pl.scan_parquet(uri, storage_options=_RETRIES)
        elif end.endswith((".arrow", ".feather", ".ipc")):
            frame = pl.scan_ipc(uri, storage_options=_RETRIES)
        elif end.endswith((".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".gz", ".zst")):
            is_json = re.search(r"\.(jsonl|ndjson|json)\b", end) is not None
            text = pl.scan_ndjson(uri, infer_schema_length=None) if is_json else scan_delimited_uri(uri, where=where)
            path, key = stage_by_content(text, folder, name)
            return pl.scan_parquet(path), key, not is_json
        else:
            frame = pl.scan_delta(uri)
        frame.collect_schema()
    return frame, None, False


def download(uri: str, folder: Path, *, name: str, where: str) -> Path:
    """Return the file behind a web address, kept in folder under a name that says its content.

    Args:
        uri: the address, secrets resolved.
        folder: where it is kept.
        name: what it is called after; its ending may say the format.
        where: the place of the address, for errors.

    Raises:
        EnvironmentFault: the address cannot be reached.
        MilepostError: there is nothing there.
    """
    name = re.sub(r"[^\w.-]+", "-", name) or "table.csv"
    request = urllib.request.Request(uri, headers={"User-Agent": "milepost"})
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            fetched = _saved(answer, folder / f".fetched-{name}")
    except urllib.error.HTTPError as why:
        why.close()
        if why.code in (404, 410):
            raise MilepostError(
                f"There is nothing at that address ({why.code}).", where=where, fix="Check the address."
            ) from None
        raise _unreachable(uri, f"{why.code} {why.reason}", where) from None
    except (OSError, http.client.HTTPException) as why:
        raise _unreachable(uri, str(getattr(why, "reason", why)), where) from None
    kept = folder / f"{hash_of_file(fetched)[:16]}-{name}"
    fetched.replace(kept)
    return kept


def _saved(answer: http.client.HTTPResponse, path: Path) -> Path:
    """Write an answer to path, whole or not at all; what the network breaks is not blamed on the disk.

    Raises:
        http.client.HTTPException: the answer broke off.
        EnvironmentFault: the disk refused.
    """
    with whole_file(path) as partial, partial.open("wb") as out:
        while some := _read(answer):
            out.write(some)
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
    return path


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(1 << 20)
    except OSError as why:
        raise http.client.HTTPException(str(why)) from None


@contextmanager
def _reached(uri: str, where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise MilepostError("There is nothing at that address.", where=where, fix="Check the address.") from None
    except OSError as why:
        raise _unreachable(uri, str(why).splitlines()[0], where) from None
    except pl.exceptions.PolarsError as why:
        raise MilepostError(
            f"This cannot be read as a table: {mask_secrets(str(why).splitlines()[0])}.",
            where=where,
            fix="Name a Parquet, Arrow, CSV or JSON Lines object, or a Delta table.",
        ) from None


def _unreachable(uri: str, why: str, where: str) -> EnvironmentFault:
    host = urlsplit(uri).netloc.rsplit("@", 1)[-1]
    return EnvironmentFault(
        f"{host} cannot be reached: {mask_secrets(why)}.",
        where=where,
        fix="Check the address, the network and the credentials, then run the same command again.",
    )
