from __future__ import annotations

import pytest

from milepost.draft.free import Free
from milepost.draft.planning import Population, scatter_of_classes
from milepost.draft.prospects import prospect
from milepost.problem.criteria import Criterion

SHARES = (0.735, 0.265)
CHURN = Population("binary", SHARES, called=0.3, scatter=scatter_of_classes(SHARES))
NOBODY = Free("nobody", "always answering 'No'", {"accuracy": 0.735, "recall": 0.0, "precision": None, "roc_auc": 0.5})
EVERYBODY = Free(
    "everybody", "always answering 'Yes'", {"accuracy": 0.265, "recall": 1.0, "precision": 0.265, "roc_auc": 0.5}
)
RULE = Free("rule", "today's rule", {"accuracy": 0.9, "recall": 0.9, "precision": 0.9, "roc_auc": 0.9})


def prospects(rows=1_760, measured=3_000, population=CHURN, answers=(NOBODY, EVERYBODY), **bounds):
    criteria = [Criterion.parse(metric, bound, where="here") for metric, bound in bounds.items()]
    counts = {"test_rows": rows, "measured_rows": measured}
    made = [prospect(one, criteria, answers, population, **counts, labels=("No", "Yes")) for one in criteria]
    return made[0] if len(made) == 1 else made


def test_what_accuracy_comes_for_free_is_called_out():
    one = prospects(accuracy=">= 0.80")
    assert (one.free, one.free_by) == (0.735, "always answering 'No'")
    assert one.outlook == "verifiable"
    assert "Always answering 'No' scores 73.5 % for free; the criterion asks for 6.5 points more" in one.says


def test_a_criterion_that_the_majority_answer_nearly_meets_is_nearly_free():
    assert prospects(accuracy=">= 0.70").outlook == "nearly free"
    assert prospects(accuracy=">= 0.75").outlook == "nearly free"  # 1.5 of 26.5 points
    assert prospects(accuracy=">= 0.77").outlook != "nearly free"


def test_recall_alone_is_free_but_not_beside_a_criterion_that_stands_against_it():
    assert prospects(recall=">= 0.60").outlook == "nearly free"
    _, recall = prospects(rows=9_000, accuracy=">= 0.80", recall=">= 0.60")
    assert recall.outlook == "verifiable"
    assert "counts only together with accuracy >= 0.80" in recall.says


def test_a_criterion_that_no_threshold_changes_does_not_stand_against_recall():
    recall, auc = prospects(recall=">= 0.60", roc_auc=">= 0.80")
    assert (recall.outlook, auc.outlook) == ("nearly free", "verifiable")


def test_the_rule_makes_nothing_free():
    assert prospects(answers=(NOBODY, EVERYBODY, RULE), accuracy=">= 0.80").outlook == "verifiable"
    assert prospects(answers=(NOBODY, EVERYBODY, RULE), accuracy=">= 0.80").rule == 0.9


def income(score, *, metric="r2", bound=">= 0.80", **others):
    """Return what is expected where today's rule has a score, and its squared errors scatter twice their mean."""
    answers = (Free("mean", "always the mean", {}), Free("rule", "today's rule", {metric: score}))
    population = Population("regression", scatter={"rmse": 2.0, "mae": 1.0}, sizes=4_700.0)
    return prospects(population=population, answers=answers, **{"rows": 250, "measured": 1_100, metric: bound} | others)


def test_where_the_rule_alone_lies_beyond_what_the_rows_can_tell_the_criterion_is_verifiable():
    without, one = income(None), income(0.904)
    assert without.outlook == "will probably end as can't tell yet"
    assert (one.outlook, one.is_verifiable) == ("verifiable", True)
    assert one.rows_needed <= one.rows_there < without.rows_needed
    # 0.904 - 1.96 * 2 * (1 - 0.904) / sqrt(1100)
    assert one.needs[-1].reach == pytest.approx(0.8927, abs=1e-4)
    assert "Today's rule reaches 0.893 or more, as 1,100 development rows show" in one.says


def test_a_rule_counts_for_no_more_than_the_rows_on_which_it_was_measured_can_show():
    assert income(0.904, measured=40).needs == income(None).needs
    assert income(0.904, measured=5).needs == income(None).needs
    assert income(0.81).needs == income(None).needs


def test_the_rule_counts_where_smaller_is_better():
    assert income(None, metric="mae", bound="<= 1000", rows=150).outlook == "will probably end as can't tell yet"
    one = income(500.0, metric="mae", bound="<= 1000", rows=150)
    assert one.outlook == "verifiable"
    assert one.needs[-1].reach == pytest.approx(500 + 1.96 * 500 / 1_100**0.5, rel=1e-4)
    assert "or less, as 1,100" in one.says
    assert income(2_000.0, metric="mae", bound="<= 1000").needs == income(None, metric="mae", bound="<= 1000").needs


def test_what_a_rule_buys_at_the_price_of_another_criterion_counts_for_nothing():
    rule = Free("rule", "today's rule", {"recall": 0.95, "precision": 0.30})
    answers = (NOBODY, EVERYBODY, rule)
    both = {"recall": ">= 0.60", "precision": ">= 0.50"}
    assert prospects(answers=answers, **both)[0].needs == prospects(**both)[0].needs
    met = (NOBODY, EVERYBODY, Free("rule", "today's rule", {"recall": 0.95, "precision": 0.80}))
    assert prospects(answers=met, **both)[0].needs[-1].reach > 0.9


def test_too_few_test_rows_will_probably_not_tell():
    one = prospects(rows=300, accuracy=">= 0.80")
    assert one.outlook == "will probably end as can't tell yet"
    assert one.rows_needed == 481
    assert one.tellable_from > 0.85


def test_the_rows_of_a_share_of_positives_are_counted_among_them():
    one = prospects(rows=1_000, accuracy=">= 0.80", recall=">= 0.60")[1]
    assert one.counted == "'Yes'"
    assert one.counted_there == 265
    assert "The 1,000 test rows, about 265 of them 'Yes', can verify it" in one.says


def test_with_fewer_than_ten_of_the_rarer_answer_nothing_is_told():
    one = prospects(rows=30, accuracy=">= 0.80")
    assert one.tellable_from is None
    assert "30 test rows hold fewer than ten of the rarer answers" in one.says
    assert "at least 38 are needed" in one.says


@pytest.mark.parametrize("rows", [100, 1_000, 10_000])
def test_more_rows_tell_values_nearer_to_the_threshold(rows):
    fewer, more = prospects(rows=rows, accuracy=">= 0.80"), prospects(rows=2 * rows, accuracy=">= 0.80")
    assert more.tellable_from < fewer.tellable_from


def test_an_error_is_asked_to_be_below():
    answers = (Free("mean", "always answering the mean (5)", {"mae": 100.0}),)
    population = Population("regression", scatter={"mae": 0.75}, sizes=120.0)
    one = prospects(rows=2_000, population=population, answers=answers, mae="<= 60")
    assert [need.reach for need in one.needs] == [57.0, 54.0]
    assert one.outlook == "verifiable"
    assert "scores 100 for free; the criterion asks for 40 less, 40 % of the way to a perfect model" in one.says
    assert "or less" in one.says
