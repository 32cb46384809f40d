from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from milepost.data.expressions.parse import parse
from milepost.ground.errors import MilepostError
from milepost.models.climb import climb, is_worth_it
from milepost.models.fold_runs import Course
from milepost.models.rungs import LADDER, Member, Rung
from milepost.stats.paired import Gain

SIMPLE = tuple(rung for rung in LADDER if rung.name in ("dummy", "linear", "tree"))
TITLES = dict.fromkeys(("binary", "multiclass", "regression"), "a rung of the test")


def _broken(work):
    raise ValueError("it does not converge")


def _constant(share):
    def fit(work):
        return Member({"rung": "x", "encoding": [], "model": {"kind": "constant", "values": [share]}})

    return fit


def test_every_rung_leaves_a_step_with_its_sentence(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    ladder = climb(material, folds, Course(0.01)).ladder
    assert [step.rung for step in ladder.steps][:3] == ["dummy", "linear", "tree"]
    assert all(step.says.endswith(".") for step in ladder.steps)
    assert ladder.step(ladder.chosen).kept
    assert ladder.learnable.holds


def test_a_rung_that_fails_is_recorded_and_the_climb_goes_on(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    broken = Rung("broken", TITLES, False, _broken)
    ladder = climb(material, folds, Course(0.01), rungs=(SIMPLE[0], broken, *SIMPLE[1:])).ladder
    assert "does not converge" in (ladder.step("broken").failed or "")
    assert ladder.step("linear").kept


def test_a_climb_without_any_rung_says_so(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    with pytest.raises(MilepostError, match="does not converge"):
        climb(material, folds, Course(0.01), rungs=(Rung("dummy", TITLES, True, _broken),))


def test_two_rungs_without_gain_end_the_tuning(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    useless = tuple(Rung(f"useless_{number}", TITLES, False, _constant(0.5)) for number in range(4))
    ladder = climb(material, folds, Course(0.01), rungs=(*SIMPLE, *useless)).ladder
    assert [step.rung for step in ladder.steps] == ["dummy", "linear", "tree", "useless_0", "useless_1", "ensemble"]
    assert ladder.ending.endswith("Not tried after that: a rung of the test, a rung of the test.")


def test_baselines_never_count_towards_the_plateau(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    useless = tuple(Rung(f"useless_{number}", TITLES, True, _constant(0.5)) for number in range(4))
    ladder = climb(material, folds, Course(0.01), rungs=(SIMPLE[0], *useless, *SIMPLE[1:])).ladder
    assert {step.rung for step in ladder.steps} >= {"linear", "useless_3"}


@pytest.mark.parametrize(
    ("mean", "lo", "kept"),
    [(0.02, 0.001, True), (0.02, -0.001, False), (0.009, 0.005, False), (-0.02, -0.03, False)],
)
def test_a_gain_counts_if_it_is_above_chance_and_large_enough(mean, lo, kept):
    # the simpler rung's loss is 1, so the relative gain is the mean gain; the smallest gain is 0.01
    assert is_worth_it(Gain(mean, lo, 2 * mean - lo, 0.95, mean, lo, 2 * mean - lo, 100, 100), 0.01) is kept


def test_workers_do_not_change_the_result(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    one, two = (climb(material, folds, Course(0.01, workers=workers)) for workers in (1, 2))
    assert one.settled == two.settled
    assert all(np.array_equal(one.answers[rung], two.answers[rung], equal_nan=True) for rung in one.answers)


def test_an_interrupted_climb_goes_on_where_it_was(make_material, folds_for, tmp_path):
    material, folds = folds_for(make_material("binary"))
    fitted = []

    def counting(rung):
        def fit(work):
            fitted.append(rung.name)
            if len(fitted) == 5:
                raise KeyboardInterrupt
            return rung.fit(work)

        return Rung(rung.name, rung.titles, rung.is_baseline, fit)

    rungs = tuple(counting(rung) for rung in SIMPLE)
    course = Course(0.01, workers=1, finished=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        climb(material, folds, course, rungs=rungs)
    resumed = climb(material, folds, course, rungs=rungs)
    assert len(fitted) == 5 + 9 - 4  # three rungs on three folds, four of them finished before the interruption
    whole = climb(material, folds, Course(0.01, workers=1), rungs=SIMPLE)
    assert all(np.array_equal(resumed.answers[rung], whole.answers[rung], equal_nan=True) for rung in whole.answers)


def test_nothing_learnable_is_said(make_material, folds_for):
    material = make_material("binary", rows=300)
    shuffled = np.random.default_rng(5).permutation(material.truth)
    material, folds = folds_for(type(material)(**{**_fields(material), "truth": shuffled}))
    ladder = climb(material, folds, Course(0.01)).ladder
    assert not ladder.learnable.holds
    assert ladder.chosen == "dummy"


def _fields(material):
    return {name: getattr(material, name) for name in material.__slots__}


def test_no_row_is_answered_by_a_model_that_saw_it(make_material, folds_for):
    """A rung that remembers its rows answers new rows with a half, so that any leak would show as certainty."""
    material, folds = folds_for(make_material("binary"))
    marked = material.frame.with_columns(pl_row_number())
    material = type(material)(**{**_fields(material), "frame": marked})
    seen: dict[int, set[float]] = {}

    def remember(work):
        rows = np.concatenate([work.fit, work.stop])
        seen[len(seen)] = set(work.material.frame["row"][rows].to_list())
        return Member({"rung": "x", "encoding": [], "model": {"kind": "constant", "values": [0.5]}})

    climb(material, folds, Course(0.01, workers=1), rungs=(Rung("dummy", TITLES, True, remember),))
    for fold, rows in zip(folds.folds, seen.values(), strict=True):
        assert rows.isdisjoint(marked["row"][fold.valid].to_list())


def pl_row_number():
    import polars as pl

    return pl.int_range(pl.len()).cast(pl.Float64).alias("row")


def test_where_the_truth_is_linear_complex_rungs_are_kept_at_most_at_the_stated_rate(make_material, folds_for):
    """The stated rate is 2.5 % for each rung; 12 data sets and 3 complex rungs leave about one."""
    kept = 0
    for seed in range(12):
        material, folds = folds_for(make_material("binary", rows=500, seed=1000 + seed))
        ladder = climb(material, folds, Course(0.0)).ladder
        kept += sum(step.kept for step in ladder.steps if step.rung in ("additive", "boosted", "boosted_deep"))
    assert kept <= 2


def test_a_rule_that_reads_what_no_model_may_see_is_compared_with_and_never_kept(make_material, folds_for):
    material, folds = folds_for(make_material("binary"))
    rule = parse("amount > 0", types={"amount": "float"}, where="baseline.rule")
    rungs = tuple(rung for rung in LADDER if rung.name in ("dummy", "rule"))
    linear = tuple(rung for rung in LADDER if rung.name == "linear")
    free = climb(replace(material, rule=rule), folds, Course(0.01), rungs=(*rungs, *linear)).ladder
    bound = replace(material, rule=rule, rule_is_yardstick="it reads 'amount', which no model may see")
    ladder = climb(bound, folds, Course(0.01), rungs=(*rungs, *linear)).ladder
    assert free.step("rule").kept
    assert not ladder.step("rule").kept
    assert "it reads 'amount', which no model may see" in ladder.step("rule").says
    assert ladder.step("linear").over == "dummy"
    assert "rule" not in ladder.weights
