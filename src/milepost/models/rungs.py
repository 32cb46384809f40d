"""The ladder: model families from the simplest to the most complex. A new rung is one more row of the table.

A rung fits on some rows and leaves a member: the predictor's document. What it has to settle on the way
(rounds, penalty) a fold settles for itself on its inner split, and the last fit by what all folds found there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from milepost.ground.errors import MilepostError
from milepost.learners.boosting import Boosting, fit_trees
from milepost.learners.encode import Encoding, Style, learn_encoding
from milepost.learners.linear import fit_linear, mean_of
from milepost.learners.tree import fit_tree
from milepost.metrics.losses import centre_of, row_losses
from milepost.models.material import Material
from milepost.models.out_of_fold import plain
from milepost.predictor.encode import encode_table
from milepost.predictor.linear import linear_table

PENALTIES = (1000.0, 100.0, 10.0, 1.0, 0.1, 0.01)
WITHIN_CHANCE = 0.5  # standard errors of the paired difference
RULE_SMOOTHING_ROWS = 10.0  # a branch's rate counts this many rows of the overall rate
MOST_BRANCHES = 50
TREE_DEPTH = 4
TREE_LEAF_SHARE = 0.01
ROUNDS_FOR_ALL_ROWS = 1.15  # the last fit sees about half as many rows again as a fold's


@dataclass(frozen=True, slots=True)
class Work:
    """What a rung is asked to do.

    Attributes:
        material: the rows.
        fit: positions to learn from.
        stop: positions on which open questions (rounds, penalty) are settled; empty where `settled` answers them.
        settled: the answer found by the folds; None where it is still open.
        seed: of every random choice.
        threads: for the fit; the result does not depend on it.
        compared_rows: that the rungs are compared on, which decide how trees are grown, in a fold as in the last fit;
            None: those of material.
    """

    material: Material
    fit: np.ndarray
    stop: np.ndarray
    settled: float | None
    seed: int
    threads: int = 1
    compared_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A fitted rung: the predictor's document, and the files beside it.

    Attributes:
        document: {"rung", "encoding", "model"}.
        files: file name in the bundle -> text.
        found: what the stopping rows say on the open question: the rounds; or the penalty, and the mean loss under
            each of PENALTIES; empty where nothing was open.
    """

    document: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    found: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """A model family at one level of complexity.

    Attributes:
        name: one word, as in logs and tables.
        titles: for people, by task.
        is_baseline: simple enough to be read or drawn on a page. Baselines never count towards the plateau: where bends
            bring nothing, trees that see columns together may still.
        fit: does the work.
        settle: what the folds found, shape (folds, figures) -> rounds or penalty of the last fit; None where nothing is
            open.
    """

    name: str
    titles: dict[str, str]
    is_baseline: bool
    fit: Callable[[Work], Member]
    settle: Callable[[np.ndarray], float] | None = None


def fit_dummy(work: Work) -> Member:
    """Return the same answer for every row: the class shares, or the centre that the loss asks for."""
    truth = work.material.truth[_all(work)]
    model = {"kind": "constant", "values": _overall(work.material, truth)}
    return Member({"rung": "dummy", "encoding": [], "model": model})


def _overall(material: Material, truth: np.ndarray) -> list[float]:
    if material.task == "regression":
        if material.loss == "squared":
            return [float(truth.mean())]
        return [float(np.quantile(truth, centre_of(material.loss)))]
    classes = max(material.outputs, 2)
    shares = (np.bincount(truth, minlength=classes) + 1.0 / classes) / (len(truth) + 1.0)
    return [float(share) for share in (shares if material.outputs > 1 else shares[1:])]


