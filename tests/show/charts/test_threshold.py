from dataclasses import replace

from milepost.problem.criteria import Criterion
from milepost.show.charts.drawing import as_svg
from milepost.show.charts.threshold import caption, threshold


def test_money_and_each_criterion_have_their_panel(telco):
    svg = as_svg(threshold(telco.threshold, telco.problem.success, currency="EUR"))
    assert "EUR per 1,000 rows" in svg
    assert all(f">{name}" in svg for name in ("accuracy", "recall", "precision"))
    assert ">roc_auc" not in svg  # no threshold changes it
    assert "acts from 0.09" in svg


def test_without_money_and_criteria_the_usual_metrics_are_drawn(telco):
    svg = as_svg(threshold(replace(telco.threshold, curve_value=()), ()))
    assert ">accuracy" in svg


def test_a_criterion_that_no_threshold_meets_has_no_tint(telco):
    nowhere = as_svg(threshold(replace(telco.threshold, curve_value=()), (Criterion("accuracy", ">=", 0.99),)))
    somewhere = as_svg(threshold(replace(telco.threshold, curve_value=()), (Criterion("accuracy", ">=", 0.50),)))
    assert "0.16" not in nowhere
    assert "0.16" in somewhere


def test_figures_that_do_not_exist_are_left_out(telco):
    assert "NaN" not in as_svg(threshold(telco.threshold, (Criterion("precision", ">=", 0.5),)))


def test_the_caption_says_whether_the_criteria_collide(telco):
    assert "pull against each other" in caption(telco.threshold, telco.problem.success, "EUR")[1]
    met = replace(telco.threshold, meets_all=True)
    assert "every criterion that depends on it holds" in caption(met, telco.problem.success, "EUR")[1]


def test_the_caption_counts_the_rows_that_the_curves_cover(telco):
    shown = caption(replace(telco.threshold, swept=6100), telco.problem.success, "EUR")[0]
    assert "All of it on 6,100 development rows" in shown
