from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.draft.sentence import understand
from milepost.draft.targets import columns_meant
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion, contradiction

HOUSE = (
    "Predict customer churn within the next 30 days with 80% accuracy to enable proactive retention campaigns, "
    "reducing churn rate by 15%."
)


def criteria(statement: str, **known: str) -> list[str]:
    return [criterion.text for criterion in understand(statement, **known).criteria]


def effect(statement: str) -> tuple[str, str] | None:
    found = understand(statement).effect
    return (found.about, found.change.text) if found else None


def test_the_houses_sentence_says_criterion_horizon_effect_task_and_target():
    found = understand(HOUSE)
    assert found.criteria == (Criterion("accuracy", ">=", 0.8),)
    assert found.horizon == timedelta(days=30)
    assert effect(HOUSE) == ("churn rate", "-15%")
    assert (found.task, found.target_words[0]) == ("binary", "churn")
    assert found.not_understood == ("to enable proactive retention campaigns,",)
    assert found.doubts == ()


def test_the_pieces_say_what_each_stretch_was_taken_for():
    meanings = {piece.text: piece.meaning for piece in understand(HOUSE).pieces}
    assert meanings["80% accuracy"] == "accuracy >= 0.80"
    assert meanings["within the next 30 days"] == "horizon 30d"
    assert meanings["reducing churn rate by 15%"] == "effect on churn rate: -15%"
    assert meanings["Predict customer churn"] == "the target, named like churn, customer (a binary task)"
    assert meanings[" with "] == ""


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("80% accuracy", ["accuracy >= 0.80"]),
        ("with 80 % accuracy", ["accuracy >= 0.80"]),
        ("with 80\u00a0% accuracy", ["accuracy >= 0.80"]),
        ("an accuracy of at least 0.8", ["accuracy >= 0.80"]),
        ("eighty percent accuracy", ["accuracy >= 0.80"]),
        ("an accuracy of eighty-five per cent", ["accuracy >= 0.85"]),
        ("accuracy of one hundred percent", ["accuracy >= 1.00"]),
        ("an accuracy of 80", ["accuracy >= 0.80"]),
        ("at least 80% accurate", ["accuracy >= 0.80"]),
        ("recall of at least 0.7", ["recall >= 0.70"]),
        ("75% accuracy and recall of at least 0.5", ["accuracy >= 0.75", "recall >= 0.50"]),
        ("75% accuracy and precision", ["accuracy >= 0.75", "precision >= 0.75"]),
        ("75% accuracy and precision and recall above 0.6", ["accuracy >= 0.75", "precision > 0.60", "recall > 0.60"]),
        ("accuracy must not drop below 75%", ["accuracy >= 0.75"]),
        ("our current model has 60% recall, we want a recall of 80%", ["recall >= 0.80"]),
        ("which current customers leave, with 80% accuracy", ["accuracy >= 0.80"]),
        ("today's churn with 80% accuracy", ["accuracy >= 0.80"]),
        ("a sensitivity of at least 70%", ["recall >= 0.70"]),
        ("RMSE under 5,000", ["rmse < 5000"]),
        ("RMSE no more than 20k", ["rmse <= 20000"]),
        ("an RMSE of at most $5,000", ["rmse <= 5000"]),
        ("a root mean squared error below 3.5", ["rmse < 3.5"]),
        ("AUC above 0.85", ["roc_auc > 0.85"]),
        ("ROC AUC ≥ 0.8", ["roc_auc >= 0.80"]),
        ("the area under the ROC curve exceeds 85%", ["roc_auc > 0.85"]),
        ("F1 score > 0.6", ["f1 > 0.60"]),
        ("an F1 of 0.7 or better", ["f1 >= 0.70"]),
        ("precision no less than 90 percent", ["precision >= 0.90"]),
        ("precision should not be below 90%", ["precision >= 0.90"]),
        ("precision must be 90% or more", ["precision >= 0.90"]),
        ("at most 5 minutes MAE", ["mae <= 5"]),
        ("a mean absolute error of no more than five minutes", ["mae <= 5"]),
        ("off by at most 5,000 euros", ["mae <= 5000"]),
        ("within 10% of the actual price", ["mape <= 0.10"]),
        ("MAPE under 12", ["mape < 0.12"]),
        ("R² of at least 0.7", ["r2 >= 0.70"]),
        ("a median error of 5 minutes", ["median_ae <= 5"]),
        ("an MAE of 5 minutes", ["mae <= 5"]),
        ("it should not be off by more than 20,000", ["mae <= 20000"]),
        ("log loss below 0.4", ["log_loss < 0.4"]),
        ("between 80% and 90% accuracy", ["accuracy >= 0.80"]),
        ("accuracy of 80-85%", ["accuracy >= 0.80"]),
        ("improve accuracy from 70% to 90%", ["accuracy >= 0.90"]),
        ("catch at least 70% of the churners", ["recall >= 0.70"]),
        ("be right in 80% of cases", ["accuracy >= 0.80"]),
        ("classify 90% of images correctly", ["accuracy >= 0.90"]),
        ("an accuracy of 0,85", ["accuracy >= 0.85"]),
        ("an error rate of no more than 5%", ["accuracy >= 0.95"]),
        ("a false positive rate under 2%", ["specificity > 0.98"]),
        ("a false negative rate below 5%", ["recall > 0.95"]),
        ("80% precision and 70% recall", ["precision >= 0.80", "recall >= 0.70"]),
        ("precision 0.8, recall 0.7, F1 0.75", ["precision >= 0.80", "recall >= 0.70", "f1 >= 0.75"]),
        ("precision and recall of at least 75%", ["precision >= 0.75", "recall >= 0.75"]),
        ("at least 80% precision and recall", ["precision >= 0.80", "recall >= 0.80"]),
        ("accuracy of 80% and recall of 70%", ["accuracy >= 0.80", "recall >= 0.70"]),
        ("balanced accuracy over 0.7; MCC > 0.4", ["balanced_accuracy > 0.70", "mcc > 0.40"]),
        ("80% accuracy. I repeat: 80% accuracy.", ["accuracy >= 0.80"]),
    ],
)
def test_criteria_are_read_in_many_wordings(statement, found):
    assert criteria(f"Predict y, {statement}.") == found


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "Predict churn.",
        "Predict churn with high accuracy.",
        "Predict accuracy in 30 days.",
        "We lose 20% of our customers each year.",
        "Contact the top 10% of customers.",
        "Reduce churn by 15%.",
        "A 15% reduction in churn within 90 days.",
        "Increase accuracy by 5%.",
        "Vorhersage mit 80 % Genauigkeit",
    ],
)
def test_sentences_without_criteria_give_none(statement):
    assert criteria(statement) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("never less than 0.6 precision", ["precision >= 0.60"]),
        ("Precision should never fall below 60%.", ["precision >= 0.60"]),
        ("Keep accuracy from falling below 75%.", ["accuracy >= 0.75"]),
        ("recall of never less than 0.6", ["recall >= 0.60"]),
        ("recall must not drop below 75%, never less than 0.6 precision", ["recall >= 0.75", "precision >= 0.60"]),
        ("Precision must never exceed 90%", ["precision <= 0.90"]),
        ("RMSE must never rise above 5,000", ["rmse <= 5000"]),
        ("without falling below 70% recall", ["recall >= 0.70"]),
        ("Precision shouldn't drop below 60%", ["precision >= 0.60"]),
        ("accuracy can't be lower than 0.8", ["accuracy >= 0.80"]),
        ("Recall never below 0.7, precision never under 50%", ["recall >= 0.70", "precision >= 0.50"]),
        ("MAE must never be more than 5 minutes", ["mae <= 5"]),
        ("false positive rate never above 2%", ["specificity >= 0.98"]),
    ],
)
def test_a_bound_that_is_denied_is_the_other_one(statement, found):
    assert criteria(statement) == found
    assert effect(statement) is None