def fit_rule(work: Work) -> Member:
    """Return what is done today as a model: the smoothed development rate of each branch of the rule.

    Raises:
        MilepostError: the rule is a number where classes are predicted and has too many different values.
    """
    from milepost.data.expressions.column import as_polars

    material, rule = work.material, work.material.rule
    assert rule is not None  # the climb offers this rung only where the problem has a rule
    rows = _all(work)
    prior = _overall(material, material.truth[rows])
    keys = material.frame[rows].with_columns(as_polars(rule.tree).alias("__rule__"))["__rule__"]
    if material.task == "regression" and rule.type == "number":
        return Member(
            {"rung": "rule", "encoding": [], "model": {"kind": "expression", "tree": rule.tree, "otherwise": prior}}
        )
    branches = []
    values = keys.drop_nulls().unique().sort().to_list()
    if len(values) > MOST_BRANCHES:
        raise MilepostError(
            f"The rule has {len(values)} different answers; a rule for classes has a few branches.",
            where="baseline.rule",
            fix="Write a condition (true or false), or a CASE with a few branches.",
        )
    targets = material.targets[rows]
    for value in values:
        here = (keys == value).fill_null(False).to_numpy()
        sums = targets[here].sum(axis=0) + RULE_SMOOTHING_ROWS * np.asarray(prior)
        branches.append([value, (sums / (here.sum() + RULE_SMOOTHING_ROWS)).tolist()])
    model = {"kind": "branches", "tree": rule.tree, "type": rule.type, "branches": branches, "otherwise": prior}
    return Member({"rung": "rule", "encoding": [], "model": model})


def _linear(style: Style) -> Callable[[Work], Member]:
    """Return the fit of the regularised linear rung of a style; its penalty is settled on the inner split."""

    def fit(work: Work) -> Member:
        found: tuple[float, ...] = ()
        penalty = work.settled
        if penalty is None:
            losses = _losses_under_penalties(work, style)
            penalty = _strongest_penalty(losses)
            found = (penalty, *losses.mean(axis=0).tolist())
        rows = _all(work)
        encoding = _encode(work, rows, style)
        (model,) = _linear_models(work, rows, encoding, [penalty])
        means = encoding.matrix.mean(axis=0).tolist()  # the average row, against which the reasons of others are told
        model = {**model, "means": means}
        return Member({"rung": style, "encoding": list(encoding.blocks), "model": model}, found=found)

    return fit


def usual_penalty(found: np.ndarray) -> float:
    """Return the penalty half way, by its logarithm, between two that small tables set apart.

    One is the mean of what each fold chose for itself, which leans to the strong side; the other is the one with the
    smallest loss over all folds together, which leans to the weak side.
    """
    own, together = np.log(found[:, 0]).mean(), np.log(PENALTIES[int(np.argmin(found[:, 1:].mean(axis=0)))])
    return float(np.exp((own + together) / 2))


def _strongest_penalty(losses: np.ndarray) -> float:
    """Return the strongest of PENALTIES whose mean loss is within chance of the smallest; losses (rows, penalties).

    A penalty too weak costs far more on new rows than one too strong, and the few rows of one fold cannot tell the two
    apart. Source: Breiman, Friedman, Olshen, Stone 1984, "Classification and regression trees", with half of their one
    standard error.
    """
    behind = losses - losses[:, [int(np.argmin(losses.mean(axis=0)))]]
    within = behind.mean(axis=0) <= WITHIN_CHANCE * behind.std(axis=0) / np.sqrt(len(behind))
    return PENALTIES[int(np.argmax(within))]


def _losses_under_penalties(work: Work, style: Style) -> np.ndarray:
    """Return the losses on the stopping rows of fits under each of PENALTIES, shape (rows, penalties)."""
    encoding, stop = _encode(work, work.fit, style), work.material.rows(work.stop)
    seen = encode_table(stop.frame, encoding.blocks)
    models = _linear_models(work, work.fit, encoding, PENALTIES)
    return np.stack([_losses(linear_table(model)(seen, 1), stop) for model in models], axis=1)


def _linear_models(
    work: Work, rows: np.ndarray, encoding: Encoding, penalties: Sequence[float]
) -> list[dict[str, Any]]:
    """Return one model for each penalty: where numbers are seen in two ways, the mean of a fit to each of them.

    The two make different mistakes, above all on few rows, and their mean fewer than either.
    """
    material = work.material
    fits = [
        fit_linear(
            encoding.matrix[:, view],
            material.truth[rows],
            task=material.task,
            outputs=material.outputs,
            loss=material.loss,
            penalties=penalties,
        )
        for view in encoding.views
    ]
    return [mean_of(models, encoding.views, encoding.matrix.shape[1]) for models in zip(*fits, strict=True)]


