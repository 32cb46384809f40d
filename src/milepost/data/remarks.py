"""What is said about how a column of text is written: one finding for each thing that is not plain.

Tally(missing tokens "NA" 12, "?" 3)  ->  Finding("missing-token", "Read as missing: 'NA' (12 rows), '?' (3 rows), …")
"""

from __future__ import annotations

from milepost.data.census import PATTERNS, TIMES, Tally
from milepost.data.findings import Finding
from milepost.data.repairs import Repair
from milepost.data.writing import MISSING_WORDS
from milepost.ground.text import count, counted, listed, share

NUMBERS = ("integer", "whole", "real", "comma or thousands", "grouped")
_MOSTLY = 0.5  # of the values; a column with so many numbers or times is worth a word about the others


def mostly(tally: Tally, values: int) -> tuple[Finding, ...]:
    """Return the finding about a column that is mostly numbers or mostly times."""
    for what, forms in (("numbers", NUMBERS), ("times", tuple(TIMES))):
        good = tally.counted(*forms)
        if good >= _MOSTLY * values and values - good > 0:
            first = tally.first_other(*forms) + 1
            return (
                Finding(
                    "mixed-values", "warn", tally.column,
                    f"{count(good)} of {counted(values, 'value')} are {what} and {count(values - good)} are not, "
                    f"the first in row {count(first)}; the column is kept as text.",
                    {"values": values, "good": good, "first_bad_row": first},
                    "Mend those values, or say in data.repairs which texts are missing.",
                ),
            )  # fmt: skip
    return ()


def missing_texts(repair: Repair, tally: Tally) -> tuple[Finding, ...]:
    """Return what is said about texts that mean missing, or might."""
    words = {text: rows for text, rows in tally.tokens.items() if text in MISSING_WORDS}
    tokens = {text: rows for text, rows in tally.tokens.items() if text not in words and text not in repair.present}
    found: tuple[Finding, ...] = ()
    if repair.dtype != "text":
        tokens |= words
    elif words:
        named = _with_rows(words)
        found = (
            Finding(
                "level-may-be-missing", "note", tally.column,
                f"{named} may mean that nothing is known; kept as a label.", {"rows": sum(words.values())},
                f"If so, write {tally.column} = \"'{min(words)}' is missing\" in data.repairs.",
            ),
        )  # fmt: skip
    tokens = {text: rows for text, rows in tokens.items() if text not in repair.missing}
    if tally.blanks:
        tokens["(only spaces)"] = tally.blanks
    if not tokens:
        return found
    rows = sum(tokens.values())
    says = f"Read as missing: {_with_rows(tokens)}, {share(rows / tally.rows)} of all rows."
    return (*found, Finding("missing-token", "note", tally.column, says, {"rows": rows, "share": rows / tally.rows}))


def _with_rows(tokens: dict[str, int]) -> str:
    """Return texts with their rows, the most frequent first."""
    by_rows = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{text if text.startswith('(') else repr(text)} ({counted(rows, 'row')})" for text, rows in by_rows]
    return listed(shown, most=4)


def held_as_text(repair: Repair, tally: Tally) -> tuple[Finding, ...]:
    """Return the finding about numbers, truths and times that a typed source holds as text."""
    noun = {"integer": "numbers", "float": "numbers", "boolean": "flags", "date": "times", "datetime": "times"}
    if repair.dtype not in noun:
        return ()
    what = noun[repair.dtype]
    return (
        Finding(
            f"{what}-as-text", "note", tally.column, f"Text that holds nothing but {what} is read as {what}.",
            {"rows": tally.counted(*PATTERNS)},
        ),
    )  # fmt: skip


def separators(repair: Repair, tally: Tally) -> tuple[Finding, ...]:
    """Return the finding about numbers that are written with separators, signs of money or percent."""
    rows = tally.counted("comma or thousands", "grouped", "comma")
    if repair.dtype not in ("integer", "float") or not rows:
        return ()
    comma = repair.form == "decimal comma"
    how = "a comma before the decimals" if comma else "separators, or signs of money or percent, which are left off"
    undo = (
        ""
        if comma
        else f'If the comma stands before decimals, write {tally.column} = "is a number with decimal comma".'
    )
    says = f"{counted(rows, 'number')} have {how}."
    return (Finding("numbers-with-separators", "note", tally.column, says, {"rows": rows}, undo),)


