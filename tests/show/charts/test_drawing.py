import re
import xml.etree.ElementTree as ElementTree

import pytest

from milepost.show.charts import climb, confusion, criteria, curves, numbers, split, threshold
from milepost.show.charts.drawing import NARROW, as_png, as_svg, drawn, finished, padded
from milepost.show.counts import out_of

CHARTS = {
    "climb": lambda of: climb.climb(of["telco"].ladder, width=NARROW),
    "criteria": lambda of: criteria.criteria(of["telco"].verdict.criteria),
    "criterion": lambda of: criteria.criteria(of["ames"].verdict.criteria),
    "roc": lambda of: curves.roc(of["telco"].verdict.curves),
    "precision_recall": lambda of: curves.precision_recall(of["telco"].verdict.curves),
    "calibration": lambda of: curves.calibration(of["telco"].verdict.curves),
    "confusion": lambda of: confusion.confusion(of["wine"].verdict.curves),
    "hundred": lambda of: confusion.hundred(out_of(of["telco"].verdict.curves.confusion)),
    "threshold": lambda of: threshold.threshold(of["telco"].threshold, of["telco"].problem.success, currency="EUR"),
    "predicted": lambda of: numbers.predicted(of["ames"].verdict.curves),
    "split": lambda of: split.split(of["telco"].parts),
}


@pytest.fixture(params=CHARTS)
def chart(request, telco, ames, wine):
    return CHARTS[request.param]({"telco": telco, "ames": ames, "wine": wine})


def test_a_chart_is_right_by_the_schema_of_vega_lite(chart):
    assert chart.to_dict(validate=True)["$schema"]


def test_svg_is_small_well_formed_and_the_same_each_time(chart):
    svg = as_svg(chart)
    assert svg == as_svg(chart)
    assert len(svg) < 60_000
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"


def test_svg_keeps_text_as_text_and_names_itself(chart):
    svg = as_svg(chart)
    assert re.search(r'<svg role="img" aria-label="[^"]{10,}"', svg)
    assert "<text" in svg or "hundred" in svg
    assert "<image" not in svg


def test_svg_points_to_nothing_outside(chart):
    svg = as_svg(chart).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|href|<script|url\((?!#)", svg)


def test_a_png_is_a_picture(ames):
    assert as_png(criteria.criteria(ames.verdict.criteria), scale=1).startswith(b"\x89PNG")


def test_clips_of_two_pictures_have_different_names():
    def clipped(value: float):
        return finished(drawn([{"x": value}]).mark_point(clip=True).encode(x="x:Q"), "A clipped chart.")

    names = [set(re.findall(r'id="([^"]+)"', as_svg(clipped(value)))) for value in (1.0, 2.0)]
    assert names[0]
    assert not names[0] & names[1]
    assert as_svg(clipped(1.0)) == as_svg(clipped(1.0))


def test_a_hostile_label_is_only_text(hostile):
    chart = finished(drawn([{"x": 1.0, "says": hostile}]).mark_text().encode(x="x:Q", text="says:N"), hostile)
    svg = as_svg(chart)
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert any(text.text and "<script>" in text.text for text in ElementTree.fromstring(svg).iter())


def test_a_number_that_is_not_finite_is_left_out():
    chart = finished(
        drawn([{"x": 1.0}, {"x": float("nan")}, {"x": float("inf")}]).mark_point().encode(x="x:Q"), "Points."
    )
    assert "NaN" not in as_svg(chart)


def test_a_domain_holds_all_finite_values_and_stays_within_its_bounds():
    low, high = padded([0.0, 0.9, None, float("inf")], lowest=0.0, highest=1.0)
    assert (low, high) == (0.0, pytest.approx(0.954))
    assert padded([]) != [0.0, 0.0]
    assert padded([5.0])[0] < 5.0 < padded([5.0])[1]
