from dataclasses import replace

from milepost.show.charts.drawing import as_svg
from milepost.show.charts.numbers import caption, predicted


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