def units(repair: Repair, tally: Tally) -> tuple[Finding, ...]:
    """Return the finding about numbers of which only some carry a sign of money or percent."""
    values = tally.counted(*PATTERNS)
    some = {sign: rows for sign, rows in tally.signs.items() if rows < values}
    if repair.dtype not in ("integer", "float") or not some:
        return ()
    signs = listed([f"{sign} ({counted(rows, 'value')})" for sign, rows in some.items()])
    return (
        Finding(
            "mixed-units", "warn", tally.column,
            f"Only some of the {counted(values, 'number')} carry a sign: {signs}. The signs are left off: "
            "12% is read as 12, and 5 $ like 5 €.",
            {"values": values, "signed": sum(some.values())},
            "Write all numbers of the column in one unit, without signs.",
        ),
    )  # fmt: skip


def spaced(tally: Tally) -> Finding:
    """Return the finding about outer spaces that are cut off."""
    rows = tally.spaced.rows
    says = f"{counted(rows, 'value')} lose the spaces around them, the first in row {count(tally.spaced.first + 1)}."
    return Finding("stray-spaces", "note", tally.column, says, {"rows": rows, "first_row": tally.spaced.first + 1})


def zoneless(tally: Tally) -> Finding:
    """Return the finding about times whose zone nobody says."""
    return Finding(
        "times-without-zone", "note", tally.column, "The times have no zone; they are read as UTC.",
        {"rows": tally.counted(*TIMES)}, "If they are local times, write data.timezone.",
    )  # fmt: skip


def partly_zoneless(tally: Tally, zone: str) -> Finding:
    """Return the finding about times of which only some say their zone."""
    rows = tally.counted(*TIMES) - tally.counted("zoned")
    return Finding(
        "times-partly-without-zone", "note", tally.column,
        f"{counted(rows, 'time')} of {count(tally.counted(*TIMES))} {'has' if rows == 1 else 'have'} no zone and "
        f"{'is' if rows == 1 else 'are'} read in {zone}; the others say theirs.",
        {"rows": rows}, "If they are times of another zone, write it as data.timezone, or write the zone behind each.",
    )  # fmt: skip


def order_told(tally: Tally, form: str, other: str) -> Finding:
    """Return the finding about dates whose order follows from some of them."""
    is_day = form == "day/month/year"
    rows = tally.counted("day first" if is_day else "month first")
    dots = " or dots between the parts" if is_day else ""
    return Finding(
        "day-and-month-order", "note", tally.column,
        f"Read as {form}, because {counted(rows, 'value')} {'has' if rows == 1 else 'have'} a day above 12{dots}.",
        {"rows": rows, "unclear": tally.counted("day or month")},
        f"If the others are meant otherwise, mend those values and write {tally.column} = \"is {other}\" in "
        "data.repairs.",
    )  # fmt: skip


def short_years(tally: Tally) -> Finding:
    """Return the finding about dates whose century is a guess."""
    rows = tally.short_years
    return Finding(
        "two-digit-years", "note", tally.column,
        f"{counted(rows, 'date')} {'has' if rows == 1 else 'have'} a year of two digits: 69 to 99 are read as 1969 to "
        "1999, 00 to 68 as 2000 to 2068.",
        {"rows": rows}, "If the century is another one, write the years with four digits.",
    )  # fmt: skip


def leading_zeros(tally: Tally) -> Finding:
    """Return the finding about whole numbers that begin with a zero."""
    return Finding(
        "leading-zeros", "note", tally.column,
        "Some whole numbers begin with a zero, as codes do; the column is kept as text.",
        {"rows": tally.counted("coded"), "first_row": tally.forms["coded"].first + 1},
        f"If they are quantities, write {tally.column} = \"is a number\" in data.repairs.",
    )  # fmt: skip


def mixed_order(tally: Tally, first: int) -> Finding:
    """Return the finding about dates in two orders."""
    return Finding(
        "day-and-month-mixed", "warn", tally.column,
        f"Some dates have the day first and some the month; row {count(first + 1)} is the first that differs. "
        "The column is kept as text.",
        {"day_first": tally.counted("day first"), "month_first": tally.counted("month first"), "first_row": first + 1},
        "Write all dates in one order, best as 2024-12-31.",
    )  # fmt: skip


def unclear_order(tally: Tally) -> Finding:
    """Return the finding about dates whose order no value tells."""
    return Finding(
        "day-or-month-unclear", "warn", tally.column,
        "Dates like 03/04/2024 may have the day or the month first, and no value tells which; kept as text.",
        {"rows": tally.counted("day or month")},
        f"Write {tally.column} = \"is day/month/year\" or \"is month/day/year\" in data.repairs.",
    )  # fmt: skip


def not_finite(column: str, nan: int, infinite: int) -> Finding:
    """Return the finding about numbers that are none."""
    parts = [f"{word} ({counted(rows, 'row')})" for word, rows in (("NaN", nan), ("infinity", infinite)) if rows]
    says = f"Read as missing: {listed(parts)}."
    return Finding("infinite-or-nan", "note", column, says, {"nan": nan, "infinite": infinite})