def fit_tree_rung(work: Work) -> Member:
    """Return one small tree."""
    material, rows = work.material, _all(work)
    encoding = _encode(work, rows, "levels")
    model = fit_tree(
        encoding.matrix,
        material.truth[rows],
        task=material.task,
        outputs=material.outputs,
        loss=material.loss,
        depth=TREE_DEPTH,
        leaf_rows=max(10, round(TREE_LEAF_SHARE * len(rows))),
        seed=work.seed,
    )
    return Member({"rung": "tree", "encoding": list(encoding.blocks), "model": model})


def _boosted(name: str) -> Callable[[Work], Member]:
    """Return the fit of a boosted rung; GROWN says how its trees are grown for the rows compared on."""

    def fit(work: Work) -> Member:
        material = work.material
        rows = work.fit if work.settled is None else _all(work)
        encoding = _encode(work, rows, "codes")
        stop = None
        if work.settled is None:
            stopping = material.rows(work.stop)
            stop = (encode_table(stopping.frame, encoding.blocks), stopping.truth)
        trees = fit_trees(
            encoding.matrix,
            material.truth[rows],
            task=material.task,
            outputs=material.outputs,
            loss=material.loss,
            boosting=GROWN[name](work.compared_rows or len(material.truth)),
            sources=encoding.sources,
            categorical=encoding.categorical,
            stop=stop,
            rounds=None if work.settled is None else round(work.settled * ROUNDS_FOR_ALL_ROWS),
            seed=work.seed,
            threads=work.threads,
        )
        file = f"trees/{name}.txt"
        model = {"kind": "trees", "file": file, "link": trees.link}
        document = {"rung": name, "encoding": list(encoding.blocks), "model": model}
        return Member(document, {file: trees.text}, (float(trees.rounds),))

    return fit


def usual_rounds(found: np.ndarray) -> float:
    """Return the geometric mean of the rounds that the folds stopped at."""
    return float(np.exp(np.log(found).mean()))


def _losses(answers: np.ndarray, material: Material) -> np.ndarray:
    return row_losses(material.loss, material.task, material.truth, plain(answers, material))


def _all(work: Work) -> np.ndarray:
    return np.sort(np.concatenate([work.fit, work.stop]))


def _encode(work: Work, rows: np.ndarray, style: Style) -> Encoding:
    material = work.material.rows(rows)
    return learn_encoding(
        material.frame,
        material.columns,
        style=style,
        targets=material.targets,
        zone=material.zone,
        span_days=work.material.span_days,
        seed=work.seed,
    )


def _additive(rows: int) -> Boosting:
    return Boosting(leaves=4, smallest_leaf=20, learning_rate=0.1 if rows > 20_000 else 0.05, additive=True)


def _shallow(rows: int) -> Boosting:
    return Boosting(leaves=8, smallest_leaf=20, learning_rate=0.1 if rows > 20_000 else 0.05)


def _deep(rows: int) -> Boosting:
    return Boosting(leaves=63 if rows > 20_000 else 24, smallest_leaf=20, learning_rate=0.05, column_share=0.6)


GROWN: dict[str, Callable[[int], Boosting]] = {"additive": _additive, "boosted": _shallow, "boosted_deep": _deep}


def _same(title: str) -> dict[str, str]:
    return dict.fromkeys(("binary", "multiclass", "regression"), title)


LADDER = (
    Rung("dummy", _same("always the same answer"), True, fit_dummy),
    Rung("rule", _same("today's rule"), True, fit_rule),
    Rung(
        "linear",
        {"binary": "logistic regression", "multiclass": "multinomial regression", "regression": "linear regression"},
        True,
        _linear("linear"),
        usual_penalty,
    ),
    Rung("tree", _same("one small tree"), True, fit_tree_rung),
    Rung(
        "curves",
        {
            "binary": "logistic regression with bends",
            "multiclass": "multinomial regression with bends",
            "regression": "linear regression with bends",
        },
        True,
        _linear("curves"),
        usual_penalty,
    ),
    Rung("additive", _same("additive trees"), False, _boosted("additive"), usual_rounds),
    Rung("boosted", _same("boosted trees"), False, _boosted("boosted"), usual_rounds),
    Rung("boosted_deep", _same("deep boosted trees"), False, _boosted("boosted_deep"), usual_rounds),
)
