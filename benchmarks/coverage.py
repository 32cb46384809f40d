"""How often shown intervals hold the truth, how wide they are, and how often the climb's test is wrong.

    python benchmarks/coverage.py            between one and two minutes on one core
    python benchmarks/coverage.py 4000       more repetitions

Each case draws many data sets from a known world and measures one metric on each. Printed: the share of intervals that
hold the true value (wanted: 93 % or more at level 0.95), how often no interval was shown, the mean width, and a
reference: for proportions the mean width of Clopper and Pearson's exact interval (in clusters: as if rows were
independent), otherwise the width of the central 95 % of the values themselves, which no interval can know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from milepost.metrics.answers import Answers
from milepost.metrics.measure import measure
from milepost.stats.bootstrap import bootstrap
from milepost.stats.paired import paired_gain
from milepost.stats.precision_recall import average_precision

World = Callable[[np.random.Generator], Answers]


@dataclass(frozen=True)
class Case:
    """A metric in a world; the truth is taken from one very large draw where it has no formula."""

    title: str
    metric: str
    world: World
    truth: float


# ---------------------------------------------------------------- worlds


def binary(rows: int, positive: float, recall: float, specificity: float) -> World:
    """Decisions that are right with known chances."""

    def draw(random: np.random.Generator) -> Answers:
        truth = (random.random(rows) < positive).astype(int)
        decision = (random.random(rows) < np.where(truth == 1, recall, 1 - specificity)).astype(int)
        return Answers("binary", truth, decision.astype(float), decision, ("no", "yes"))

    return draw


def ranked(positives: int, negatives: int, apart: float) -> World:
    """Normal scores whose means lie apart; P(positive) is right for the drawn share of positives."""

    def draw(random: np.random.Generator) -> Answers:
        truth = (random.random(positives + negatives) < positives / (positives + negatives)).astype(int)
        score = random.normal(0, 1, len(truth)) + apart * truth
        log_odds = np.log(positives / negatives) + apart * score - apart**2 / 2
        probability = special.expit(log_odds)
        return Answers("binary", truth, probability, (probability >= 0.5).astype(int), ("no", "yes"))

    return draw


def overconfident(rows: int, slope: float) -> World:
    """Probabilities whose log odds are right after multiplication by slope."""

    def draw(random: np.random.Generator) -> Answers:
        log_odds = random.normal(-1, 1.3, rows)
        truth = (random.random(rows) < special.expit(slope * log_odds)).astype(int)
        return Answers("binary", truth, special.expit(log_odds), (log_odds > 0).astype(int))

    return draw


def several(rows: int, shares: tuple[float, ...], signal: float) -> World:
    """Several classes with normal evidence for the true one; probabilities are right."""

    def draw(random: np.random.Generator) -> Answers:
        truth = random.choice(len(shares), size=rows, p=shares)
        evidence = random.normal(0, 1, (rows, len(shares)))
        evidence[np.arange(rows), truth] += signal
        weight = np.exp(signal * evidence) * np.array(shares)
        probability = weight / weight.sum(axis=1, keepdims=True)
        return Answers("multiclass", truth, probability, probability.argmax(axis=1))

    return draw


def numbers(rows: int, noise: Callable[[np.random.Generator, int], np.ndarray]) -> World:
    """A number predicted with noise of a given shape."""

    def draw(random: np.random.Generator) -> Answers:
        prediction = random.normal(10, 2, rows)
        return Answers("regression", prediction + noise(random, rows), prediction, prediction)

    return draw


def offers(rows: int) -> World:
    """Money from a campaign: a fifth is called, a third of these would leave and are worth a skewed amount."""

    def draw(random: np.random.Generator) -> Answers:
        decision = (random.random(rows) < 0.2).astype(int)
        truth = (random.random(rows) < np.where(decision == 1, 0.33, 0.15)).astype(int)
        worth = 0.3 * random.lognormal(5, 0.8, rows) - 20
        value = np.where(decision == 0, 0.0, np.where(truth == 1, worth, -20.0))
        return Answers("binary", truth, decision.astype(float), decision, value=value)

    return draw


def clustered(clusters: int, mean_size: int, likeness: float) -> World:
    """Right or wrong by cluster: the clusters' accuracies follow a beta with mean 0.8, correlated by likeness."""

    def draw(random: np.random.Generator) -> Answers:
        scale = (1 - likeness) / likeness
        accuracy = random.beta(0.8 * scale, 0.2 * scale, clusters)
        unit = np.repeat(np.arange(clusters), 1 + random.poisson(mean_size - 1, clusters))
        truth = (random.random(len(unit)) < 0.4).astype(int)
        right = random.random(len(unit)) < accuracy[unit]
        decision = np.where(right, truth, 1 - truth)
        score = np.where(right, truth, 1 - truth) * 0.4 + random.random(len(unit)) * 0.6
        return Answers("binary", truth, score, decision, clusters=unit)

    return draw


