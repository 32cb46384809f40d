from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from milepost.data.kinds import gather_facts, kind_of

N = 40
SHUFFLED = [(7 * n) % N for n in range(N)]


def kind(values: list, name: str = "x", dtype: pl.DataType | None = None, declared=None) -> str:
    frame = pl.DataFrame({name: pl.Series(values, dtype=dtype)}).lazy()
    return kind_of(gather_facts(frame)[name], declared)[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 2, 3] * 10, "number"), ([0.5, 1.5] * 20, "number"), ([0, 1] * 20, "flag"), ([True, None] * 20, "flag"),
     ([1, 2] * 20, "number"), (["a", "b"] * 20, "category"), ([date(2024, 1, 1), date(2024, 1, 2)] * 20, "time"),
     ([5] * N, "constant"), ([None] * N, "constant"), (["a"] * N, "constant"), (["a", None] * 20, "category")],
)  # fmt: skip
def test_values_tell_the_kind(values, expected):
    assert kind(values, dtype=pl.String() if values == [None] * N else None) == expected


def test_numbers_that_name_rows_are_ids():
    assert kind(list(range(1, N + 1))) == "id"  # row numbers
    assert kind([n * n + 7 for n in range(N)]) == "id"  # each above the last
    assert kind(SHUFFLED) == "id"  # all different, without gaps
    assert kind([n * 1000 for n in SHUFFLED]) == "number"  # all different, far apart: amounts
    assert kind([n * 1000 for n in SHUFFLED], name="customer_id") == "id"
    assert kind([n * 1000 for n in SHUFFLED], name="customerID") == "id"


def test_an_amount_that_repeats_is_no_id_whatever_its_order():
    assert kind(sorted([*range(N - 1), 0])) == "number"


def test_in_a_tiny_table_only_a_row_number_is_an_id():
    assert kind([10, 20, 35]) == "number"
    assert kind([1, 2, 3]) == "id"
    assert kind(["a", "b", "c"]) == "category"


def test_words_that_differ_in_every_row_are_ids_and_sentences_are_text():
    assert kind([f"K{n}" for n in range(N)]) == "id"
    assert kind([f"the {n} customer said something else" for n in range(N)]) == "text"
    assert kind([f"level {n % 30}" for n in range(N * 10)]) == "category"


def test_what_is_declared_wins():
    assert kind([1, 2] * 20, declared="category") == "category"
    assert kind([None] * N, dtype=pl.String(), declared="category") == "constant"


def test_facts_count_what_is_there():
    facts = gather_facts(pl.DataFrame({"x": [1.0, 3.0, None, 3.0], "t": ["a b", "c", None, "c"]}).lazy())
    x, t = facts["x"], facts["t"]
    assert (x.rows, x.missing, x.distinct, x.lo, x.hi, x.is_whole) == (4, 1, 2, 1.0, 3.0, True)
    assert (t.words, t.letters, t.distinct) == (4, 5, 2)


def test_a_large_table_is_counted_exactly_where_it_matters(monkeypatch):
    monkeypatch.setattr("milepost.data.kinds.EXACT_ROWS", 10)
    rows = 5_000
    frame = pl.DataFrame({"id": pl.int_range(rows, eager=True), "few": pl.int_range(rows, eager=True) % 37})
    keys = {"key": "K" + pl.col("id").cast(pl.String), "twice": pl.col("id").replace({1: 0, 7: None})}
    facts = gather_facts(frame.with_columns(**keys).lazy())
    assert [facts[name].distinct for name in ("id", "key", "twice", "few")] == [rows, rows, rows - 2, 37]
