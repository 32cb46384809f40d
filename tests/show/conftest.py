"""Results by hand, with the figures that such problems really have: what the show floor is given to draw."""

# ruff: noqa: E501  (a sentence stands on one line, as it is printed)

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from milepost.data.findings import Finding
from milepost.data.schema import Column, Schema
from milepost.evaluate.curves import Curves
from milepost.evaluate.thresholds import ThresholdChoice, ThresholdRow
from milepost.evaluate.verdict import Judged, Verdict
from milepost.metrics.measure import Measured
from milepost.models.steps import Ladder, Learnable, Step
from milepost.problem.criteria import Criterion
from milepost.problem.spec import Problem
from milepost.show.charts.drawing import unchecked
from milepost.show.report import Part, ReportMaterial
from milepost.stats.intervals import Interval
from milepost.stats.paired import Gain

STATEMENT = (
    "Predict customer churn within the next 30 days with 80% accuracy to enable proactive retention campaigns, "
    "reducing churn rate by 15%."
)
ACCURACY_SAYS = (
    "accuracy >= 0.80: can't tell yet; accuracy is 80.8 %, and with 95.0 % confidence between 78.9 % and 82.6 %, "
    "and 80.0 % lies inside. More test rows would narrow it."
)
HOSTILE = "<script>alert('ü\u202e\x1b[31m')</script>[red]{{7*7}}&\"'"


def problem_of(task: str, target: str, *, id_column: str | None = None, value: dict | None = None, **tables) -> Problem:
    aim = {"name": f"{target}-problem", "target": target, "task": task, **tables.pop("problem", {})}
    data = {"source": "table.csv", **({"id": id_column} if id_column else {})}
    document = {"problem": aim, "data": data, **tables, **({"value": value} if value else {})}
    return Problem.model_validate(document)


def measured(metric: str, value: float, lo: float, hi: float, rows: int, events: int | None = None) -> Measured:
    return Measured(metric, value, Interval(lo, hi), rows, events, None, events or rows, "Wilson's interval")


def about(metric: str, value: float | None, rows: int) -> Measured:
    """Return a measure with an interval of the width that so many rows give; without one where there is no value."""
    if value is None:
        return Measured(metric, None, None, rows, None, "No row was called Yes.", 0, "")
    if metric == "value":
        return Measured(metric, value, Interval(value - 2100, value + 2300), rows, None, None, rows, "t interval")
    half = 2 * math.sqrt(max(value * (1 - value), 0.01) / rows)
    return Measured(metric, value, Interval(max(0, value - half), min(1, value + half)), rows, None, None, rows, "")


def besides(metric: str, rows: int, **values: float | None) -> dict[str, Measured]:
    return {rung: about(metric, value, rows) for rung, value in values.items()}


def prices(**errors: float | None) -> dict[str, Measured]:
    return {
        rung: about("rmse", None, 733) if error is None else measured("rmse", error, 0.93 * error, 1.08 * error, 733)
        for rung, error in errors.items()
    }


def step(rung, title, loss, *, gain=None, over=None, kept=True, is_baseline=False, seconds=1.0, answer_us=5.0, says=""):
    """Return a step; gain is (relative, lo, hi) as shares of the simpler rung's loss."""
    simpler = loss / (1 - gain[0]) if gain else loss
    earned = gain and Gain(*(edge * simpler for edge in gain), 0.95, *gain, 5282, 5282)
    interval = Interval(loss - 0.012, loss + 0.012)
    says = says or f"{title.capitalize()}: log loss {loss:.4f}. {'Kept.' if kept else 'Not kept.'}"
    return Step(rung, title, is_baseline, loss, interval, earned, over, kept, None, seconds, answer_us, says)


