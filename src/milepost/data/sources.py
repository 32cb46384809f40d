"""Any table as a lazy frame: files by name or glob, Delta tables, databases, addresses in the cloud.

What Polars scans by itself (Parquet, Arrow, Delta) stays where it is; everything else is staged once, as Parquet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from milepost.data.cloud import CLOUD, WEB, download, scan_cloud
from milepost.data.delimited import columns_differ, stage_delimited
from milepost.data.delta import delta_version, is_delta, scan_delta
from milepost.data.dialect import checked_names
from milepost.data.findings import Finding
from milepost.data.formats import Format, damaged, format_of
from milepost.data.json_lines import scan_json
from milepost.data.sql import stage_query
from milepost.data.staging import key_of, source_key, staged_path, write_parquet
from milepost.data.workbook import read_sheet
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import canonical_json, write_text
from milepost.ground.records import as_document, from_document
from milepost.ground.text import counted, listed, nearest
from milepost.ground.workspace import Workspace
from milepost.problem.secrets import hide_secrets, resolve_secrets
from milepost.problem.spec import SqlSource

Source = str | Path | SqlSource
Staged = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A table as it comes, before anything is repaired.

    Attributes:
        frame: lazy; what reads it can be larger than memory.
        name: what people call the source.
        is_text: every column came as text, so that numbers in text are nothing to report.
        staged: the table was written into the workspace.
        key: 16 digits that change when the source changes; None where that cannot be known without reading it.
        findings: what was odd about reading it.
    """

    frame: pl.LazyFrame
    name: str
    is_text: bool = False
    staged: bool = False
    key: str | None = None
    findings: tuple[Finding, ...] = ()


def scan(
    source: Source, *, workspace: Workspace, base: Path, listener: Listener = silent, where: str | None = None
) -> Scanned:
    """Return a source as a lazy table.

    Args:
        source: a path, a glob, a Delta table, an address in the cloud, a workbook ("book.xlsx#Sheet2"), or a query.
            Secrets in it are written ${NAME}.
        workspace: where tables are staged.
        base: the folder that relative paths start from.
        listener: told when something takes long.
        where: the place of the source in the problem file; the source itself where there is none.

    Raises:
        MilepostError: there is no such source, it is no table, or it has no rows to read.
        EnvironmentFault: the network, a database or the disk failed, or a secret is not set.
    """
    written = f"{source.uri} {source.query}" if isinstance(source, SqlSource) else str(source)

    def told(event: Event) -> None:
        listener(replace(event, message=hide_secrets(event.message, written)))

    try:
        scanned = _scan(source, workspace, base, told, where)
    except MilepostError as error:
        raise _hidden(error, written) from None
    return replace(scanned, name=hide_secrets(scanned.name, written))


def _hidden(error: MilepostError, written: str) -> MilepostError:
    """Return an error without the secrets that the written source refers to."""
    parts = {part: hide_secrets(getattr(error, part), written) for part in ("what", "where", "fix")}
    if all(getattr(error, part) == text for part, text in parts.items()):
        return error
    return (EnvironmentFault if isinstance(error, EnvironmentFault) else MilepostError)(**parts)


def _scan(source: Source, workspace: Workspace, base: Path, listener: Listener, where: str | None) -> Scanned:
    if isinstance(source, SqlSource):
        place = where or "the query"
        listener(Event("read", "asking the database"))
        path, key, is_text = stage_query(source, workspace.staged, base=base, where=place)
        return Scanned(pl.scan_parquet(path), "the query's answer", is_text, True, key)
    place, name = where or str(source), _last(str(source))  # file names come of what is written, without secrets
    text = resolve_secrets(str(source), where=place)
    if text.startswith(CLOUD):
        frame, content, all_text = scan_cloud(text, workspace.staged, name=name, where=place)
        return _checked(Scanned(frame, name, all_text, content is not None, content), place)
    if text.startswith(WEB):
        listener(Event("read", f"fetching {name}"))
        text = str(download(text, workspace.staged, name=name, where=place))
    return _scan_local(text.removeprefix("file://"), name, workspace, base, listener, where)


