from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from milepost.data.leaks import suspected_leaks
from milepost.data.schema import Column, Schema
from real_tables import real_table

CHANCE = np.random.default_rng(0)
BEGINNING = CHANCE.bit_generator.state
ROWS = 2_000


@pytest.fixture(autouse=True)
def _same_chance():
    CHANCE.bit_generator.state = BEGINNING


def schema_of(frame, task, target, **roles):
    kinds = {pl.String: ("text", "category"), pl.Boolean: ("boolean", "flag"), pl.Date: ("date", "time")}
    columns = []
    for name, dtype in frame.schema.items():
        stored, kind = kinds.get(dtype, ("float" if dtype.is_float() else "integer", "number"))
        columns.append(Column(name, stored, kind, "target" if name == target else roles.get(name, "feature")))
    return Schema(tuple(columns), task)


def leaks(frame, task, target, **roles):
    return suspected_leaks(frame, schema_of(frame, task, target, **roles), seed=0)


def churn(**columns):
    answer = CHANCE.random(ROWS) < 0.2
    made = {name: make(answer) for name, make in columns.items()}
    return pl.DataFrame({"churn": np.where(answer, "Yes", "No"), "x": CHANCE.normal(size=ROWS) + answer, **made})


def found(findings):
    return [(finding.severity, finding.code, finding.column) for finding in findings]


def test_the_answer_in_other_words_is_a_copy():
    frame = churn(lost=lambda answer: answer.astype(int))
    assert found(leaks(frame, "binary", "churn")) == [("warn", "leak-copy", "lost")]


def test_a_date_that_only_churned_rows_have_is_told():
    frame = churn(
        left_on=lambda answer: [date(2024, 1, 1) + timedelta(n % 60) if a else None for n, a in enumerate(answer)]
    )
    assert found(leaks(frame, "binary", "churn")) == [("warn", "leak-copy", "left_on")]


def test_gaps_that_nearly_tell_the_answer_are_told():
    def score(answer):
        return [None if a != (c < 0.05) else float(n % 7) for n, (a, c) in enumerate(zip(answer, CHANCE.random(ROWS)))]  # noqa: B905

    assert found(leaks(churn(score=score), "binary", "churn")) == [("warn", "leak-missing", "score")]


def test_a_column_that_nearly_tells_the_answer_is_told():
    frame = churn(risk=lambda answer: answer * 4 + CHANCE.normal(size=ROWS))
    assert found(leaks(frame, "binary", "churn")) == [("warn", "leak-strong", "risk")]


def test_a_strong_feature_is_a_note_only():
    frame = churn(usage=lambda answer: answer * 2.5 + CHANCE.normal(size=ROWS))
    assert found(leaks(frame, "binary", "churn")) == [("note", "leak-possible", "usage")]


def test_a_name_that_speaks_of_later_is_told_with_the_reason():
    frame = churn(cancel_reason=lambda _: CHANCE.choice(["a", "b"], ROWS))
    (finding,) = leaks(frame, "binary", "churn")
    assert (finding.severity, finding.code) == ("note", "leak-name")
    assert finding.says == "The name `cancel_reason` speaks of a cancellation: it may be known only afterwards."


def test_many_strong_columns_mean_an_easy_answer():
    frame = churn(**{f"v{n}": lambda answer: answer * 2.5 + CHANCE.normal(size=ROWS) for n in range(6)})
    assert found(leaks(frame, "binary", "churn")) == [("note", "leak-possible", None)]


def test_a_class_in_other_words_is_a_copy():
    answer = CHANCE.integers(0, 4, ROWS)
    frame = pl.DataFrame({"kind": answer, "code": pl.Series(answer).cast(pl.String), "x": CHANCE.normal(size=ROWS)})
    assert found(leaks(frame, "multiclass", "kind")) == [("warn", "leak-copy", "code")]


def test_the_target_in_another_unit_is_a_copy():
    price = CHANCE.lognormal(size=ROWS)
    frame = pl.DataFrame({"price": price, "dollars": price * 1.1, "x": CHANCE.normal(size=ROWS)})
    assert found(leaks(frame, "regression", "price")) == [("warn", "leak-copy", "dollars")]


def test_a_target_that_is_a_sum_of_columns_is_told():
    net, tax = CHANCE.lognormal(size=(2, ROWS))
    frame = pl.DataFrame({"total": net + tax, "net": net, "tax": tax, "x": CHANCE.normal(size=ROWS)})
    (finding,) = leaks(frame, "regression", "total")
    assert finding.code == "leak-sum"
    assert "`net`" in finding.says
    assert "`tax`" in finding.says


def test_rows_sorted_by_the_answer_are_noted_unless_time_orders_them():
    answer = np.sort(CHANCE.integers(0, 2, ROWS))
    days = pl.Series([date(2020, 1, 1) + timedelta(int(n) // 2) for n in range(ROWS)])
    frame = pl.DataFrame({"y": answer, "x": CHANCE.normal(size=ROWS), "at": days})
    assert found(leaks(frame.drop("at"), "binary", "y")) == [("note", "leak-order", None)]
    assert found(leaks(frame, "binary", "y", at="time")) == []


def test_a_number_too_large_to_be_squared_is_no_term_of_a_sum():
    net, tax = CHANCE.lognormal(size=(2, ROWS))
    slip = np.where(np.arange(ROWS) == 3, 1e300, net)
    frame = pl.DataFrame({"total": net + tax, "net": net, "tax": tax, "slip": slip})
    assert "leak-sum" in {finding.code for finding in leaks(frame, "regression", "total")}


@pytest.mark.parametrize("ids", [range(ROWS), range(ROWS, 0, -1)])
def test_an_id_that_only_numbers_the_rows_says_no_more_than_their_order(ids):
    frame = pl.DataFrame({"y": np.sort(CHANCE.integers(0, 2, ROWS)), "id": ids, "x": CHANCE.normal(size=ROWS)})
    assert found(leaks(frame, "binary", "y", id="id")) == [("note", "leak-order", None)]


def test_an_id_that_tells_the_answer_is_noted():
    answer = CHANCE.integers(0, 2, ROWS)
    frame = pl.DataFrame({"y": answer, "id": answer * 10_000 + CHANCE.permutation(ROWS), "x": CHANCE.normal(size=ROWS)})
    assert found(leaks(frame, "binary", "y", id="id")) == [("note", "leak-order", "id")]


def test_a_handful_of_rows_is_judged_by_name_alone():
    frame = pl.DataFrame({"y": [0, 1] * 10, "copy": [0, 1] * 10, "outcome": [1.0, 2.0] * 10})
    assert found(leaks(frame, "binary", "y")) == [("note", "leak-name", "outcome")]


@pytest.mark.parametrize(
    ("table", "task", "target"),
    [
        ("wa_churn", "binary", "churn"),
        ("lending_club", "binary", "Class"),
        ("credit_data", "binary", "Status"),
        ("attrition", "binary", "Attrition"),
        ("hotel_rates", "regression", "avg_price_per_room"),
        ("ames", "regression", "Sale_Price"),
    ],
)
def test_honest_tables_raise_no_alarm(table, task, target):
    frame = real_table("modeldata", table).drop("rownames")
    assert not [finding for finding in leaks(frame, task, target) if finding.severity != "note"]


def test_the_delay_at_departure_is_suspect_for_the_delay_at_arrival():
    frame = real_table("nycflights13", "flights").drop("rownames")
    alarms = [finding for finding in leaks(frame, "regression", "arr_delay") if finding.severity == "warn"]
    assert found(alarms) == [("warn", "leak-name", "dep_delay")]
