from __future__ import annotations

import numpy as np
import pytest

from milepost.models.climb import climb
from milepost.models.fold_runs import Course
from milepost.models.learning_curve import learning_curve
from milepost.models.rungs import LADDER

SIMPLE = tuple(rung for rung in LADDER if rung.name in ("dummy", "linear"))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_more_rows_lower_the_loss_and_the_last_doubling_is_told(make_material, folds_for, task):
    material, folds = folds_for(make_material(task, rows=240))
    course = Course(0.01)
    climbed = climb(material, folds, course, rungs=SIMPLE)
    curve = learning_curve(material, folds, climbed, course, of_rows=1000)
    assert curve.rung == "linear"
    assert [round(rows / curve.rows[-1], 1) for rows in curve.rows] == [0.2, 0.5, 1.0]
    assert curve.losses[0] > curve.losses[-1]
    assert curve.last_doubling.mean == pytest.approx(curve.losses[-2] - curve.losses[-1])
    assert "of 1,000 development rows" in curve.says


def test_a_sample_is_enough_where_twice_the_rows_bring_nothing(make_material, folds_for):
    material, folds = folds_for(make_material("binary", rows=6000))
    course = Course(0.01)
    climbed = climb(material, folds, course, rungs=SIMPLE)
    says = learning_curve(material, folds, climbed, course, of_rows=100_000).says
    assert "the sample was enough to choose a rung" in says


def test_the_climb_s_own_answers_are_the_last_point(make_material, folds_for):
    material, folds = folds_for(make_material("regression"))
    climbed = climb(material, folds, Course(0.01), rungs=SIMPLE)
    curve = learning_curve(material, folds, climbed, Course(0.01), of_rows=1000)
    first_repeat = climbed.answers["linear"][0, :, 0]
    assert curve.losses[-1] == pytest.approx(np.mean((first_repeat - material.truth) ** 2))


def test_there_is_no_curve_of_what_learns_nothing(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    climbed = climb(material, folds, Course(0.99), rungs=SIMPLE)
    assert climbed.ladder.chosen == "dummy"
    assert learning_curve(material, folds, climbed, Course(0.99), of_rows=1000) is None