def telco_ladder() -> Ladder:
    steps = (
        step("dummy", "always the same answer", 0.5786, is_baseline=True, seconds=0.02, answer_us=1.1,
             says="Always the same answer: log loss 0.5786. Every other rung has to beat this one."),
        step("rule", "today's rule", 0.5203, gain=(0.101, 0.088, 0.114), over="dummy", is_baseline=True, seconds=0.05,
             answer_us=2.3, says="Today's rule: log loss 0.5203, 10.1 % less (95 % interval 8.8 % to 11.4 %) than always the same answer: kept."),
        step("linear", "logistic regression", 0.4181, gain=(0.196, 0.181, 0.212), over="rule", is_baseline=True,
             seconds=1.9, answer_us=4.8, says="Logistic regression: log loss 0.4181, 19.6 % less (95 % interval 18.1 % to 21.2 %) than today's rule: kept."),
        step("tree", "one small tree", 0.4312, gain=(-0.031, -0.044, -0.019), over="linear", kept=False, is_baseline=True,
             seconds=0.4, answer_us=1.4, says="One small tree: log loss 0.4312, no better than logistic regression (3.1 % more): not kept."),
        step("additive", "additive trees", 0.4114, gain=(0.016, 0.010, 0.022), over="linear", seconds=6.3, answer_us=9.6,
             says="Additive trees: log loss 0.4114, 1.6 % less (95 % interval 1.0 % to 2.2 %) than logistic regression: kept."),
        step("boosted", "boosted trees", 0.4125, gain=(-0.003, -0.008, 0.003), over="additive", kept=False, seconds=7.8,
             answer_us=12.4, says="Boosted trees: log loss 0.4125, no better than additive trees (0.3 % more): not kept."),
        Step("boosted_deep", "deep boosted trees", False, None, None, None, None, False,
             "The library refused the parameters.", 0.2, None,
             "Deep boosted trees could not be fitted and are left out: the library refused the parameters."),
        step("ensemble", "weighted ensemble", 0.4102, gain=(0.003, 0.000, 0.006), over="additive", kept=False,
             seconds=0.3, answer_us=31.0, says="Weighted ensemble: log loss 0.4102, 0.3 % less than additive trees, but under the smallest gain of 1.0 %: not kept."),
    )  # fmt: skip
    return Ladder(
        "log", 0.01, "5 folds, stratified, repeated twice.", 5282, steps, "additive",
        Learnable(True, "The columns do say something about the target: today's rule already beats always the same answer."),
        "The climb ends with additive trees: 2 rungs in a row brought no gain worth their complexity.", {},
    )  # fmt: skip


def _binormal(separation: float, points: int = 160) -> list[tuple[float, float]]:
    """Return the ROC of two normal distributions that lie separation apart."""
    normal = NormalDist()
    cuts = [-4 + 8 * n / (points - 1) + separation / 2 for n in range(points)]
    return [(1 - normal.cdf(cut), 1 - normal.cdf(cut - separation)) for cut in cuts]


def telco_curves() -> Curves:
    roc = ((1.0, 1.0), *_binormal(1.436), (0.0, 0.0))
    precision_recall = tuple((t, 467 * t / (467 * t + 1294 * f)) for f, t in roc if t > 0.01)
    centres = (0.03, 0.08, 0.14, 0.22, 0.31, 0.42, 0.53, 0.64, 0.74)
    counts = (412, 231, 204, 187, 176, 169, 151, 134, 97)
    calibration = tuple(
        (p, seen, max(0, seen - 2 * math.sqrt(p * (1 - p) / n)), min(1, seen + 2 * math.sqrt(p * (1 - p) / n)), n)
        for p, n in zip(centres, counts, strict=True)
        for seen in (p + 0.03 * math.sin(9 * p),)
    )
    return Curves(roc, precision_recall, calibration, (), ((1142, 152), (186, 281)), ("No", "Yes"))