def _last(address: str) -> str:
    """Return the last part of a path or an address."""
    return unquote(address.partition("?")[0].rsplit("/", 1)[-1]) if "://" in address else Path(address).name


def _scan_local(
    text: str, name: str, workspace: Workspace, base: Path, listener: Listener, where: str | None
) -> Scanned:
    path, sheet = _with_sheet(base / Path(text).expanduser())
    if is_delta(path):
        version = delta_version(path)
        key = key_of(str(path.resolve()), version)
        return _checked(Scanned(scan_delta(path, version=version), path.name, key=key), str(path))
    paths = _files(path, where)
    formats = {each: format_of(each) for each in paths}
    found = formats[paths[0]]
    other = next((each for each in paths if formats[each] != found), None)
    if other:
        raise MilepostError(
            f"{other.name} is {formats[other]}, but {paths[0].name} is {found}.",
            where=str(other),
            fix="Give all files of the glob the same format.",
        )
    if found in ("parquet", "arrow"):
        scanned = Scanned(_together(paths, found), path.name, key=source_key(paths))
    else:
        scanned = _staged(paths, hide_secrets(paths[0].name, name), found, sheet, workspace, listener)
    return _checked(scanned, str(path))


def is_file_of(source: Source, path: Path, *, base: Path) -> bool:
    """Return whether a local path is a file of a source, or would be once it is written: a glob means it too.

    Nothing is read. Databases and addresses in the cloud have no local file.

    Args:
        source: as `scan` takes it.
        path: a file that may be absent.
        base: the folder that relative paths of the source start from.
    """
    if isinstance(source, SqlSource):
        return False
    text = str(source)
    if "${" in text:
        try:
            text = resolve_secrets(text, where=text)
        except MilepostError:
            return False  # it can't be read either
    if text.startswith((*CLOUD, *WEB)):
        return False
    meant, _ = _with_sheet(base / Path(text.removeprefix("file://")).expanduser())
    target = path.expanduser().resolve()
    if meant.resolve() == target or (meant.resolve() in target.parents and is_delta(meant)):
        return True
    if meant.exists():
        return target.exists() and meant.samefile(target)
    if not re.search(r"[*?\[]", str(meant)):
        return False
    meant = meant.absolute()
    folders, members = (_found(each) for each in (meant.parent, meant))
    joins = fnmatchcase(target.name, meant.name) and any(each.resolve() == target.parent for each in folders)
    return joins or (target.exists() and any(each.samefile(target) for each in members if each.exists()))


def _found(pattern: Path) -> list[Path]:
    """Return what an absolute pattern matches."""
    anchor = Path(pattern.anchor)
    return list(anchor.glob(str(pattern.relative_to(anchor)))) if pattern != anchor else [anchor]


def _with_sheet(path: Path) -> tuple[Path, str | None]:
    """Return the path of a workbook and the sheet named behind it."""
    if "#" not in path.name or path.exists():
        return path, None
    name, _, sheet = path.name.partition("#")
    return path.with_name(name), sheet


def _files(path: Path, where: str | None) -> list[Path]:
    """Return the file, or the files that a glob means, in the order of their names."""
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = next((f"*{each.suffix}" for each in sorted(path.iterdir()) if each.suffix and each.is_file()), "*.csv")
        raise MilepostError(
            "This is a folder, not a table.", where=str(path), fix=f"Name its files: {path / inside}"
        )  # fmt: skip
    if re.search(r"[*?\[]", str(path)):
        anchor = Path(path.anchor)
        found = sorted(each for each in anchor.glob(str(path.relative_to(anchor))) if each.is_file())
        if found:
            return found
        raise MilepostError("No file matches.", where=_place(path, where), fix="Check the folder and the pattern.")
    near = _near(path)
    start = "the problem file's folder" if where else "the folder you are in"
    fix = f"Write {near!r} instead." if near else f"Name a file that exists; paths start from {start}."
    raise MilepostError(f"There is no file {path.name!r}.", where=_place(path, where), fix=fix)


