from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.draft.together import together
from milepost.problem.criteria import Criterion


def criteria(**bounds):
    return [Criterion.parse(metric, bound, where="here") for metric, bound in bounds.items()]


def test_accuracy_and_recall_ask_for_a_precision():
    # 26.5 % positive, accuracy 0.8: the most false alarms at full recall are 0.2, so precision is .265 / .465
    found = together(criteria(accuracy=">= 0.80", recall=">= 0.60"), 0.265)
    assert found.possible
    assert found.least["precision"] == pytest.approx(0.265 / 0.465, abs=0.01)
    assert found.least["specificity"] == pytest.approx(1 - 0.2 / 0.735, abs=0.01)


def test_more_recall_than_can_be_called_is_impossible():
    assert not together(criteria(recall=">= 0.60"), 0.265, most_called=0.071).possible
    assert together(criteria(recall=">= 0.20"), 0.265, most_called=0.071).possible


def test_an_accuracy_without_calling_enough_is_impossible():
    assert not together(criteria(accuracy=">= 0.95", positive_rate="<= 0.10"), 0.3).possible


def test_what_only_a_perfect_model_keeps_is_possible():
    found = together(criteria(accuracy=">= 1.0", recall=">= 1.0"), 0.3)
    assert found.possible
    assert found.least["precision"] == pytest.approx(1.0)


def test_metrics_that_no_threshold_changes_are_passed_over():
    assert together(criteria(roc_auc=">= 0.99"), 0.3).least["recall"] == 0.0


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_every_model_keeps_the_criteria_that_it_reaches_itself(positives, recall, specificity):
    accuracy = positives * recall + (1 - positives) * specificity
    called = positives * recall + (1 - positives) * (1 - specificity)
    asked = [
        Criterion("accuracy", ">=", accuracy),
        Criterion("recall", ">=", recall),
        Criterion("precision", ">=", positives * recall / called),
    ]
    found = together(asked, positives)
    assert found.possible
    assert not found.least or found.least["recall"] <= recall + 0.02
    assert np.isfinite(found.most_called)
