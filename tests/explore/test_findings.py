from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from milepost.data.schema import Column, Schema
from milepost.explore.findings import explore
from milepost.explore.numbers import far_values
from real_tables import real_table

ROWS = 2_000


def chance():
    return np.random.default_rng(0)


def schema_of(frame, task, target, **roles):
    kinds = {pl.String: ("text", "category"), pl.Boolean: ("boolean", "flag")}
    columns = []
    for name, dtype in frame.schema.items():
        stored, kind = kinds.get(dtype, ("float" if dtype.is_float() else "integer", "number"))
        if dtype.is_temporal():
            stored, kind = "datetime", "time"
        columns.append(Column(name, stored, kind, "target" if name == target else roles.get(name, "feature")))
    return Schema(tuple(columns), task)


def explored(columns, task="binary", target="y", **roles):
    frame = pl.DataFrame(columns)
    return {finding.code: finding for finding in explore(frame, schema_of(frame, task, target, **roles), seed=0)}


def plain(rows=ROWS):
    """Rows in which there is nothing to find."""
    answers = np.where(chance().random(rows) < 0.3, "Yes", "No")
    return {"y": answers, "x": np.random.default_rng(1).normal(size=rows)}


def test_nothing_is_found_where_there_is_nothing():
    assert explored(plain()) == {}


def test_what_needs_a_look_comes_first():
    frame = real_table("modeldata", "ames").drop("rownames")
    severities = [f.severity for f in explore(frame, schema_of(frame, "regression", "Sale_Price"), seed=0)]
    assert severities == sorted(severities, reverse=True)
    assert {"warn", "note"} == set(severities)


def test_the_same_rows_and_seed_give_the_same_findings():
    frame = real_table("modeldata", "hotel_rates").drop("rownames")
    schema = schema_of(frame, "regression", "avg_price_per_room")
    assert explore(frame, schema, seed=0) == explore(frame, schema, seed=0)


def test_the_listener_hears_each_step():
    events = []
    frame = pl.DataFrame(plain())
    explore(frame, schema_of(frame, "binary", "y"), seed=0, listener=events.append)
    assert [event.done for event in events] == list(range(8))
    assert {event.step for event in events} == {"explore"}


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_handful_of_rows_is_no_trouble(rows):
    assert set(explored(plain(rows) if rows else {"y": pl.Series([], dtype=pl.String), "x": []})) <= {
        "few-rows",
        "few-events",
    }


def test_telco_has_eleven_gaps_and_nothing_alarming():
    frame = real_table("modeldata", "wa_churn").drop("rownames")
    (finding,) = explore(frame, schema_of(frame, "binary", "churn"), seed=0)
    assert (finding.code, finding.severity, finding.column) == ("missing-values", "note", "total_charges")


# ---- missing values


def test_columns_missing_together_are_named_together():
    gap = chance().random(ROWS) < 0.1
    columns = {name: [None if g else float(n % 17) for n, g in enumerate(gap)] for name in ("a", "b")}
    found = explored(plain() | columns | {"c": [None, *map(float, range(ROWS - 1))]})
    assert found["missing-values"].evidence["columns"] == 3
    assert found["missing-together"].says.startswith(f"`a`, `b` are missing in the same {gap.sum()} rows")


def test_a_column_that_is_mostly_missing_needs_a_look():
    found = explored(plain() | {"a": [float(n) if n % 10 == 0 else None for n in range(ROWS)]})
    assert (found["mostly-missing"].severity, found["mostly-missing"].column) == ("warn", "a")
    assert "missing-values" not in found  # it has been said


def test_gaps_are_told_once():
    half = [float(n) if n % 10 == 0 else None for n in range(ROWS)]
    found = explored(plain() | {"a": half, "b": [None, *map(float, range(ROWS - 1))]})
    assert found["missing-values"].says.startswith("1 more column has missing values")
    assert found["missing-values"].column == "b"


def test_a_gap_that_says_something_is_noted():
    columns = plain()
    gap = (columns["y"] == "Yes") & (np.random.default_rng(5).random(ROWS) < 0.5)
    found = explored(columns | {"a": [None if g else float(n % 17) for n, g in enumerate(gap)]})
    assert found["missing-tells"].column == "a"


# ---- numbers


def test_a_slip_of_the_pen_is_far_and_a_long_tail_is_not():
    # middle half of 0..100 is 25..75; 50,000 lies (50000 - 50) / 50 = 999 widths away
    assert far_values(np.array([*range(101), 50_000.0, np.nan])) == (
        1,
        50_000.0,
        pytest.approx(25.25),
        pytest.approx(75.75),
    )
    assert far_values(chance().lognormal(sigma=1.5, size=ROWS)) is None
    assert far_values(np.array([0.0] * 90 + [7.0] * 10)) is None