@pytest.mark.parametrize(
    ("task", "found"),
    [("regression", ["mape < 0.10"]), ("binary", ["accuracy > 0.90"]), ("multiclass", ["accuracy > 0.90"])],
)
def test_what_an_error_is_depends_on_the_task(task, found):
    assert criteria("an error below 10%", task=task) == found


def test_the_task_is_taken_from_the_sentence_where_it_hints_at_one():
    assert criteria("Estimate house prices with an error below 10%") == ["mape < 0.10"]
    assert criteria("Predict fraud with an error below 10%") == ["accuracy > 0.90"]


def test_an_error_of_an_unknown_task_is_a_doubt_and_no_guess():
    found = understand("an error below 10%")
    assert found.criteria == ()
    assert "depends on what is predicted" in found.doubts[0]


def test_what_an_error_is_counted_in_is_kept():
    assert understand("Predict the delay with an MAE under 30 minutes").unit == "minutes"
    assert understand("Predict the delay with an MAE under 30").unit == ""


@pytest.mark.parametrize(
    ("statement", "doubt"),
    [
        ("RMSE below 10%", "not measured in percent"),
        ("a mean squared error below 25", "no metric that can be asked for"),
        ("increase accuracy by 5%", "not what it is today"),
        ("recall of at least 0.9 and recall of at most 0.5", "can never both hold"),
        ("accuracy above 120%", "always between 0 and 1"),
        ("off by over 20,000 euros", "does not say how far off"),
        ("our rule has an accuracy of 70%", "reached today, not for what is asked"),
        ("predict churn; today's accuracy is 70%", "reached today, not for what is asked"),
        ("better than the current model, which has 70% accuracy", "reached today, not for what is asked"),
    ],
)
def test_what_cannot_be_used_is_doubted_in_words(statement, doubt):
    assert any(doubt in one for one in understand(statement).doubts)


