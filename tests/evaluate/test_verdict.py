from __future__ import annotations

import numpy as np
import pytest

from milepost.evaluate.verdict import judge, level_at, outcome_of
from milepost.metrics.answers import Answers
from milepost.metrics.measure import Measured
from milepost.problem.criteria import Criterion
from milepost.stats.intervals import Interval


def _measured(lo, hi):
    return Measured("accuracy", (lo + hi) / 2, Interval(lo, hi), 100, 50, None, 100, "")


def _criterion(bound, metric="accuracy"):
    return Criterion.parse(metric, bound, where="here")


@pytest.mark.parametrize(
    ("bound", "lo", "hi", "outcome"),
    [
        (">= 0.8", 0.81, 0.85, "met"),
        (">= 0.8", 0.78, 0.82, "can't tell yet"),
        (">= 0.8", 0.70, 0.79, "not met"),
        ("<= 0.8", 0.70, 0.79, "met"),
        ("<= 0.8", 0.81, 0.85, "not met"),
        (">= 0.8", 0.80, 0.85, "met"),
        ("> 0.8", 0.80, 0.85, "can't tell yet"),
    ],
)
def test_an_outcome_needs_the_whole_interval(bound, lo, hi, outcome):
    assert outcome_of(_criterion(bound), _measured(lo, hi)) == outcome


def test_no_interval_is_cant_tell_yet():
    missing = Measured("recall", 0.9, None, 12, 3, "Only 3 of 12 rows are Yes; an interval needs at least 10.", 3, "")
    assert outcome_of(_criterion(">= 0.5", "recall"), missing) == "can't tell yet"


def _answers(rows=2000, skill=2.0, seed=0, value=False):
    chance = np.random.default_rng(seed)
    truth = (chance.uniform(size=rows) < 0.3).astype(np.int64)
    p = 1 / (1 + np.exp(-(skill * (truth - 0.5) + chance.normal(size=rows))))
    decision = (p >= 0.5).astype(np.int64)
    money = np.where(decision == 1, np.where(truth == 1, 50.0, -10.0), 0.0) if value else None
    return Answers("binary", truth, p, decision, ("No", "Yes"), money)


def _judge(*bounds, look=1, **more):
    criteria = [Criterion.parse(metric, bound, where="here") for metric, bound in bounds]
    return judge(_answers(**more), criteria, bundle_id="b", split="s", look=look)


def test_the_worst_criterion_decides_the_verdict():
    assert _judge(("accuracy", ">= 0.6")).overall == "met"
    assert _judge(("accuracy", ">= 0.6"), ("recall", ">= 0.99")).overall == "not met"
    assert _judge(("accuracy", ">= 0.6"), ("recall", ">= 0.84")).overall == "can't tell yet"


def test_a_contract_without_criteria_gives_no_verdict():
    verdict = _judge()
    assert verdict.overall == "can't tell yet"
    assert "names no success criterion" in verdict.says[0]


def test_every_sentence_has_its_numbers():
    verdict = _judge(("accuracy", ">= 0.6"), ("recall", ">= 0.99"))
    assert verdict.says[0].startswith("The model does not meet recall >= 0.99 on 2,000 rows")
    assert "confidence between" in verdict.criteria[0].says


def test_a_later_look_widens_the_intervals_and_says_why():
    first, fourth = (_judge(("accuracy", ">= 0.6"), look=look) for look in (1, 4))
    assert (first.level, fourth.level) == (0.95, 0.9875)
    width = [v.criteria[0].measured.interval.hi - v.criteria[0].measured.interval.lo for v in (first, fourth)]
    assert width[1] > width[0]
    assert "look 4" in fourth.says[-1]


def test_levels_share_one_chance_of_error_among_the_looks():
    assert [level_at(look) for look in (1, 2, 5)] == pytest.approx([0.95, 0.975, 0.99])


def test_baselines_stand_beside_each_criterion():
    criteria = [_criterion(">= 0.6")]
    verdict = judge(_answers(), criteria, bundle_id="b", split="s", baselines={"dummy": _answers(skill=0.0)})
    dummy = verdict.criteria[0].beside["dummy"]
    assert dummy.value < verdict.criteria[0].measured.value
    assert dummy.interval.lo < dummy.value < dummy.interval.hi


def test_money_is_told_per_thousand_rows():
    answers = _answers(value=True)
    verdict = judge(answers, [], bundle_id="b", split="s", baselines={"dummy": answers})
    assert verdict.value.value == pytest.approx(1000 * answers.value.mean())
    assert verdict.value_beside["dummy"] == verdict.value


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_the_other_tasks_are_judged_alike(task):
    chance = np.random.default_rng(0)
    if task == "regression":
        truth = chance.normal(size=500)
        answers = Answers(task, truth, truth + 0.1 * chance.normal(size=500), truth)
        criteria = [_criterion("<= 0.2", "rmse")]
    else:
        truth = chance.integers(0, 3, 500)
        shares = np.eye(3)[truth] * 0.8 + 0.2 / 3
        answers = Answers(task, truth, shares, shares.argmax(axis=1), ("a", "b", "c"))
        criteria = [_criterion(">= 0.9")]
    verdict = judge(answers, criteria, bundle_id="b", split="s")
    assert verdict.overall == "met"
    assert verdict.curves.confusion or verdict.curves.residuals


def test_a_verdict_survives_storing():
    from milepost.evaluate.verdict import Verdict
    from milepost.ground.records import as_document, from_document

    answers = _answers(value=True)
    criteria = [_criterion(">= 0.6"), _criterion(">= 0.5", "roc_auc")]
    verdict = judge(answers, criteria, bundle_id="b", split="s", baselines={"dummy": answers})
    assert from_document(Verdict, as_document(verdict)) == verdict
