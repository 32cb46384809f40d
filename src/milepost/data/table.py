"""A table as it is meant: every column repaired, typed and described, with all that was noticed on the way.

telco.csv  ->  frame (typed), rows 7,043, one Column for each, a fingerprint, findings
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from milepost.data import remarks
from milepost.data.batches import batches, in_pieces, sample
from milepost.data.census import Tally, take_census
from milepost.data.column_names import has_code_name
from milepost.data.declared import Declared, declared_effects
from milepost.data.findings import Finding
from milepost.data.fingerprint import fingerprint
from milepost.data.formats import damaged
from milepost.data.kinds import Facts, gather_facts, kind_of
from milepost.data.repairs import Repair, apply_repairs, is_text
from milepost.data.schema import Column
from milepost.data.sentinels import find_sentinels
from milepost.data.sources import Scanned
from milepost.data.staging import key_of, staged_path, write_parquet
from milepost.data.understand import Understood, understand_text, understand_typed
from milepost.ground.errors import MilepostError
from milepost.ground.events import Event, Listener
from milepost.ground.files import canonical_json, write_text
from milepost.ground.records import as_document, from_document
from milepost.ground.text import count, counted

_EXACT = 2.0**53  # up to here a floating number holds every whole number


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a table but its rows; kept beside a staged table, so that it is found out once.

    Attributes:
        rows: how many.
        repairs: one for each column that is kept.
        facts: of each column, in the table's order.
        was_float: columns of whole numbers that came as broken ones.
        columns: name, dtype, kind and why; the role of all is "feature" until a problem gives them others.
        fingerprint: hash of the content.
        findings: what was noticed.
    """

    rows: int
    repairs: tuple[Repair, ...]
    facts: tuple[Facts, ...]
    was_float: tuple[str, ...]
    columns: tuple[Column, ...]
    fingerprint: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """An understood table: its rows, lazy, and what is known of them."""

    frame: pl.LazyFrame
    known: Known

    def facts(self, name: str) -> Facts:
        return {facts.name: facts for facts in self.known.facts}[name]


def understand_table(
    scanned: Scanned, *, declared: Mapping[str, Declared], keep: Iterable[str], zone: str, folder: Path,
    listener: Listener, where: str,
) -> Table:  # fmt: skip
    """Return a table as it is meant.

    Args:
        scanned: the table as it comes.
        declared: what the problem file says of some columns.
        keep: columns whose spellings name things and stay as they are.
        zone: the zone of times that have no offset.
        folder: where tables are staged.
        listener: told what is done.
        where: the place of the source, for errors.

    Raises:
        MilepostError: the table has no rows, or is not what the problem file says.
        EnvironmentFault: the disk refused.
    """
    said = [[name, each.kind, each.form, each.missing, each.present, each.spellings] for name, each in declared.items()]
    key = scanned.key and key_of(scanned.key, said, sorted(keep), zone)
    staged = staged_path(folder, scanned.name, key) if key else None
    known = _remembered(scanned, staged)
    if known:
        return Table(_meant(scanned, scanned.frame, known.repairs, staged), known)
    try:
        _refuse_no_rows(scanned, where)
        table = _understand(scanned, declared, set(keep), zone, staged, listener)
    except pl.exceptions.PolarsError as why:
        if scanned.staged or _can_be_read(scanned.frame):  # then the bug is ours
            raise
        raise damaged(scanned.name, "parquet") from why
    if staged:
        write_text(_notes(staged), canonical_json(as_document(table.known)))
    return table


def _can_be_read(frame: pl.LazyFrame) -> bool:
    """Return whether every value of a table comes, with nothing done to it."""
    try:
        for _ in batches(frame):
            pass
    except pl.exceptions.PolarsError:
        return False
    return True


def _notes(staged: Path) -> Path:
    return staged.with_suffix(".known.json")


def _remembered(scanned: Scanned, staged: Path | None) -> Known | None:
    """Return what was found out about the same table before."""
    if staged is None or not _notes(staged).exists():
        return None
    known = from_document(Known, json.loads(_notes(staged).read_text("utf-8")))
    return known if staged.exists() or not _is_parsed(scanned, known.repairs) else None