def test_a_criterion_that_does_not_fit_the_known_task_is_doubted_and_left_out():
    found = understand("Predict sales with 80% accuracy", task="regression")
    assert found.criteria == ()
    assert found.doubts == ("accuracy >= 0.80 does not fit a regression task.",)


@pytest.mark.parametrize(
    ("statement", "days"),
    [
        ("within the next 30 days", 30),
        ("30-day churn", 30),
        ("predict 90 day churn", 90),
        ("over the next quarter", 90),
        ("in 2 weeks", 14),
        ("within a month", 30),
        ("in the coming six weeks", 42),
        ("in the next 12 months", 365),
        ("3 months in advance", 90),
        ("tomorrow's demand", 1),
        ("demand of the day after tomorrow", 2),
        ("day-ahead prices", 1),
        ("with a horizon of 14 days", 14),
        ("for the upcoming year", 365),
        ("in the next hour", 1 / 24),
        ("within 24 hours of the visit", 1),
    ],
)
def test_horizons_are_read_in_many_wordings(statement, days):
    assert understand(f"Forecast sales {statement}").horizon == timedelta(days=days)


@pytest.mark.parametrize(
    "statement",
    [
        "from the last 12 months",
        "after a 30-day trial",
        "from 3 years of history",
        "within 5 minutes of the actual arrival",
        "answer within 2 seconds",
        "how late it is to within 15 minutes",
        "90% of the predictions within 10 minutes",
        "in a quarter of cases",
        "with at most 5 minutes MAE",
        "in the next million years",
    ],
)
def test_other_spans_of_time_are_no_horizons(statement):
    assert understand(f"Predict delay {statement}").horizon is None


def test_an_assumed_length_of_a_month_is_said():
    assert understand("churn within 3 months").pieces[-1].meaning == "horizon 90d (3 months as 90 days)"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("reducing churn by 15%", ("churn", "-15%")),
        ("cut churn by 15%", ("churn", "-15%")),
        ("grow revenue by $2m", ("revenue", "+2000000")),
        ("grow revenue by 10k EUR", ("revenue", "+10000")),
        ("lower the churn rate by at least 15 percent", ("churn rate", "-15%")),
        ("increase conversion by 2 points", ("conversion", "+2 points")),
        ("raise the conversion rate by two percentage points", ("conversion rate", "+2 points")),
        ("a 15% reduction in customer churn", ("customer churn", "-15%")),
        ("a reduction of churn of 15%", ("churn", "-15%")),
        ("a churn reduction of 15%", ("churn", "-15%")),
        ("so that churn falls by 15%", ("churn", "-15%")),
        ("15% fewer cancellations", ("cancellations", "-15%")),
        ("20% higher revenue", ("revenue", "+20%")),
        ("reduce churn from 20% to 15%", ("churn", "-5 points")),
        ("halve churn", ("churn", "-50%")),
        ("double sales", ("sales", "+100%")),
        ("cut churn by a fifth", ("churn", "-20%")),
        ("reduce 15% of churn", ("churn", "-15%")),
        ("reduce delays by 5 minutes", ("delays", "-5")),
        ("save costs by 5,000 euros", ("costs", "-5000")),
        ("reduce churn over the next 30 days by 15%", ("churn", "-15%")),
    ],
)
def test_effects_are_read_in_many_wordings(statement, found):
    assert effect(f"We want to {statement}.") == found


