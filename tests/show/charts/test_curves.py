from dataclasses import replace

from milepost.show.charts import curves
from milepost.show.charts.drawing import as_svg


def test_the_roc_caption_reads_the_area_as_pairs_of_rows(telco):
    _, follows = curves.roc_caption(telco.verdict.measures["roc_auc"])
    assert "0.845 (0.825 to 0.863)" in follows
    assert "84 %" in follows


def test_the_precision_caption_counts_what_is_called_positive(telco):
    # 281 of 433 rows called positive are right: 64.9 %; 281 of 467 positives are found: 60.2 %
    _, follows = curves.precision_recall_caption(telco.verdict.curves, None)
    assert "64.9 % of the 433 rows called positive are right and 60.2 %" in follows


def test_a_model_that_calls_nothing_has_no_point_where_it_acts(telco):
    silent = replace(telco.verdict.curves, confusion=((1294, 0), (467, 0)))
    assert "acts here" not in as_svg(curves.precision_recall(silent))
    assert "calls no row positive" in curves.precision_recall_caption(silent, None)[1]


def test_calibration_that_holds_says_how_to_read_a_probability(telco):
    assert "30 of 100" in curves.calibration_caption(telco.verdict.curves, "")[1]


def test_calibration_that_does_not_hold_warns(telco):
    off = tuple(
        (said, seen, said + 0.1, said + 0.2, rows) for said, seen, _, _, rows in telco.verdict.curves.calibration
    )
    _, follows = curves.calibration_caption(replace(telco.verdict.curves, calibration=off), "")
    assert "not as they read" in follows


def test_few_rows_in_each_group_do_not_confirm_the_probabilities(telco):
    few = tuple((0.1 * n, 0.1 * n, max(0.0, 0.1 * n - 0.3), min(1.0, 0.1 * n + 0.3), 3 + n % 2) for n in range(1, 10))
    drawn = replace(telco.verdict.curves, calibration=few)
    _, follows = curves.calibration_caption(drawn, "")
    assert follows.startswith("32 test rows, 3 to 4 in a group, can't tell")
    assert "can be read as" not in follows