def _refuse_no_rows(scanned: Scanned, where: str) -> None:
    if not scanned.frame.head(1).collect(engine="streaming").height:
        raise MilepostError(
            f"{scanned.name} has a header but no rows.", where=where, fix="Add rows, or name another table."
        )


def _is_parsed(scanned: Scanned, repairs: Iterable[Repair]) -> bool:
    """Return whether values are read out of text, which is slow to do again and again."""
    types = scanned.frame.collect_schema()
    return scanned.is_text or any(is_text(types[each.column]) and each.dtype != "text" for each in repairs)


def _understand(
    scanned: Scanned, declared: Mapping[str, Declared], keep: set[str], zone: str, staged: Path | None,
    listener: Listener,
) -> Table:  # fmt: skip
    listener(Event("read", "looking at how values are written"))
    scanned = replace(scanned, frame=_with_narrow_integers(scanned.frame))
    types = scanned.frame.collect_schema()
    texts = [name for name, dtype in types.items() if is_text(dtype)]
    tallies = take_census(scanned.frame, texts, declared)
    understood: dict[str, Understood] = {}
    for name, dtype in types.items():
        each = (
            understand_text(tallies[name], declared.get(name), is_text=scanned.is_text, zone=zone, keep=name in keep)
            if name in tallies
            else understand_typed(name, dtype, declared.get(name), zone=zone)
        )
        if each:
            understood[name] = each
    repairs = tuple(each.repair for each in understood.values())
    raw, blank = _without_blank_rows(scanned.frame.select(list(understood)), scanned, tallies)
    listener(Event("read", "reading values as they are meant"))
    frame = _meant(scanned, raw, repairs, staged)
    known = _describe(raw, frame, repairs, declared, tallies, listener)
    broken = _not_finite(raw)
    left_out = tuple(_left_out(name, types[name]) for name in types if name not in understood)
    written = tuple(finding for each in understood.values() for finding in each.findings)
    findings = (*scanned.findings, *blank, *left_out, *broken, *written, *known.findings)
    return Table(_as_whole(frame, known.repairs), replace(known, findings=findings))


def _meant(scanned: Scanned, raw: pl.LazyFrame, repairs: Sequence[Repair], staged: Path | None) -> pl.LazyFrame:
    """Return the repaired table; what is read out of text is written down, once, where it has a name."""
    raw = raw.select(each.column for each in repairs)
    if not _is_parsed(scanned, repairs):
        return apply_repairs(raw, repairs)
    pieces = in_pieces(raw, lambda piece: apply_repairs(piece, repairs))
    if staged is None:
        return pieces
    if not staged.exists():
        write_parquet(pieces, staged)
    return _as_whole(pl.scan_parquet(staged), repairs)


def _as_whole(frame: pl.LazyFrame, repairs: Sequence[Repair]) -> pl.LazyFrame:
    """Return the table with the columns of whole numbers that came as broken ones stored as whole ones."""
    types = frame.collect_schema()
    late = [each.column for each in repairs if each.dtype == "integer" and types[each.column] == pl.Float64()]
    return frame.with_columns(pl.col(late).cast(pl.Int64)) if late else frame


def _without_blank_rows(
    raw: pl.LazyFrame, scanned: Scanned, tallies: Mapping[str, Tally]
) -> tuple[pl.LazyFrame, tuple[Finding, ...]]:
    """Return a table of text without rows that hold nothing at all."""
    if not scanned.is_text or len(tallies) < 2 or any(tally.filled == tally.rows for tally in tallies.values()):
        return raw, ()
    is_blank = pl.all_horizontal(pl.all().is_null())
    rows = raw.select(is_blank.sum()).collect(engine="streaming").item()
    if not rows:
        return raw, ()
    says = f"{counted(rows, 'row')} hold nothing at all and are left out."
    return raw.filter(~is_blank), (Finding("blank-rows", "note", None, says, {"rows": rows}),)


