from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from milepost.data.schema import Column
from milepost.learners.encode import SMOOTHING_ROWS, learn_encoding
from milepost.predictor.encode import encode_table

TARGETS = np.zeros((6, 1))


def _column(name, kind="category", dtype="text", role="feature"):
    return Column(name, dtype, kind, role)


def test_a_number_is_filled_scaled_and_its_missing_values_are_marked():
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, None]})
    encoding = learn_encoding(frame, [_column("x", "number", "float")], style="linear", targets=TARGETS)
    assert encoding.matrix[:, 0].mean() == pytest.approx(0.0)
    assert encoding.matrix[:, 0].std() == pytest.approx(1.0)
    assert encoding.matrix[5].tolist() == [0.0, 1.0]  # the median 3 is the mean of what was seen


def test_constant_and_empty_columns_are_left_out():
    frame = pl.DataFrame({"same": [1.0] * 6, "empty": pl.Series([None] * 6, dtype=pl.Float64), "one": ["a"] * 6})
    columns = [_column("same", "number", "float"), _column("empty", "number", "float"), _column("one")]
    for style in ("linear", "levels", "codes"):
        assert learn_encoding(frame, columns, style=style, targets=TARGETS).matrix.shape == (6, 0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_skewed_number_is_seen_as_it_is_and_with_its_tail_drawn_in(sign):
    values = sign * np.exp(np.linspace(0, 5, 101))  # the longer tail lies on the side of sign
    frame = pl.DataFrame({"x": values, "flag": [0.0, 1.0] * 50 + [0.0]})
    columns = [_column("x", "number", "float"), _column("flag", "number", "float")]
    encoding = learn_encoding(frame, columns, style="linear", targets=np.zeros((101, 1)))
    assert [block["op"] for block in encoding.blocks] == ["number", "saturating", "number"]
    assert [view.tolist() for view in encoding.views] == [[0, 2], [1, 2]]
    plain, drawn_in = encoding.matrix[:, 0], encoding.matrix[:, 1]
    assert np.abs(drawn_in).max() < 2 < np.abs(plain).max()
    assert drawn_in.mean() == pytest.approx(0)
    assert drawn_in.std() == pytest.approx(1)
    assert abs(encoding.blocks[1]["half"]) == pytest.approx(np.exp(2.5) - 1)  # from the shorter tail to the median


def test_numbers_of_few_values_are_seen_in_one_way():
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0] * 20})
    encoding = learn_encoding(frame, [_column("x", "number", "float")], style="linear", targets=np.zeros((60, 1)))
    assert [view.tolist() for view in encoding.views] == [[0]]


def test_rare_levels_share_one_column():
    frame = pl.DataFrame({"c": ["a"] * 20 + ["b"] * 15 + ["rare", "odd", None]})
    encoding = learn_encoding(frame, [_column("c")], style="linear", targets=np.zeros((38, 1)))
    (block,) = encoding.blocks
    assert (block["levels"], block["other"], block["missing"]) == (["a", "b"], True, True)
    assert encoding.matrix.sum(axis=1).tolist() == [1.0] * 38


def _many_levels(rows=2000, levels=400, seed=0):
    chance = np.random.default_rng(seed)
    codes = chance.integers(0, levels, rows)
    return pl.DataFrame({"c": [f"level {code}" for code in codes]}), codes


def test_many_levels_become_smoothed_means_that_an_unseen_level_falls_back_from():
    frame, codes = _many_levels()
    targets = (codes % 2).astype(float)[:, None]
    encoding = learn_encoding(frame, [_column("c")], style="codes", targets=targets)
    new = encode_table(pl.DataFrame({"c": ["level 1", "never seen"]}), encoding.blocks)[:, 0]
    rows = int((codes == 1).sum())
    prior = targets.mean()
    assert new == pytest.approx([(rows + SMOOTHING_ROWS * prior) / (rows + SMOOTHING_ROWS), prior])


def test_training_rows_never_see_their_own_target_in_a_mean():
    frame, _ = _many_levels()
    noise = np.random.default_rng(1).normal(size=(2000, 1))
    changed = noise.copy()
    changed[7] += 1000
    before, after = (
        learn_encoding(frame, [_column("c")], style="codes", targets=targets).matrix for targets in (noise, changed)
    )
    # only the overall mean, which counts as a few rows, carries the change to the row itself
    assert abs(after[7, 0] - before[7, 0]) < 1.0
    assert np.corrcoef(before[:, 0], noise[:, 0])[0, 1] < 0.1


def test_the_time_of_prediction_gives_no_feature_that_grows_for_ever():
    frame = pl.DataFrame({"t": pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2025, 6, 1), "1h", eager=True)})
    frame = frame.with_columns(pl.col("t").dt.replace_time_zone("UTC"))
    targets = np.zeros((frame.height, 1))
    for role, grows in (("time", False), ("feature", True)):
        column = _column("t", "time", "datetime", role)
        parts = {block["part"] for block in learn_encoding(frame, [column], style="codes", targets=targets).blocks}
        assert ({"year", "days"} <= parts) is grows
        assert {"month", "weekday", "hour"} <= parts