def _near(path: Path) -> str | None:
    """Return the file beside a path that was meant: of the same name with another ending, or nearly of its name.

    Endings are left out of what is near, for many files share theirs.
    """
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    same = next((each.name for each in beside if each.stem.casefold() == path.stem.casefold()), None)
    alike = {each.stem: each.name for each in beside if each.suffix.casefold() == path.suffix.casefold()}
    return same or alike.get(nearest(path.stem, alike) or "")


def _place(path: Path, where: str | None) -> str:
    return f"{where}: {path}" if where else str(path)


def _staged(
    paths: Sequence[Path], name: str, found: Format, sheet: str | None, workspace: Workspace, listener: Listener
) -> Scanned:
    """Return a table that is written to the workspace, unless it is there already."""
    key = source_key(paths, found, sheet)
    target = staged_path(workspace.staged, name, key)
    remarks = target.with_suffix(".json")  # what was odd about reading it, said again each time
    if not (target.exists() and remarks.exists()):
        files = paths[0].name if len(paths) == 1 else counted(len(paths), "file")
        listener(Event("read", f"staging {files}"))
        write_text(remarks, canonical_json(as_document(_STAGE[found](paths, target, sheet))))
    findings = from_document(Staged, json.loads(remarks.read_text("utf-8")))
    return Scanned(pl.scan_parquet(target), paths[0].name, found != "json", True, key, findings)


def _stage_delimited(paths: Sequence[Path], target: Path, _: str | None) -> Staged:
    return stage_delimited(paths, target)


def _stage_json(paths: Sequence[Path], target: Path, _: str | None) -> Staged:
    write_parquet(_aligned(paths, [scan_json(path) for path in paths]), target)
    return ()


def _stage_sheets(paths: Sequence[Path], target: Path, sheet: str | None) -> Staged:
    sheets = [read_sheet(path, sheet) for path in paths]
    write_parquet(_aligned(paths, [each.table.lazy() for each in sheets]), target)
    return sheets[0].findings


_STAGE: Mapping[Format, Callable[[Sequence[Path], Path, str | None], Staged]] = {
    "delimited": _stage_delimited,
    "json": _stage_json,
    "excel": _stage_sheets,
}


def _together(paths: Sequence[Path], found: Format) -> pl.LazyFrame:
    read = pl.scan_parquet if found == "parquet" else pl.scan_ipc
    frames = []
    for path in paths:
        with _readable(path, found):
            frames.append(read(path, glob=False))
            frames[-1].collect_schema()
    return _aligned(paths, frames)


@contextmanager
def _readable(path: Path, found: Format) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as why:
        raise damaged(path, found) from why


def _aligned(paths: Sequence[Path], frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Return the tables one below the other; whole and broken numbers of one column become broken ones.

    Raises:
        MilepostError: a table has other columns, or columns of another type, than the first; it is named.
    """
    first = frames[0].collect_schema()
    for path, frame in zip(paths[1:], frames[1:], strict=True):
        here = frame.collect_schema()
        lacks, extra = [name for name in first if name not in here], [name for name in here if name not in first]
        if lacks or extra:
            raise columns_differ(paths[0].name, path, lacks, extra)
        odd = [name for name in first if _class(first[name]) != _class(here[name]) != "empty" != _class(first[name])]
        if odd:
            types = listed([f"{name!r} is {here[name]}, not {first[name]}" for name in odd])
            raise MilepostError(
                f"{path.name} does not have the types of {paths[0].name}: {types}.",
                where=str(path),
                fix="Write that file again with the types of the first, or leave it out of the glob.",
            )
    return pl.concat([frame.select(first.names()) for frame in frames], how="vertical_relaxed")


def _class(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Null):
        return "empty"
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.String):
        return "text"
    return "number" if dtype.is_numeric() else str(dtype)


def _checked(scanned: Scanned, where: str) -> Scanned:
    """Return the table if its columns have names."""
    checked_names(scanned.frame.collect_schema().names(), where=where)
    return scanned
