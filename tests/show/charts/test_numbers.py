from dataclasses import replace

import pytest

from milepost.metrics.measure import Measured
from milepost.show.charts.drawing import as_svg
from milepost.show.charts.numbers import caption, predicted
from milepost.stats.intervals import Interval


def test_many_rows_become_a_grid_that_stays_small(ames):
    many = replace(ames.verdict.curves, residuals=tuple((n % 50 + 0.1 * n, n % 70 + 0.1 * n) for n in range(2000)))
    assert len(as_svg(predicted(many))) < 200_000


def test_few_rows_are_drawn_one_by_one(ames):
    few = replace(ames.verdict.curves, residuals=((1.0, 2.0), (2.0, 2.5), (3.0, 2.0)))
    assert as_svg(predicted(few)).count('fill-opacity="0.45"') + as_svg(predicted(few)).count('opacity="0.45"') >= 3


def test_equal_numbers_can_be_drawn(ames):
    same = replace(ames.verdict.curves, residuals=((5.0, 5.0),) * 600)
    assert "NaN" not in as_svg(predicted(same))


def test_the_caption_says_how_far_off_half_of_the_predictions_are(ames):
    assert "Half of the predictions are within 9,640" in caption(ames.verdict.measures)[1]


def test_the_caption_stands_without_measures():
    assert caption({})[1]


@pytest.mark.parametrize(
    ("value", "lo", "hi", "told"),
    [
        (-33.7, -43.2, -22.5, "is 33.7 below the truth (22.5 to 43.2)."),
        (12.0, 3.0, 20.0, "is 12 above the truth (3 to 20)."),
        (0.5, -1.0, 2.0, "is 0.5 above the truth, which may be chance."),
    ],
)
def test_the_caption_says_to_which_side_predictions_lean(value, lo, hi, told):
    bias = Measured("bias", value, Interval(lo, hi), 100, None, None, 100, "t")
    assert told in caption({"bias": bias})[1]
