import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.explore.undefined import about_undefined

ROWS = pl.DataFrame({"total": [10.0, None, 30.0, 40.0], "months": [2, 0, 0, 4]})


def found(text):
    return about_undefined(ROWS, {"x": parse(text, types={"total": "float", "months": "integer"}, where="a test")})


def test_a_division_by_zero_is_reported_with_its_rows():
    (finding,) = found("total / months")
    assert (finding.code, finding.column, finding.evidence) == ("feature-undefined", "x", {"rows": 1, "share": 0.25})
    assert "1 row (25.0 %)" in finding.says


def test_a_value_that_was_missing_before_is_no_finding():
    assert found("total + months") == ()


def test_a_feature_that_reads_nothing_can_be_undefined_everywhere():
    (finding,) = found("months / 0")
    assert finding.evidence["rows"] == 4


@pytest.mark.parametrize(("text", "severity"), [("total / months", "note"), ("months / 0", "warn")])
def test_a_feature_that_is_mostly_undefined_is_a_warning(text, severity):
    assert found(text)[0].severity == severity