def clustered_numbers(clusters: int, mean_size: int) -> World:
    """Errors that share half of their variance within a cluster."""

    def draw(random: np.random.Generator) -> Answers:
        unit = np.repeat(np.arange(clusters), 1 + random.poisson(mean_size - 1, clusters))
        shared = random.normal(0, 1, clusters)[unit]
        prediction = random.normal(10, 2, len(unit))
        truth = prediction + shared + random.normal(0, 1, len(unit))
        return Answers("regression", truth, prediction, prediction, clusters=unit)

    return draw


# ---------------------------------------------------------------- cases


def by_draw(title: str, metric: str, world: World, large: World) -> Case:
    """Return a case whose truth is the value in one very large draw."""
    value = measure(metric, large(np.random.default_rng(10_000))).value
    if value is None:
        raise ValueError(f"{metric} has no value in the large draw of {title!r}")
    return Case(title, metric, world, value)


def normal(random: np.random.Generator, rows: int) -> np.ndarray:
    return random.normal(0, 1, rows)


def laplace(random: np.random.Generator, rows: int) -> np.ndarray:
    return random.laplace(0, 1, rows)


def heavy(random: np.random.Generator, rows: int) -> np.ndarray:
    return random.standard_t(5, rows)


def error_cases(rows: int) -> list[Case]:
    """Errors of a number, with tails from normal to heavy; the prediction's variance is 4."""
    mean_of_t5 = 2 * 5**0.5 / (4 * special.beta(0.5, 2.5))
    return [
        Case(f"RMSE, normal errors, {rows} rows", "rmse", numbers(rows, normal), 1.0),
        Case(f"RMSE, Laplace errors, {rows} rows", "rmse", numbers(rows, laplace), 2**0.5),
        Case(f"RMSE, t5 errors, {rows} rows", "rmse", numbers(rows, heavy), (5 / 3) ** 0.5),
        Case(f"MAE, t5 errors, {rows} rows", "mae", numbers(rows, heavy), mean_of_t5),
        Case(f"median error, t5, {rows} rows", "median_ae", numbers(rows, heavy), float(stats.t.ppf(0.75, 5))),
        Case(f"bias, t5 errors, {rows} rows", "bias", numbers(rows, heavy), 0.0),
        Case(f"R², normal errors, {rows} rows", "r2", numbers(rows, normal), 0.8),
        Case(f"R², t5 errors, {rows} rows", "r2", numbers(rows, heavy), 4 / (4 + 5 / 3)),
    ]


LARGE = 400_000  # rows of a draw that stands for the truth


def decision_cases() -> list[Case]:
    """Proportions of few rows, and what is made of them."""
    rare, near, rarer = (0.1, 0.6, 0.95), (0.5, 0.97, 0.98), (0.02, 0.5, 0.99)
    return [
        Case("accuracy 0.8, 100 rows", "accuracy", binary(100, 0.5, 0.8, 0.8), 0.8),
        Case("recall 0.7, ~30 positives of 300", "recall", binary(300, 0.1, 0.7, 0.9), 0.7),
        Case("recall 0.95, ~30 positives of 300", "recall", binary(300, 0.1, 0.95, 0.9), 0.95),
        Case("precision 0.55, ~25 called of 300", "precision", binary(300, 0.1, 0.4583, 0.9583), 0.55),
        Case("specificity 0.97, ~150 negatives", "specificity", binary(300, 0.5, 0.7, 0.97), 0.97),
        Case("balanced accuracy, ~30 of 300", "balanced_accuracy", binary(300, 0.1, 0.7, 0.97), 0.835),
        by_draw("F1, ~30 positives of 300", "f1", binary(300, *rare), binary(LARGE, *rare)),
        by_draw("F1 near 1, ~60 of 120", "f1", binary(120, *near), binary(LARGE, *near)),
        by_draw("MCC, ~30 positives of 300", "mcc", binary(300, *rare), binary(LARGE, *rare)),
        by_draw("MCC, ~40 positives of 2,000", "mcc", binary(2000, *rarer), binary(LARGE, *rarer)),
    ]