def telco_verdict() -> Verdict:
    accuracy = measured("accuracy", 0.808, 0.789, 0.826, 1761)
    recall = measured("recall", 0.602, 0.557, 0.645, 467, 467)
    return Verdict(
        bundle_id="9f2c41d07ab83e65",
        overall="not met",
        says=(
            "The model does not meet precision >= 0.75 on 1,761 rows that it had never seen.",
            ACCURACY_SAYS,
        ),
        criteria=(
            Judged("accuracy >= 0.80", "accuracy", 0.80, "can't tell yet", accuracy,
                   besides("accuracy", 1761, dummy=0.735, rule=0.761, linear=0.802),
                   ACCURACY_SAYS),
            Judged("recall >= 0.60", "recall", 0.60, "can't tell yet", recall,
                   besides("recall", 467, dummy=0.0, rule=0.418, linear=0.581),
                   "recall >= 0.60: can't tell yet; recall is 60.2 %, and 60.0 % lies inside its interval."),
            Judged("roc_auc >= 0.80", "roc_auc", 0.80, "met", measured("roc_auc", 0.845, 0.825, 0.863, 1761, 467),
                   besides("roc_auc", 1761, dummy=0.5, rule=0.66, linear=0.842), "roc_auc >= 0.80: met; area under the ROC curve is 0.845, all of its interval above 0.8."),
            Judged("precision >= 0.75", "precision", 0.75, "not met", measured("precision", 0.649, 0.603, 0.692, 433, 281),
                   besides("precision", 433, dummy=None, rule=0.571, linear=0.637), "precision >= 0.75: not met; precision is 64.9 %, and all of its interval lies under 75.0 %."),
        ),
        measures={
            "accuracy": accuracy,
            "recall": recall,
            "roc_auc": measured("roc_auc", 0.845, 0.825, 0.863, 1761, 467),
            "average_precision": measured("average_precision", 0.662, 0.618, 0.703, 1761, 467),
            "log_loss": measured("log_loss", 0.4149, 0.393, 0.437, 1761),
            "calibration_error": Measured("calibration_error", 0.018, None, 1761, None, "A sum over bins has none here.", 1761, ""),
        },
        value=measured("value", 11870.0, 9310.0, 14430.0, 1761),
        value_beside=besides("value", 1761, dummy=0.0, rule=6210.0, linear=11240.0),
        rows=1761, positives=467, look=1, level=0.95, split="c1f0a2b47d", curves=telco_curves(),
    )  # fmt: skip


def telco_choice() -> ThresholdChoice:
    at = tuple(round(0.99 - n * 0.005, 4) for n in range(198))
    normal = NormalDist()

    def shares(t: float) -> tuple[float, float]:
        cut = 0.718 + (math.log(t / (1 - t)) + 1.02) / 1.436
        return 1 - normal.cdf(cut), 1 - normal.cdf(cut - 1.436)

    def figures(t: float) -> dict[str, float]:
        false, true = shares(t)
        flagged = 0.265 * true + 0.735 * false
        return {
            "accuracy": 0.265 * true + 0.735 * (1 - false),
            "recall": true,
            "precision": 0.265 * true / flagged if flagged > 1e-9 else math.nan,
            "positive_rate": flagged,
        }

    def value(t: float) -> float:
        false, true = shares(t)
        return 0.265 * true * 214 - 0.735 * false * 20

    rows = tuple(
        ThresholdRow(
            t,
            role,
            {name: about(name, one, 5282) for name, one in figures(t).items()},
            about("value", 1000 * value(t), 5282),
            (figures(t)["accuracy"] >= 0.8, figures(t)["recall"] >= 0.6, None, figures(t)["precision"] >= 0.75),
        )
        for t, role in (
            (0.09, "chosen"),
            (0.52, "best with accuracy >= 0.80"),
            (0.38, "best with recall >= 0.60"),
            (0.5, "0.5"),
        )
    )
    curve = {name: tuple(figures(t)[name] for t in at) for name in ("accuracy", "recall", "precision", "positive_rate")}
    return ThresholdChoice(
        0.09, False,
        "No threshold meets accuracy >= 0.80, recall >= 0.60 and precision >= 0.75 at once out of fold. Act where the "
        "probability is at least 0.09, the one with the most money; the table shows what each would cost. On development "
        "rows that did not choose it: 40,120 EUR per 1,000 rows (95 % interval 38,020 to 42,420).",
        rows, at, tuple(value(t) for t in at), curve, 5282,
    )  # fmt: skip