@pytest.mark.parametrize(
    "statement",
    [
        "with 80% accuracy",
        "RMSE lower than 5",
        "recall no lower than 80%",
        "sales growth 30 days ahead",
        "up to 5% error",
        "accuracy that must not drop below 75%",
        "so that we save 15% of the customers",
    ],
)
def test_criteria_are_not_taken_for_effects(statement):
    assert effect(f"Predict sales {statement}") is None


def test_a_horizon_inside_an_effect_is_found_and_shown_with_it():
    found = understand("Reduce churn over the next 30 days by 15%")
    assert found.horizon == timedelta(days=30)
    assert found.pieces[0].meaning == "effect on churn: -15%, horizon 30d"


@pytest.mark.parametrize(
    ("statement", "task"),
    [
        ("How much will a diamond cost?", "regression"),
        ("Predict the price of a house", "regression"),
        ("Forecast demand with RMSE under 5", "regression"),
        ("Predict y with an MAE of 3", "regression"),
        ("Predict whether a loan will default", "binary"),
        ("Predict if a customer buys", "binary"),
        ("Which customers will cancel?", "binary"),
        ("Estimate the probability of default", "binary"),
        ("Predict which of the three cultivars a wine is", "multiclass"),
        ("Classify iris flowers into species", "multiclass"),
        ("Which category does a ticket belong to?", "multiclass"),
        ("Predict y", None),
        ("hello", None),
    ],
)
def test_the_task_is_hinted_at_by_the_question(statement, task):
    assert understand(statement).task == task


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("Predict customer churn within 30 days", ("churn", "customer")),
        ("We want to predict the price of a house", ("price", "house")),
        ("Predict whether a loan will default", ("default", "loan")),
        ("Predict the probability that a customer defaults", ("defaults", "customer")),
        ("Classify iris flowers into species", ("species", "flowers", "iris")),
        ("Which customers will cancel their contract?", ("cancel", "contract", "customers")),
        ("A churn model with 80% accuracy", ("churn",)),
        ("Detect credit card fraud, quickly", ("fraud", "card", "credit")),
        ("80% accurate predictions of attrition", ("attrition",)),
        ("Just predict Sale_Price.", ("sale_price",)),
        ("Predict the average price per room", ("price", "average")),
        ("Reduce churn rate by 15%", ("churn", "rate")),
        ("Find at least 70% of churners", ("churners",)),
        ("hello", ()),
    ],
)
def test_the_words_of_the_target_come_likeliest_first(statement, words):
    assert understand(statement).target_words == words


@pytest.mark.parametrize(
    ("words", "column"),
    [
        (("churn", "customer"), "Churned"),
        (("churners",), "Churned"),
        (("arr_delay",), "arr_delay"),
        (("prices", "sale"), "SalePrice"),
        (("delay", "arrival"), "arr_delay"),
        (("customers",), "customer_id"),
    ],
)
def test_columns_are_found_by_their_words(words, column):
    columns = ["customer_id", "tenure", "SalePrice", "arr_delay", "Churned", "churn_score_of_last_year"]
    assert columns_meant(words, columns)[0] == column


def test_no_column_is_found_for_foreign_words():
    assert columns_meant(("zebra",), ["churn", "tenure"]) == ()


WORDS = """predict churn 80% accuracy recall of at least 0.7 reduce by 15% next 30 days rmse under 5,000 error in a
month and , . eighty percent between from to whether how much % - $ 5k off within points"""
WORDS += """ catch 7 out of 10 miss half the alarms false on average no more than right wrong"""
words = st.sampled_from(WORDS.split())


@given(st.one_of(st.text(max_size=80), st.lists(words, max_size=14).map(" ".join)))
def test_any_text_is_covered_by_its_pieces_and_gives_usable_criteria(statement):
    found = understand(statement)
    assert "".join(piece.text for piece in found.pieces) == statement
    assert contradiction(found.criteria) is None
    for criterion in found.criteria:
        assert Criterion.parse(criterion.metric, criterion.bound, where="here") == criterion
        assert METRIC_NAMES[criterion.metric].lowest <= criterion.threshold <= METRIC_NAMES[criterion.metric].highest
    assert found.horizon is None or found.horizon > timedelta()


@pytest.mark.parametrize(
    "statement",
    [
        "recall, " * 2000,
        "catch 7 of " * 2000,
        "half of the " * 2000,
        "false alarms in 5% " * 1000,
        "x" * 20_000,
        "80% " * 3000,
        "in 3 days " * 2000,
        "9" * 10_000,
    ],
)
def test_long_texts_are_read_in_a_moment(statement):
    assert "".join(piece.text for piece in understand(statement).pieces) == statement
