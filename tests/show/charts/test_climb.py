import math
from dataclasses import replace

from milepost.show.charts.climb import caption, climb
from milepost.show.charts.drawing import as_svg
from milepost.stats.paired import Gain


def test_every_rung_is_named_with_its_decision_and_its_cost(telco):
    svg = as_svg(climb(telco.ladder))
    for step in telco.ladder.steps:
        assert step.title in svg
    assert svg.count(">not kept<") == 3
    assert svg.count(">failed<") == 1
    assert "12.4 µs" in svg


def test_a_gain_without_bounds_is_drawn_to_the_edge(telco):
    first, rule, *rest = telco.ladder.steps
    unsure = replace(rule, gain=Gain(0.1, -math.inf, math.inf, 0.95, 0.2, 40, 2))
    svg = as_svg(climb(replace(telco.ladder, steps=(first, unsure, *rest))))
    assert "NaN" not in svg
    assert "Infinity" not in svg


def test_a_gain_over_a_rung_that_loses_nothing_is_drawn_at_zero(telco):
    first, rule, *_ = telco.ladder.steps
    perfect = replace(rule, gain=Gain(-0.1, -0.2, -0.05, 0.95, -math.inf, 40, 40))
    assert "NaN" not in as_svg(climb(replace(telco.ladder, steps=(first, perfect))))


def test_a_climb_in_which_only_the_dummy_stood_can_be_drawn(telco):
    only = telco.ladder.steps[:1]
    assert "always the same answer" in as_svg(climb(replace(telco.ladder, steps=only, chosen="dummy")))


def test_the_caption_says_how_a_rung_is_kept_and_why_the_climb_ended(telco):
    shows, follows = caption(telco.ladder)
    assert "1.0 %" in shows
    assert follows == telco.ladder.ending