def ranking_cases() -> list[Case]:
    """Areas under curves, and probabilities that are right or overconfident."""
    found = []
    for positives, negatives in ((20, 200), (30, 2000), (300, 900)):
        size = f"{positives} v {negatives}"
        for area in (0.7, 0.9, 0.97):
            world = ranked(positives, negatives, float(np.sqrt(2) * special.ndtri(area)))
            found.append(Case(f"AUC {area}, {size}", "roc_auc", world, area))
        scale = 10 * LARGE // (positives + negatives)
        world, big = ranked(positives, negatives, 1.5), ranked(scale * positives, scale * negatives, 1.5)
        names = ("average_precision", "log_loss", "brier")
        found += [by_draw(f"{name.replace('_', ' ')}, {size}", name, world, big) for name in names]
    found.append(Case("calibration error, right, 300 rows", "calibration_error", overconfident(300, 1.0), 0.0))
    big = overconfident(5 * LARGE, 0.6)
    for rows in (300, 3000):
        title = f"calibration error, slope 0.6, {rows} rows"
        found.append(by_draw(title, "calibration_error", overconfident(rows, 0.6), big))
    return found


def class_cases() -> list[Case]:
    """Several classes, the rarest with thirty or forty rows."""
    found = []
    for rows, shares, signal in ((150, (0.5, 0.3, 0.2), 1.5), (400, (0.7, 0.2, 0.1), 2.0)):
        world, big = several(rows, shares, signal), several(LARGE, shares, signal)
        names = ("accuracy", "recall", "precision", "f1", "mcc", "roc_auc", "log_loss", "brier")
        found += [by_draw(f"3 classes, {rows} rows: {name}", name, world, big) for name in names]
    return found


def money_cases() -> list[Case]:
    """Skewed sums that few rows earn."""
    worth = 0.3 * np.exp(5 + 0.8**2 / 2) - 20
    each = 0.2 * (0.33 * worth - 0.67 * 20)
    return [Case(f"money per row, {rows} rows", "value_per_row", offers(rows), each) for rows in (300, 1000)]


