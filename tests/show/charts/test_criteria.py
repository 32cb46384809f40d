from dataclasses import replace

from milepost.metrics.measure import Measured
from milepost.show.charts.criteria import caption, criteria
from milepost.show.charts.drawing import as_svg


def test_each_criterion_is_headed_by_its_outcome(telco):
    svg = as_svg(criteria(telco.verdict.criteria))
    for one in telco.verdict.criteria:
        assert f"{one.criterion.replace('>=', '≥').replace(' 0', chr(160) + '0')}: {one.outcome}" in svg


def test_the_model_stands_beside_the_baselines(telco):
    svg = as_svg(criteria(telco.verdict.criteria[:1]))
    assert svg.count(">this model<") == 1
    assert "always the same answer" in svg
    assert "73.5 %" in svg


def test_a_criterion_without_value_or_interval_can_be_drawn(telco):
    nothing = Measured("precision", None, None, 12, 1, "Nothing was flagged.", 0, "")
    unknown = replace(telco.verdict.criteria[0], outcome="can't tell yet", measured=nothing, beside={})
    assert "NaN" not in as_svg(criteria((unknown,)))


def test_the_caption_sorts_criteria_by_outcome(telco):
    _, follows = caption(telco.verdict.criteria, 0.95)
    assert "roc_auc >= 0.80: met" in follows
    assert "accuracy >= 0.80, recall >= 0.60: can't tell yet" in follows


def test_the_caption_tells_the_level_of_a_later_look(telco):
    assert "97.5 %" in caption(telco.verdict.criteria, 0.975)[0]
