import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.findings import Finding
from milepost.metrics.measure import Measured
from milepost.metrics.names import METRIC_NAMES
from milepost.show import wording
from milepost.stats.intervals import Interval


@given(st.text())
def test_clean_text_steers_nothing_and_keeps_its_length(text):
    cleaned = wording.clean(text)
    assert len(cleaned) == len(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in cleaned)


@given(st.text(), st.integers(2, 50))
def test_one_line_is_one_line_and_no_longer(text, most):
    line = wording.one_line(text, most=most)
    assert len(line) <= most
    assert "\n" not in line


@pytest.mark.parametrize("metric", METRIC_NAMES)
def test_every_metric_has_its_amount_written(metric):
    assert wording.amount(0.5, metric, "EUR") not in ("", "–")
    assert ("EUR" in wording.amount(0.5, metric, "EUR")) == (METRIC_NAMES[metric].unit == "money")


def test_a_measure_reads_with_its_interval():
    measured = Measured("recall", 0.571, Interval(0.524, 0.617), 1761, 467, None, 467, "Wilson's")
    assert wording.reading(measured) == "57.1 % (52.4 % to 61.7 %)"


def test_a_value_and_the_ends_of_its_interval_have_one_precision():
    nothing = Measured("r2", -0.0000037, Interval(-0.002155, 0.00184), 368, None, None, 368, "bootstrap")
    assert wording.compact(nothing) == "0.0000 [-0.0022 to 0.0018]"
    error = Measured("mae", 9.5, Interval(8.123, 11.456), 368, None, None, 368, "t")
    assert wording.reading(error, unit="min") == "9.50 min (8.12 to 11.46)"
    money = Measured("value", 10_240.3, Interval(-312.7, 20_100.2), 368, None, None, 368, "t")
    assert wording.reading(money, "EUR") == "10,240 EUR (-313 to 20,100)"


def test_a_measure_without_an_interval_says_why():
    measured = Measured("recall", 0.5, None, 12, 4, "Only 4 rows are positive.", 4, "")
    assert wording.reading(measured) == "50.0 % (no interval: Only 4 rows are positive.)"


@pytest.mark.parametrize(
    ("column", "noun"),
    [
        ("customer", "customers"),
        ("customerID", "customers"),
        ("account_id", "accounts"),
        ("loan_number", "loans"),
        ("box", "boxes"),
        ("id", "rows"),
        ("row_number", "rows"),
        ("first_last_name", "rows"),
        ("Kundennr.", "rows"),
        ("paid", "paids"),
        ("", "rows"),
        (None, "rows"),
    ],
)
def test_rows_are_called_by_their_id_where_it_is_a_word(column, noun):
    assert wording.noun_of_rows(column) == noun


def test_findings_come_with_the_most_severe_first_and_else_in_order():
    findings = [Finding(f"{n}", severity, None, "says") for n, severity in enumerate(("note", "warn", "stop", "warn"))]
    assert [finding.code for finding in wording.by_severity(findings)] == ["2", "1", "3", "0"]


def test_what_the_baselines_reach_is_one_sentence():
    assert wording.beside({}) == ""
    known = Measured("accuracy", 0.735, Interval(0.714, 0.755), 1761, 467, None, 1761, "")
    few = Measured("accuracy", 0.8, None, 12, 3, "Only 3 of 12 rows are Yes.", 12, "")
    none = Measured("accuracy", None, None, 0, 0, "There are no rows to judge.", 0, "")
    said = wording.beside({"dummy": known, "linear": few, "rule": none})
    assert said == "Beside it: always the same answer 73.5 % [71.4–75.5], a plain linear model 80.0 % (of 12 rows)."


def test_columns_in_short_count_every_column(telco):
    said = wording.columns_in_short(telco.schema)
    assert said == "8 features (5 categories, 3 numbers), 1 id, 2 sensitive, 1 target"


def test_where_no_row_could_be_kept_from_choosing_nothing_is_said_to_be_measured(telco):
    row = telco.threshold.rows[0]
    none = {name: Measured(name, None, None, 0, 0, "There are no rows to judge.", 0, "") for name in row.figures}
    told = wording.measured_how(replace(telco.threshold, rows=(replace(row, figures=none, value=None),)))
    assert told.startswith("Nothing is measured:")