def telco_schema() -> Schema:
    names = ("contract", "internet_service", "payment_method", "online_security", "tech_support")
    return Schema(
        (
            Column("customer", "integer", "id", "id", "named in data.id"),
            *(Column(name, "text", "category", "feature", levels=("a", "b", "c")) for name in names),
            Column("tenure", "integer", "number", "feature", lo=0, hi=72),
            Column("monthly_charges", "float", "number", "feature", lo=18.25, hi=118.75),
            Column("total_charges", "float", "number", "feature", missing_share=0.0016, lo=18.8, hi=8684.8),
            Column("female", "integer", "flag", "sensitive", "named in data.sensitive"),
            Column("senior_citizen", "integer", "flag", "sensitive", "named in data.sensitive"),
            Column("churn", "text", "category", "target", levels=("No", "Yes")),
        ),
        "binary",
        ("No", "Yes"),
    )


def telco_findings() -> tuple[Finding, ...]:
    return (
        Finding("missing-values", "note", "total_charges", "total_charges has no value in 11 of 7,043 rows, all with tenure 0.",
                {"rows": 11}, ""),
        Finding("possible-leak", "stop", "cancel_reason", "cancel_reason is filled only where churn is Yes: it is written after the answer is known.",
                {"share": 1.0}, "Add cancel_reason to data.exclude."),
        Finding("near-duplicate-columns", "warn", "total_charges", "total_charges is almost tenure × monthly_charges (correlation 0.999).",
                {"correlation": 0.999}, "Nothing, unless the columns will drift apart."),
    )  # fmt: skip


def telco_problem() -> Problem:
    problem = problem_of(
        "binary", "churn", id_column="customer",
        value={"currency": "EUR", "true_positive": "0.3 * 12 * monthly_charges - 20", "false_positive": -20},
        problem={"name": "telco-churn", "statement": STATEMENT, "positive": "Yes", "horizon": "30d"},
        features={"charge_per_month": "total_charges / nullif(tenure, 0)"},
        baseline={"rule": "contract = 'Month-to-month' AND tenure < 6"},
        success={"accuracy": ">= 0.80", "recall": ">= 0.60", "roc_auc": ">= 0.80", "precision": ">= 0.75"},
    )  # fmt: skip
    problem._text = '[problem]\nname = "telco-churn"\ntarget = "churn"   # who leaves\n'
    return problem


def telco_material() -> ReportMaterial:
    return ReportMaterial(
        problem=telco_problem(),
        schema=telco_schema(),
        rows=7043,
        findings=telco_findings(),
        split_says=("25 % of the rows are kept for the verdict, with the same share of churn = Yes in both parts.",
                    "2 groups of exact duplicates were kept on one side."),
        split_hash="c1f0a2b47d",
        parts=(Part("development rows", 5282), Part("test rows", 1761)),
        ladder=telco_ladder(),
        threshold=telco_choice(),
        calibration_says="The probabilities are used as they are: no correction lowers the loss beyond chance.",
        verdict=telco_verdict(),
        lineage={"bundle_id": "9f2c41d07ab83e65", "data fingerprint": "5be3f1", "seed": "0", "milepost": "0.1.0", "polars": "2.1.0"},
        next_step="milepost score telco-churn@champion NEW.csv -o answers.parquet",
    )  # fmt: skip