def _describe(
    raw: pl.LazyFrame, frame: pl.LazyFrame, repairs: tuple[Repair, ...], declared: Mapping[str, Declared],
    tallies: Mapping[str, Tally], listener: Listener,
) -> Known:  # fmt: skip
    """Return what is known of the repaired table."""
    listener(Event("read", "describing columns"))
    facts = gather_facts(frame)
    rows = next((each.rows for each in facts.values()), 0)
    whole = {name for name, each in facts.items() if _is_late_whole(each)}
    repairs = tuple(replace(each, dtype="integer") if each.column in whole else each for each in repairs)
    facts = {name: replace(each, dtype="integer") if name in whole else each for name, each in facts.items()}
    frame = _as_whole(frame, repairs)
    columns = tuple(_column(facts[each.column], each) for each in repairs)
    pointed = {name for name, tally in tallies.items() if tally.counted("whole")}
    was_float = tuple(sorted(({*whole} - {*tallies}) | {name for name in pointed if facts[name].dtype == "integer"}))
    listener(Event("read", "looking for odd values"))
    findings = (
        *(_whole_finding(facts[name]) for name in was_float),
        *declared_effects(raw, repairs, declared),
        *(finding for column in columns for finding in _odd(column, facts[column.name])),
        *find_sentinels(sample(frame.select(_measured(columns)), rows), columns, rows),
    )
    listener(Event("read", "hashing the table"))
    return Known(rows, repairs, tuple(facts.values()), was_float, columns, fingerprint(frame), findings)


def _is_late_whole(facts: Facts) -> bool:
    held = facts.lo is not None and facts.hi is not None and max(-facts.lo, facts.hi) <= _EXACT
    return facts.dtype == "float" and facts.is_whole and held


def _measured(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns if column.kind in ("number", "time")]


def _column(facts: Facts, repair: Repair) -> Column:
    kind, because = kind_of(facts, repair.kind)
    return Column(facts.name, facts.dtype, kind, "feature", because)


def _with_narrow_integers(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table with integers that no 64 bits with a sign can hold as text: they name something."""
    types = frame.collect_schema()
    wide = [name for name, dtype in types.items() if isinstance(dtype, pl.UInt64 | pl.Int128 | pl.UInt128)]
    if not wide:
        return frame
    fits = frame.select(pl.col(wide).cast(pl.Int64, strict=False).null_count() == pl.col(wide).null_count())
    row = fits.collect(engine="streaming").row(0, named=True)
    return frame.with_columns(pl.col(name).cast(pl.String) for name in wide if not row[name])


def _not_finite(raw: pl.LazyFrame) -> tuple[Finding, ...]:
    """Return a finding for each column of broken numbers with NaN or infinities."""
    floats = [name for name, dtype in raw.collect_schema().items() if dtype.is_float()]
    if not floats:
        return ()
    sums = [pl.col(name).is_nan().sum().alias(f"{place} nan") for place, name in enumerate(floats)]
    sums += [pl.col(name).is_infinite().sum().alias(f"{place} infinite") for place, name in enumerate(floats)]
    row = raw.select(sums).collect(engine="streaming").row(0, named=True)
    counts = ((name, row[f"{place} nan"], row[f"{place} infinite"]) for place, name in enumerate(floats))
    return tuple(remarks.not_finite(name, nan, infinite) for name, nan, infinite in counts if nan or infinite)


def _left_out(name: str, dtype: pl.DataType) -> Finding:
    says = f"It holds {str(dtype).split('(')[0].lower()} values, not one value a row, and is left out."
    return Finding("column-left-out", "warn", name, says, {"type": str(dtype)}, "Spread it over columns of its own.")


def _whole_finding(facts: Facts) -> Finding:
    says = "All its numbers are whole although they came with decimals; they are stored as whole numbers."
    return Finding("whole-numbers-as-float", "note", facts.name, says, {"rows": facts.present})


def _odd(column: Column, facts: Facts) -> tuple[Finding, ...]:
    """Return what is worth knowing about a column because of its kind."""
    if not facts.present:
        return (Finding("empty-column", "warn", column.name, "It has no value in any row, and is not used."),)
    if column.kind == "constant":
        return (
            Finding("constant-column", "note", column.name, "It has the same value in every row, and is not used."),
        )
    if column.kind == "number" and column.dtype == "integer" and has_code_name(column.name):
        says = f"Its name says code or id, but its {count(facts.distinct)} whole numbers are read as amounts."
        do = f'If they only name something, write {column.name} = "is a category" in data.repairs.'
        return (Finding("number-may-be-code", "note", column.name, says, {"distinct": facts.distinct}, do),)
    return ()