def cluster_cases() -> list[Case]:
    """Twenty clusters of about fifteen rows."""
    found = []
    for likeness in (0.05, 0.3):
        world, big = clustered(20, 15, likeness), clustered(LARGE // 15, 15, likeness)
        names = ("accuracy", "recall", "f1", "mcc", "balanced_accuracy", "roc_auc", "average_precision", "brier")
        found += [by_draw(f"20 clusters, likeness {likeness}: {name}", name, world, big) for name in names]
    world, big = clustered_numbers(20, 15), clustered_numbers(LARGE // 15, 15)
    found += [by_draw(f"20 clusters: {name}", name, world, big) for name in ("rmse", "mae", "bias", "median_ae", "r2")]
    return found


def cases() -> list[Case]:
    numbers_cases = [*error_cases(60), *error_cases(1000)]
    return [*decision_cases(), *ranking_cases(), *class_cases(), *numbers_cases, *money_cases(), *cluster_cases()]


# ---------------------------------------------------------------- runs

PROPORTIONS = {"accuracy", "recall", "precision", "specificity"}


def run(case: Case, repetitions: int) -> str:
    held = low = shown = 0
    widths, exact, values = [], [], []
    for repetition in range(repetitions):
        answers = case.world(np.random.default_rng([repetition, 1]))
        seen = measure(case.metric, answers, seed=repetition)
        if seen.interval is None or seen.value is None:
            continue
        shown += 1
        held += seen.interval.lo <= case.truth <= seen.interval.hi
        low += seen.interval.lo > case.truth
        widths.append(seen.interval.hi - seen.interval.lo)
        values.append(seen.value)
        if case.metric in PROPORTIONS and answers.task == "binary":
            hits = round(seen.value * seen.denominator)
            ends = stats.binomtest(hits, seen.denominator).proportion_ci(method="exact")
            exact.append(ends.high - ends.low)
    if not shown:
        return f"{case.title:48s} no interval shown"
    reference = float(np.mean(exact)) if exact else float(np.diff(np.quantile(values, [0.025, 0.975]))[0])
    kind = "exact" if exact else "spread"
    return (
        f"{case.title:48s} {case.truth:8.4f} {held / shown:8.3f} {low / shown:8.3f} {1 - shown / repetitions:8.3f}"
        f" {np.mean(widths):9.4f} {reference:9.4f} {np.mean(widths) / reference:6.2f}  {kind}"
    )


def bootstrap_cases(repetitions: int) -> list[str]:
    """The general bootstrap, for what has no formula: its coverage beside the analytic interval of the same number."""
    lines = []
    for positives, negatives, apart in ((20, 200, 1.0), (100, 900, 2.0)):
        world = ranked(positives, negatives, apart)
        big = ranked(400 * positives, 400 * negatives, apart)(np.random.default_rng(1))
        truth, held, width = average_precision(big.truth, big.prediction), 0, 0.0
        for repetition in range(repetitions):
            answers = world(np.random.default_rng([repetition, 2]))
            order = np.argsort(-answers.prediction)
            positive = answers.truth[order]

            def statistic(weights: np.ndarray, order: np.ndarray = order, positive: np.ndarray = positive) -> float:
                weight = weights[order]
                hits = np.cumsum(weight * positive)
                return float((weight * positive * hits / np.maximum(np.cumsum(weight), 1)).sum() / max(hits[-1], 1))

            interval = bootstrap(statistic, len(positive), strata=answers.truth, draws=400, seed=repetition)
            held += interval.lo <= truth <= interval.hi
            width += interval.hi - interval.lo
        lines.append(
            f"bootstrap: average precision, {positives} v {negatives}".ljust(48)
            + f" {truth:8.4f} {held / repetitions:8.3f} {'':17s} {width / repetitions:9.4f}"
        )
    return lines


def folds_losses(x: np.ndarray, y: np.ndarray, columns: int, folds: np.ndarray) -> np.ndarray:
    """Squared losses, out of fold, of least squares on the first columns of x."""
    losses = np.empty(len(y))
    for fold in np.unique(folds):
        train, valid = folds != fold, folds == fold
        design = np.c_[np.ones(len(y)), x[:, :columns]]
        weights = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
        losses[valid] = np.square(y[valid] - design[valid] @ weights)
    return losses


def one_sided_error(
    repetitions: int, rows: int, extra: int, strength: float, groups: int | None
) -> tuple[float, float]:
    """Return how often the lower bound of the gain is above 0, and how often above 0 with at least 1 % of gain.

    The simpler model has the two columns that matter; the complex one has extra columns of the given strength.
    """
    above = kept = 0
    for repetition in range(repetitions):
        random = np.random.default_rng([repetition, 3])
        unit = None if groups is None else np.repeat(np.arange(groups), -(-rows // groups))[:rows]
        x = random.normal(0, 1, (rows, 2 + extra))
        y = x[:, 0] + 0.5 * x[:, 1] + strength * x[:, 2:].sum(axis=1) + random.normal(0, 1, rows)
        if unit is not None:  # a column that is the same in a whole group can be mistaken for the group
            x[:, 2:] = random.normal(0, 1, (groups, extra))[unit]
            y = y + random.normal(0, 1, groups)[unit]
        fold_of = random.permutation(np.arange(groups if groups else rows) % 5)
        folds = fold_of if unit is None else fold_of[unit]
        gain = paired_gain(folds_losses(x, y, 2, folds), folds_losses(x, y, 2 + extra, folds), clusters=unit)
        above += gain.lo > 0
        kept += gain.lo > 0 and gain.relative >= 0.01
    return above / repetitions, kept / repetitions


def gain_cases(repetitions: int) -> list[str]:
    lines = []
    for title, rows, extra, strength, groups in (
        ("3 useless columns, 200 rows", 200, 3, 0.0, None),
        ("30 useless columns, 400 rows", 400, 30, 0.0, None),
        ("3 columns just worth their noise, 200 rows", 200, 3, 160**-0.5, None),
        ("30 columns just worth their noise, 400 rows", 400, 30, 320**-0.5, None),
        ("3 useless columns of the group, 40 groups of 10", 400, 3, 0.0, 40),
        ("3 useless columns of the block, 8 blocks of 50", 400, 3, 0.0, 8),
        ("3 useful columns, 200 rows (power)", 200, 3, 0.3, None),
    ):
        above, kept = one_sided_error(repetitions, rows, extra, strength, groups)
        lines.append(f"{title:48s} {above:10.4f} {kept:10.4f}")
    return lines


def main(repetitions: int) -> None:
    print(f"Intervals at level 0.95, {repetitions} data sets for each case")
    heads = f"{'truth':>8s} {'held':>8s} {'lo>truth':>8s} {'none':>8s} {'width':>9s} {'reference':>9s}  ratio"
    print(f"{'case':48s} {heads}")
    for case in cases():
        print(run(case, repetitions), flush=True)
    for line in bootstrap_cases(max(100, repetitions // 5)):
        print(line, flush=True)
    print(f"\nPaired gain over five folds, least squares, {repetitions} data sets: stated error of lo > truth is 0.025")
    print(f"{'case':48s} {'lo > 0':>10s} {'and >= 1 %':>10s}")
    for line in gain_cases(repetitions):
        print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 700)
