import math
from dataclasses import replace

from milepost.show.charts.climb import caption, climb
from milepost.show.charts.drawing import NARROW, WIDE, as_svg
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
    unsure = replace(rule, gain=Gain(0.1, -math.inf, math.inf, 0.95, 0.2, -math.inf, math.inf, 40, 2))
    svg = as_svg(climb(replace(telco.ladder, steps=(first, unsure, *rest))))
    assert "NaN" not in svg
    assert "Infinity" not in svg


def test_a_gain_over_a_rung_that_loses_nothing_is_drawn_at_zero(telco):
    first, rule, *_ = telco.ladder.steps
    perfect = replace(rule, gain=Gain(-0.1, -0.2, -0.05, 0.95, -math.inf, -math.inf, -math.inf, 40, 40))
    assert "NaN" not in as_svg(climb(replace(telco.ladder, steps=(first, perfect))))


def test_a_climb_in_which_only_the_dummy_stood_can_be_drawn(telco):
    only = telco.ladder.steps[:1]
    assert "always the same answer" in as_svg(climb(replace(telco.ladder, steps=only, chosen="dummy")))


def test_the_caption_says_how_a_rung_is_kept_and_why_the_climb_ended(telco):
    shows, follows = caption(telco.ladder)
    assert "1.0 %" in shows
    assert follows == telco.ladder.ending


def test_a_long_name_is_whole_on_a_page_and_wrapped_on_a_phone(telco):
    first, rule, *rest = telco.ladder.steps
    ladder = replace(telco.ladder, steps=(first, replace(rule, title="multinomial regression with bends"), *rest))
    assert ">multinomial regression with bends<" in as_svg(climb(ladder))
    narrow = as_svg(climb(ladder, width=NARROW))
    assert "multinomial" in narrow
    assert "…" not in narrow
    assert "with bends" in narrow


def test_what_goes_on_beyond_the_edge_ends_in_an_arrow_and_is_told(telco):
    first, rule, *_ = telco.ladder.steps
    far = replace(rule, kept=False, gain=Gain(-1, -2, 0.1, 0.95, -1.856, -4.1, 0.4, 40, 40))
    ladder = replace(telco.ladder, steps=(first, far))
    assert "not kept (-185.6 %)" in as_svg(climb(ladder))
    assert "An arrow at its end" in caption(ladder)[0]
    assert "An arrow" not in caption(telco.ladder)[0]


def test_the_limit_is_always_labelled(telco):
    first, rule, *_ = telco.ladder.steps
    far = replace(rule, gain=Gain(-1, -2, 0.1, 0.95, -1.856, -4.1, 4.0, 40, 40))
    for width in (NARROW, WIDE):
        assert "+1 %" in as_svg(climb(replace(telco.ladder, steps=(first, far)), width=width))