def test_the_wrong_sizes_of_diamonds_are_found():
    frame = real_table("ggplot2", "diamonds").drop("rownames")
    found = explore(frame, schema_of(frame, "regression", "price"), seed=0)
    far = {finding.column: finding.evidence["farthest"] for finding in found if finding.code == "far-values"}
    assert far.items() >= {"y": 58.9, "z": 31.8}.items()


def test_two_columns_that_say_the_same_are_named():
    x = np.random.default_rng(1).normal(size=ROWS)
    found = explored(plain() | {"x": x, "twice": np.exp(x)})
    assert "`x` and `twice` (1)" in found["same-numbers"].says


# ---- categories


def test_many_rare_and_single_levels_are_noted():
    code = chance().integers(0, 800, ROWS).astype(str)
    found = explored(plain() | {"code": code, "one": ["a"] * (ROWS - 2) + ["b"] * 2})
    assert found["many-levels"].column == found["rare-levels"].column == "code"
    assert found["nearly-constant"].column == "one"


# ---- answers


@pytest.mark.parametrize(("rate", "severity"), [(0.05, "note"), (0.005, "warn")])
def test_rare_answers_make_accuracy_cheap(rate, severity):
    rows = 40_000
    found = explored({"y": np.arange(rows) % round(1 / rate) == 0, "x": chance().normal(size=rows)})
    assert found["rare-answer"].severity == severity
    assert f"right in {100 - 100 * rate:.1f} % of all cases" in found["rare-answer"].says


def test_few_events_and_few_rows_need_a_look():
    columns = {f"x{n}": chance().normal(size=120) for n in range(15)}
    found = explored({"y": np.arange(120) % 3 == 0} | columns)
    assert found["few-events"].evidence["rows"] == 40
    assert found["few-rows"].evidence == {"rows": 120, "features": 15}


def test_a_rare_class_is_named():
    found = explored({"y": ["a"] * 900 + ["b"] * 900 + ["c"] * 3, "x": chance().normal(size=1_803)}, "multiclass")
    assert "'c' (3)" in found["rare-classes"].says


def test_a_few_huge_answers_rule_the_squared_error():
    value = np.concatenate([chance().normal(size=ROWS - 2), [500, 600]])
    found = explored({"y": value, "x": chance().normal(size=ROWS)}, "regression")
    assert found["target-far-values"].severity == "warn"


def test_a_long_tail_and_a_lump_of_answers_are_noted():
    value = np.where(chance().random(ROWS) < 0.4, 0.0, chance().lognormal(size=ROWS))
    found = explored({"y": value, "x": np.random.default_rng(1).normal(size=ROWS)}, "regression")
    assert found["target-lump"].evidence["value"] == 0
    assert "long tail of large values" in found["target-skewed"].says


# ---- repeated rows


def test_hotel_rates_hold_1382_copies():
    frame = real_table("modeldata", "hotel_rates").drop("rownames")
    found = {f.code: f for f in explore(frame, schema_of(frame, "regression", "avg_price_per_room"), seed=0)}
    assert found["repeated-rows"].evidence["rows"] == 1_382


def test_equal_rows_with_different_answers_bound_what_can_be_right():
    # each of 500 looks comes three times as yes and once as no: at best three in four are right
    found = explored({"y": [True, True, True, False] * 500, "x": np.repeat(np.arange(500), 4)})
    assert "more than 75.0 % of these rows" in found["conflicting-answers"].says


# ---- change over time


def over_time(rates, task="binary"):
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(ROWS)]
    level = np.repeat(rates, ROWS // len(rates))
    answer = chance().random(ROWS) < level if task == "binary" else level + chance().normal(size=ROWS)
    x = np.random.default_rng(1).normal(size=ROWS)
    return explored({"y": answer, "at": days, "x": x}, task, at="time")


def test_a_rate_that_moves_is_told_quarter_by_quarter():
    finding = over_time([0.2, 0.2, 0.3, 0.4])["answers-drift"]
    assert finding.severity == "warn"
    assert finding.says.count("%") == 4


def test_a_mean_that_moves_is_told():
    assert over_time([0.0, 0.0, 0.5, 1.0], "regression")["answers-drift"].severity == "warn"


def test_a_steady_rate_is_not():
    assert "answers-drift" not in over_time([0.3] * 4)
    assert "answers-drift" not in over_time([0.0] * 4, "regression")


def test_a_column_that_begins_later_needs_a_look():
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(ROWS)]
    late = [None if n < ROWS / 2 else float(n % 17) for n in range(ROWS)]
    found = explored(plain() | {"at": days, "new": late}, at="time")
    assert found["filled-in-differently"].column == "new"


@pytest.mark.parametrize("name", ["count", "len", "rows", "label", "text", "index", "literal"])
def test_columns_may_be_called_like_columns_of_our_own(name):
    assert explored({"y": plain()["y"], name: ["a"] * (ROWS - 2) + ["b"] * 2})["nearly-constant"].column == name
    found = explored({name: np.arange(ROWS) % 200 == 0, "x": chance().normal(size=ROWS)}, target=name)
    assert found["rare-answer"].column == name