def test_the_blocks_replay_what_was_learned():
    chance = np.random.default_rng(0)
    frame = pl.DataFrame({"x": chance.normal(size=50), "c": chance.choice(["a", "b", "c"], 50)})
    columns = [_column("x", "number", "float"), _column("c")]
    for style in ("linear", "levels", "codes"):
        encoding = learn_encoding(frame, columns, style=style, targets=np.zeros((50, 1)))
        assert np.array_equal(encode_table(frame, encoding.blocks), encoding.matrix, equal_nan=True)


@pytest.mark.parametrize("name", ["count", "len", "rows", "label", "text", "index", "literal"])
def test_a_category_called_like_a_column_of_our_own_is_encoded(name):
    frame = pl.DataFrame({name: ["a"] * 20 + ["b"] * 20})
    (block,) = learn_encoding(frame, [_column(name)], style="linear", targets=np.zeros((40, 1))).blocks
    assert block["levels"] == ["a", "b"]


# ---- lines with bends


def _numbers(values, style, name="x"):
    frame, columns = pl.DataFrame({name: values}), [_column(name, "number", "float")]
    return learn_encoding(frame, columns, style=style, targets=np.zeros((len(values), 1)))


@pytest.mark.parametrize("rows", [20, 120, 500, 3000])
def test_the_pieces_of_a_line_add_up_to_the_line(rows):
    values = np.random.default_rng(0).lognormal(size=rows)
    encoding = _numbers(values, "curves")
    whole, *pieces = encoding.blocks
    assert len(pieces) == 1 + min(max(rows // 50, 1), 9)
    raw = encoding.matrix * [block["scale"] for block in encoding.blocks] + [b["shift"] for b in encoding.blocks]
    climbed = raw[:, 1:] - [block["lo"] for block in pieces]
    assert climbed.sum(axis=1) == pytest.approx(raw[:, 0] - whole["lo"])


def test_a_sum_of_pieces_follows_a_bend_that_a_straight_line_cannot():
    values = np.random.default_rng(0).uniform(-1, 1, size=1000)
    truth = np.abs(values)
    errors = {}
    for style in ("linear", "curves"):
        x = _numbers(values, style).matrix
        design = np.column_stack([np.ones(len(x)), x])
        errors[style] = float(np.square(truth - design @ np.linalg.lstsq(design, truth, rcond=None)[0]).mean())
    assert errors["curves"] < 0.01 * errors["linear"]


@pytest.mark.parametrize("style", ["linear", "curves"])
@pytest.mark.parametrize("slip", [1e9, 1e300, -1e300])
def test_a_typing_error_does_not_flatten_a_number(style, slip):
    values = np.append(np.random.default_rng(0).normal(size=2000), slip)
    encoding = _numbers(values, style)
    assert np.isfinite(encoding.matrix).all()
    assert encoding.matrix[:2000, 0].std() > 0.9
    assert encode_table(pl.DataFrame({"x": [slip]}), encoding.blocks).tolist() == encoding.matrix[-1:].tolist()


def test_a_number_beyond_what_was_seen_is_followed_as_far_as_half_its_range():
    encoding = _numbers(np.linspace(0, 10, 500), "linear")
    asked = encode_table(pl.DataFrame({"x": [10.0, 15.0, 16.0]}), encoding.blocks)[:, 0]
    assert asked[0] < asked[1]
    assert asked[1] == pytest.approx(asked[2], abs=0.01)


def test_years_to_come_are_like_the_last_one_seen():
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 12, 31), "1d", eager=True).alias("t")
    columns = [Column("t", "date", "time", "feature")]
    encoding = learn_encoding(pl.DataFrame({"t": days}), columns, style="linear", targets=np.zeros((len(days), 1)))
    at = next(place for place, block in enumerate(encoding.blocks) if block.get("part") == "year")
    later = pl.DataFrame({"t": pl.Series(["2023-06-01", "2031-06-01"]).str.to_date()})
    seen, to_come = encode_table(later, encoding.blocks)[:, at]
    assert seen == to_come


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        (5, set()),
        (20, {"weekday"}),
        (270, {"day", "weekday"}),
        (400, {"quarter", "month", "day", "weekday", "day_of_year"}),
    ],
)
def test_a_part_of_the_prediction_s_time_is_taken_only_once_its_cycle_has_been_seen(days, parts):
    times = pl.date_range(pl.date(2023, 1, 2), pl.date(2023, 1, 2) + pl.duration(days=days), "1d", eager=True).alias(
        "t"
    )
    columns = [Column("t", "date", "time", "time")]
    targets = np.zeros((len(times), 1))
    encoding = learn_encoding(pl.DataFrame({"t": times}), columns, style="codes", targets=targets)
    assert {block["part"] for block in encoding.blocks} == parts


def test_a_fold_takes_the_parts_of_the_time_that_the_last_fit_takes():
    times = pl.date_range(pl.date(2023, 1, 2), pl.date(2023, 3, 2), "1d", eager=True).alias("t")
    columns, targets = [Column("t", "date", "time", "time")], np.zeros((len(times), 1))
    frame = pl.DataFrame({"t": times})
    alone = learn_encoding(frame, columns, style="codes", targets=targets)
    within_a_year = learn_encoding(frame, columns, style="codes", targets=targets, span_days=400.0)
    assert "month" not in {block["part"] for block in alone.blocks}
    assert "month" in {block["part"] for block in within_a_year.blocks}