def ames_material() -> ReportMaterial:
    residuals = tuple(
        (90_000 + 190.0 * n, (90_000 + 190.0 * n) * (1 + 0.12 * math.sin(n * 12.9898))) for n in range(700)
    )
    measures = {
        "rmse": measured("rmse", 24_310.0, 21_480.0, 27_950.0, 733),
        "mae": measured("mae", 15_020.0, 13_870.0, 16_190.0, 733),
        "median_ae": measured("median_ae", 9_640.0, 8_990.0, 10_420.0, 733),
        "r2": measured("r2", 0.906, 0.871, 0.928, 733),
    }
    judged = Judged("rmse <= 25000", "rmse", 25_000.0, "can't tell yet", measures["rmse"],
                    prices(dummy=79_410.0, rule=None, linear=30_120.0), "RMSE is 24,310; the interval holds 25,000.")  # fmt: skip
    verdict = Verdict("77aa", "can't tell yet", ("The data cannot tell yet whether the criterion is met.",), (judged,),
                      measures, None, {}, 733, None, 2, 0.975, "0d11", Curves((), (), (), residuals, (), ()))  # fmt: skip
    steps = (
        step("dummy", "always the same answer", 6.3e9, is_baseline=True, answer_us=1.0),
        step(
            "linear", "linear regression", 9.4e8, gain=(0.85, 0.81, 0.89), over="dummy", is_baseline=True, answer_us=6.0
        ),
        step("boosted", "boosted trees", 6.1e8, gain=(0.35, 0.24, 0.46), over="linear", answer_us=14.0),
    )
    ladder = Ladder(
        "squared", 0.01, "5 folds", 2197, steps, "boosted", Learnable(True, "Learnable."), "Every rung was tried.", {}
    )
    schema = Schema(
        (Column("Gr_Liv_Area", "integer", "number", "feature"), Column("Sale_Price", "integer", "number", "target")),
        "regression",
    )
    return ReportMaterial(
        problem=problem_of("regression", "Sale_Price", success={"rmse": "<= 25000"}),
        schema=schema, rows=2930, findings=(), split_says=("A quarter is kept.",), split_hash="0d11", parts=(), ladder=ladder,
        threshold=None, calibration_says="90 % of new prices fall within ±31,000 of the answer.", verdict=verdict,
        lineage={"bundle_id": "77aa"}, next_step="milepost score",
    )  # fmt: skip


def wine_material() -> ReportMaterial:
    confusion = ((14, 1, 0), (1, 16, 1), (0, 0, 12))
    measures = {
        "accuracy": measured("accuracy", 0.933, 0.821, 0.977, 45),
        "log_loss": measured("log_loss", 0.19, 0.11, 0.31, 45),
    }
    judged = Judged(
        "accuracy >= 0.80",
        "accuracy",
        0.80,
        "met",
        measures["accuracy"],
        besides("accuracy", 45, dummy=0.4, linear=0.91),
        "Accuracy is clear of 0.80.",
    )
    calibration = ((0.55, 0.6, 0.31, 0.83, 10), (0.97, 0.96, 0.85, 0.99, 35))
    verdict = Verdict("55cc", "met", ("The criterion is met.",), (judged,), measures, None, {}, 45, None, 1, 0.95, "ab",
                      Curves((), (), calibration, (), confusion, ("barolo", "grignolino", "barbera")))  # fmt: skip
    steps = (
        step("dummy", "always the same answer", 1.09, is_baseline=True),
        step("linear", "multinomial regression", 0.2, gain=(0.81, 0.7, 0.93), over="dummy", is_baseline=True),
    )
    ladder = Ladder(
        "log", 0.01, "5 folds", 133, steps, "linear", Learnable(True, "Learnable."), "Every rung was tried.", {}
    )
    schema = Schema(
        (Column("alcohol", "float", "number", "feature"), Column("wine", "text", "category", "target")),
        "multiclass",
        ("barolo", "grignolino", "barbera"),
    )
    return ReportMaterial(
        problem=problem_of("multiclass", "wine", success={"accuracy": ">= 0.80"}),
        schema=schema, rows=178, findings=(), split_says=(), split_hash="ab", parts=(), ladder=ladder, threshold=None,
        calibration_says="As they are.", verdict=verdict, lineage={}, next_step="milepost score",
    )  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def quick_charts():
    """Leave out altair's check of every part; test_drawing checks every chart as a whole."""
    with unchecked():
        yield


@pytest.fixture(scope="session")
def telco() -> ReportMaterial:
    return telco_material()


@pytest.fixture(scope="session")
def ames() -> ReportMaterial:
    return ames_material()


@pytest.fixture(scope="session")
def wine() -> ReportMaterial:
    return wine_material()


@pytest.fixture(scope="session")
def hostile() -> str:
    """Return a name that steers a page, a template, a terminal and a picture that let it through."""
    return HOSTILE


@pytest.fixture(scope="session")
def criteria(telco: ReportMaterial) -> tuple[Criterion, ...]:
    return telco.problem.success
