from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.evaluate.hindsight import criteria_change
from milepost.problem.criteria import Criterion


def _criteria(*texts):
    return [Criterion.parse(*text.split(" ", 1), where="here") for text in texts]


def test_the_same_criteria_in_any_order_are_no_change():
    assert criteria_change(["accuracy >= 0.80", "rmse <= 2"], _criteria("rmse <= 2", "accuracy >= 0.80")) is None


@pytest.mark.parametrize(
    ("before", "now", "is_harmless"),
    [
        (["accuracy >= 0.80"], ["accuracy >= 0.81"], True),
        (["accuracy >= 0.80"], ["accuracy > 0.80"], True),
        (["accuracy > 0.80"], ["accuracy >= 0.80"], False),
        (["accuracy >= 0.80"], ["accuracy >= 0.79"], False),
        (["mae <= 3"], ["mae <= 2"], True),
        (["mae <= 3"], ["mae <= 4"], False),
        (["accuracy >= 0.80"], ["accuracy >= 0.80", "recall >= 0.50"], True),
        (["accuracy >= 0.80", "recall >= 0.50"], ["accuracy >= 0.90"], False),
        (["accuracy >= 0.80"], ["recall >= 0.10"], False),
        (["accuracy >= 0.80"], ["accuracy <= 0.90"], False),
        (["accuracy >= 0.80"], [], False),
        ([], ["accuracy >= 0.80"], False),
        (["a_metric_of_old >= 3"], ["accuracy >= 0.99"], False),
    ],
)
def test_only_what_makes_nothing_easier_is_harmless(before, now, is_harmless):
    change = criteria_change(before, _criteria(*now))
    assert change.is_harmless is is_harmless
    assert change.before == tuple(before)
    assert ("with hindsight" in change.says) is not is_harmless


@given(st.integers(1, 99), st.integers(1, 99), st.floats(0, 1))
def test_under_a_harmless_change_whoever_meets_the_new_limit_meets_the_old_one(before, now, value):
    old, new = (Criterion("accuracy", ">=", limit / 100) for limit in (before, now))
    change = criteria_change([old.text], [new])
    if change is not None and change.is_harmless and new.holds(value):
        assert old.holds(value)


def test_a_criterion_that_was_only_added_is_not_called_stricter():
    says = criteria_change(["accuracy >= 0.80"], _criteria("accuracy >= 0.80", "recall >= 0.50")).says
    assert says.startswith("Nothing was made easier after these test rows had been seen (before: accuracy >= 0.80)")
    assert "each earlier criterion still stands" in says


def test_other_money_under_the_same_limit_is_never_harmless():
    criteria = _criteria("value >= 100")
    change = criteria_change(["value >= 100"], criteria, other_terms=["value.true_positive"])
    assert not change.is_harmless
    assert change.says.startswith("What the criteria measure was changed")
    assert "(before: value >= 100; and other value.true_positive)" in change.says
