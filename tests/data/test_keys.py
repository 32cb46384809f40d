from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.keys import NEVER, ROW_HASH, SplitRequest, in_order, row_keys, split_keys, split_request, unit_codes
from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.read import parse_problem

TIMES = pl.Series([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(2024, 1, 3, tzinfo=UTC)])


def test_a_request_holds_what_the_problem_says():
    problem = parse_problem(
        """
        [problem]
        name = "churn"
        target = "churn"
        horizon = "30d"
        [data]
        source = "a.csv"
        time = "at"
        group = "account"
        label_delay = "2d"
        [split]
        test = 0.3
        strategy = "group"
        """
    )
    columns = (Column("churn", "text", "category", "target"), Column("x", "float", "number", "feature"))
    request = split_request(problem, Schema(columns, "binary", ("No", "Yes")))
    assert (request.task, request.target, request.compared) == ("binary", "churn", ("x",))
    assert (request.time, request.group, request.id, request.strategy, request.test) == (
        "at", "account", None, "group", 0.3
    )  # fmt: skip
    assert request.embargo == timedelta(days=32)
    assert "split.test" in request.place("split.test")


def test_roles_do_not_decide_what_makes_a_copy():
    problem = parse_problem('[problem]\nname = "p"\ntarget = "y"\n[data]\nsource = "a.csv"\n')
    kinds = {"y": "flag", "a": "number", "b": "category", "no": "id"}
    roles = [{}, {"b": "excluded"}, {"a": "sensitive", "b": "context"}]
    compared = {
        split_request(
            problem,
            Schema(
                tuple(
                    Column(name, "text", kind, "target" if name == "y" else some.get(name, "feature"))
                    for name, kind in kinds.items()
                ),
                "binary",
                ("No", "Yes"),
            ),
        ).compared
        for some in roles
    }
    assert compared == {("a", "b")}


def test_keys_are_the_named_columns_and_a_hash_of_the_features():
    frame = pl.LazyFrame({"y": [1, 0, 1], "a": [1.5, 1.5, 2.0], "b": ["u", "u", "u"], "c": [1, 2, 3]})
    keys = split_keys(frame, SplitRequest("binary", "y", ("a", "b")))
    assert keys.columns == ["y", ROW_HASH]
    assert keys[ROW_HASH][0] == keys[ROW_HASH][1] != keys[ROW_HASH][2]


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=30))
def test_equal_values_share_a_code_and_missing_ones_stand_alone(values):
    codes = unit_codes(pl.Series(values, dtype=pl.String))
    known = {value for value in values if value is not None}
    assert set(codes.tolist()) == set(range(len(known) + values.count(None)))
    assert all(len({int(c) for c, v in zip(codes, values, strict=True) if v == value}) == 1 for value in known)
    assert in_order(codes).tolist() == codes.tolist()


def test_classes_are_coded_and_a_missing_answer_is_minus_one():
    rows = row_keys(pl.DataFrame({"y": ["No", None, "Yes"]}), SplitRequest("binary", "y"), together=None)
    assert rows.target.tolist() == [0, -1, 1]
    assert rows.classes == ("No", "Yes")
    assert rows.labelled.tolist() == [True, False, True]


def test_a_number_that_is_not_finite_is_no_answer():
    keys = pl.DataFrame({"y": [1.0, None, float("inf"), float("nan")]})
    assert row_keys(keys, SplitRequest("regression", "y"), together=None).labelled.tolist() == [True] + [False] * 3


def test_an_answer_is_known_after_horizon_and_delay_however_early_it_was_recorded():
    keys = pl.DataFrame({"y": [1, 0, 1], "at": TIMES, "told": TIMES.dt.offset_by("5d")})
    request = SplitRequest("binary", "y", time="at", known_at="told", horizon=timedelta(2), label_delay=timedelta(1))
    late = row_keys(keys, request, together=None)
    assert (late.known - late.time)[[0, 2]].tolist() == [5 * 86_400_000_000] * 2
    early = row_keys(keys.with_columns(told=TIMES), request, together=None)
    assert (early.known - early.time)[[0, 2]].tolist() == [3 * 86_400_000_000] * 2
    assert early.time[1] == early.known[1] == NEVER


def test_dates_are_times():
    keys = pl.DataFrame({"y": [1, 0, 1], "at": TIMES.cast(pl.Date)})
    rows = row_keys(keys, SplitRequest("binary", "y", time="at"), together=None)
    assert np.diff(rows.time[[0, 2]]).tolist() == [2 * 86_400_000_000]


@pytest.mark.parametrize(("values", "held"), [([2020, 2021], "numbers"), (["spring", "autumn"], "text")])
def test_a_time_column_without_times_is_refused(values, held):
    keys = pl.DataFrame({"y": [0, 1], "at": values})
    with pytest.raises(MilepostError, match=f"'at' holds {held}, not times"):
        row_keys(keys, SplitRequest("binary", "y", time="at"), together=None)


def test_a_column_that_the_table_lacks_is_named_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="Write 'churn' instead"):
        row_keys(pl.DataFrame({"churn": [1]}), SplitRequest("binary", "chrun"), together=None)


def test_names_of_groups_become_hashes_that_are_equal_where_they_are_and_missing_stays_missing():
    frame = pl.DataFrame({"y": [0, 1, 0, 1], "account": ["a", "b", None, "a"]})
    keys = split_keys(frame.lazy(), SplitRequest("binary", "y", group="account"))
    assert keys["account"].dtype == pl.UInt64
    assert unit_codes(keys["account"]).tolist() == unit_codes(frame["account"]).tolist() == [0, 1, 2, 0]
