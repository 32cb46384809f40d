"""What an expression must not say, because it looks beyond its own row or answers differently tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """A family of forbidden words: why, and what to write instead."""

    why: str
    fix: str
    words: tuple[str, ...]


REFUSALS: Final = (
    Refusal(
        "an aggregate: it would mix rows, and an expression sees one row",
        "Write what the row itself says, such as a + b; LEAST(a, b) and GREATEST(a, b) choose among its columns.",
        (
            "sum", "avg", "mean", "count", "min", "max", "median", "mode", "first", "last", "any_value", "quantile",
            "quantile_cont", "quantile_disc", "percentile_cont", "percentile_disc", "stddev", "stddev_pop",
            "stddev_samp", "std", "variance", "var", "var_pop", "var_samp", "corr", "covar", "covar_pop", "covar_samp",
            "array_agg", "string_agg", "group_concat", "listagg", "bool_and", "bool_or", "every",
        ),
    ),
    Refusal(
        "a window function: it would read other rows, and an expression sees one row",
        "Compute it before the table is given to Milepost, as a column of its own.",
        (
            "over", "lag", "lead", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile",
            "first_value", "last_value", "nth_value",
        ),
    ),
    Refusal(
        "a subquery: it would read other tables, and an expression sees one row",
        "Join the tables before, so that every row has what it needs.",
        ("select", "exists", "with", "union", "any", "all", "some", "unnest", "explode"),
    ),
    Refusal(
        "the clock: the same row would be answered differently tomorrow",
        "Compare with a time column of the row, or with a date written out: DATE '2024-01-31'.",
        (
            "now", "today", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
            "getdate", "sysdate", "clock_timestamp",
        ),
    ),
    Refusal(
        "chance: the same row would be answered differently each time",
        "Leave it out.",
        ("random", "rand", "uuid", "gen_random_uuid", "newid"),
    ),
)  # fmt: skip
_FILES: Final = Refusal(
    "a function that reads files, and an expression sees one row",
    "Name the file as data.source, or join it before.",
    ("read_", "scan_"),
)
_BY_WORD: Final = {word: refusal for refusal in REFUSALS for word in refusal.words}

# words that are refused even where nothing is called, unless a column has that name
BARE: Final = {"select", "exists", "over", *REFUSALS[3].words}


def refusal_of(word: str) -> Refusal | None:
    """Return why NAME(…) is refused, or None; word is in lower case."""
    return _FILES if word.startswith(_FILES.words) else _BY_WORD.get(word)


# what the tokenizer meets: pattern, what it is, what to do
SIGNS: Final = (
    (
        r"--|/\*|\#",
        "An expression has no comments.",
        "Put the comment into the problem file, behind #.",
    ),
    (r";", "A semicolon ends a statement; an expression is one value.", "Leave out the semicolon."),
    (
        r"\?|\$\w*|:\w+|@\w*|\{",
        "Parameters are not allowed: an expression says everything itself.",
        "Write the value, or the name of a column.",
    ),
    (r"&&", "&& is not SQL.", "Write AND."),
    (r"\*\*|\^", "There is no such operator for powers.", "Write POWER(x, 2)."),
    (r"//", "There is no operator //.", "Write FLOOR(a / b)."),
    (r"[&|~]", "Operators on bits are not offered.", "Write AND, OR, NOT; texts are joined by ||."),
    (r"!", "! alone is not SQL.", "Write NOT, or <> for unequal."),
    (r"`", "This is not a quote that SQL knows.", 'Put a column name in double quotes: "Name".'),
    (r"[‘’‛´]", "This is not a quote that SQL knows.", "Put text in straight single quotes: 'Yes'."),
    (r"[“”„]", "This is not a quote that SQL knows.", 'Put a column name in straight double quotes: "Name".'),
    (r"\[", "Square brackets are not offered.", 'Put a column name with spaces in double quotes: "A name".'),
    (r"\.", "A dot after a name would mean a table.", 'Put a column name with a dot in double quotes: "a.b".'),
)
