from __future__ import annotations

import math

import pytest

from milepost.ground.errors import UnknownNameError
from milepost.metrics.names import METRIC_NAMES, metric_name, metrics_for


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("auc", "roc_auc"),
        ("Sensitivity", "recall"),
        (" balanced accuracy ", "balanced_accuracy"),
        ("R²", "r2"),
        ("F1-score", "f1"),
    ],
)
def test_a_metric_is_found_by_its_other_spellings(written, name):
    assert metric_name(written, where="here").name == name


def test_no_spelling_belongs_to_two_metrics():
    spellings = [spelling for row in METRIC_NAMES.values() for spelling in (row.name, *row.also)]
    assert len(spellings) == len(set(spellings))


def test_every_spelling_finds_its_metric():
    for row in METRIC_NAMES.values():
        assert {metric_name(spelling, where="here") for spelling in (row.name, *row.also)} == {row}


@pytest.mark.parametrize(
    ("written", "near"), [("acuracy", "accuracy"), ("sensitivty", "sensitivity"), ("rsme", "rmse")]
)
def test_an_unknown_metric_gets_the_nearest_spelling(written, near):
    with pytest.raises(UnknownNameError, match=f"Write '{near}' instead"):
        metric_name(written, where="here")


def test_a_metric_that_resembles_none_gets_the_list():
    with pytest.raises(UnknownNameError, match="Choose one of: accuracy"):
        metric_name("zzzz", where="here")


def test_bounds_and_units_agree():
    for row in METRIC_NAMES.values():
        assert row.lowest < row.highest
        assert row.unit != "share" or row.lowest == 0
        assert row.unit != "target" or math.isinf(row.highest)
        assert row.tasks


def test_each_task_has_its_metrics_in_the_tables_order():
    assert [row.name for row in metrics_for("regression")][2:4] == ["rmse", "mae"]
    assert "specificity" not in {row.name for row in metrics_for("multiclass")}
    assert {row.name for task in ("binary", "multiclass", "regression") for row in metrics_for(task)} == set(
        METRIC_NAMES
    )
