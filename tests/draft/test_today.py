from __future__ import annotations

import pytest

from milepost.draft.sentence import understand


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        ("We currently have no model and want 80% recall.", ["recall >= 0.80"]),
        ("Today the team needs a model with 80% accuracy.", ["accuracy >= 0.80"]),
        ("Predict which customers currently paying will churn with 80% accuracy.", ["accuracy >= 0.80"]),
        ("Accuracy is 70% today and must be 80%.", ["accuracy >= 0.80"]),
        ("Existing precision of 40% should rise to 60%.", ["precision >= 0.60"]),
        ("Currently customers leave unnoticed and we must find them with 80% recall.", ["recall >= 0.80"]),
        ("Raise precision from 40% to 60%.", ["precision >= 0.60"]),
        ("The accuracy is 70% today and must become 80%.", ["accuracy >= 0.80"]),
        ("Predict churn with at least 80% accuracy; today's accuracy is 70%.", ["accuracy >= 0.80"]),
        ("Our current rule reaches 70% recall; we need 80% recall.", ["recall >= 0.80"]),
        ("Now we want an accuracy of 85%.", ["accuracy >= 0.85"]),
        ("The current contract asks for 80% recall and 70% precision.", ["recall >= 0.80", "precision >= 0.70"]),
        ("Today we reach 60% recall, and want 75% recall and 80% precision.", ["recall >= 0.75", "precision >= 0.80"]),
        ("For our current customers, reach a recall of 0.7", ["recall >= 0.70"]),
        ("Our current model gets 65% precision, the new one must get 80% precision.", ["precision >= 0.80"]),
        ("Accuracy was 70% last year; it must be 80%.", []),
        ("Recall was 50% last quarter and has to reach 70%.", ["recall >= 0.70"]),
        ("So far we have 60% recall and 50% precision.", []),
        ("We have 60% recall so far and need 75% recall.", ["recall >= 0.75"]),
        ("The model we use today has 70% accuracy.", []),
        ("The system today reaches 60% precision and 50% recall; we want 80% precision.", ["precision >= 0.80"]),
        ("At present we catch 60% of churners; catch at least 80% of them.", ["recall >= 0.80"]),
        ("We currently catch 60% of the churners and must catch 80% of them.", ["recall >= 0.80"]),
        ("Currently, accuracy is 70%; the goal is 85% accuracy.", ["accuracy >= 0.85"]),
        ("The current goal is 80% accuracy.", ["accuracy >= 0.80"]),
        ("Currently our goal is an accuracy of 80%.", ["accuracy >= 0.80"]),
        ("Today we aim to reach 80% accuracy.", ["accuracy >= 0.80"]),
        ("We currently try to reach 80% recall.", ["recall >= 0.80"]),
        ("Today 80% accuracy is required.", ["accuracy >= 0.80"]),
        ("We need 80% recall and currently have 60% recall.", ["recall >= 0.80"]),
        ("80% recall, currently 60%", ["recall >= 0.80"]),
        ("Recall of 60% is not enough; 80% recall is needed.", ["recall >= 0.80"]),
        ("MAE is 12 minutes today and must be under 10 minutes.", ["mae < 10"]),
        ("Our rule currently predicts churn with 70% accuracy.", []),
        ("We currently predict churn with 70% accuracy and want 80% accuracy.", ["accuracy >= 0.80"]),
        ("Today, predict churn with 80% accuracy", ["accuracy >= 0.80"]),
        ("Predict who of today's customers leaves with 80% recall", ["recall >= 0.80"]),
        ("Beat the current model, which has 70% accuracy, by reaching 80% accuracy", ["accuracy >= 0.80"]),
        ("We want to beat the current model that has 70% accuracy", []),
        ("The pilot reached 72% accuracy; production must reach 80% accuracy", ["accuracy >= 0.80"]),
        ("The existing recall needs to be 80%", ["recall >= 0.80"]),
        ("Current accuracy must stay above 75%", ["accuracy > 0.75"]),
        ("Predict which users currently on a trial have to be called, with 80% precision", ["precision >= 0.80"]),
        ("Predict churn of customers who are currently active, accuracy at least 80%", ["accuracy >= 0.80"]),
        ("Currently there is no model; 75% accuracy would be enough", ["accuracy >= 0.75"]),
        ("We have no rule today, with recall of 0.7 we would be happy", ["recall >= 0.70"]),
        ("Agents today guess; the model should be right in 80% of cases", ["accuracy >= 0.80"]),
        ("We are right in 60% of cases today", []),
        ("Currently we have 60% recall, accuracy must be 80%", ["accuracy >= 0.80"]),
        ("We reach 70% accuracy (today) and need 80% accuracy", ["accuracy >= 0.80"]),
        ("From now on recall must be at least 80%", ["recall >= 0.80"]),
        ("Recall must rise from 60% today to 80%.", ["recall >= 0.80"]),
        ("recall, 50% today, must reach 70%", ["recall >= 0.70"]),
        ("Currently at 70% accuracy, we want 80% accuracy", ["accuracy >= 0.80"]),
        ("We are currently at 70% accuracy", []),
        ("Classify tickets that currently are read by hand with an accuracy of 90%", ["accuracy >= 0.90"]),
        ("Tickets are currently sorted by hand; sort them with 90% accuracy", ["accuracy >= 0.90"]),
        ("Predict churn so that the current team has at least 80% precision", ["precision >= 0.80"]),
        ("Until now we had 55% precision; the target is 70% precision.", ["precision >= 0.70"]),
        ("We now have 60% accuracy and hope for 75% accuracy.", ["accuracy >= 0.75"]),
        ("Improve on today's 70% accuracy and reach 80% accuracy.", ["accuracy >= 0.80"]),
        ("As of today recall is 0.6, should be 0.8.", ["recall >= 0.80"]),
        ("Keep today's precision of 60% and raise recall to 80%.", ["recall >= 0.80"]),
        ("A model that currently has 70% accuracy should get 80% accuracy.", ["accuracy >= 0.80"]),
        ("We had 70% recall with the old rule and need 80% recall.", ["recall >= 0.80"]),
        ("Recall is 0.6 today. It must be 0.8.", []),
        ("It is 70% accurate now, should be 85% accurate.", ["accuracy >= 0.85"]),
        ("Existing users are predicted with 80% accuracy.", ["accuracy >= 0.80"]),
        ("accuracy at least 80% now, 90% next year", ["accuracy >= 0.80"]),
        ("a minimum of 80% recall today", ["recall >= 0.80"]),
        ("accuracy >= 80% today", ["accuracy >= 0.80"]),
        ("We reach over 70% accuracy today", []),
        ("We are right in 60% of cases now", []),
        ("Our rule has 70% recall, reach 80%", ["recall >= 0.80"]),
        ("Our rule has 70% recall, reach 80% precision", ["precision >= 0.80"]),
        ("Accuracy last month was 75% and must be 80%", ["accuracy >= 0.80"]),
        ("Fraud today costs us $2m; find 90% of the fraud.", ["recall >= 0.90"]),
    ],
)
def test_what_is_reached_today_is_told_from_what_is_asked(statement, asked):
    found = understand(statement)
    assert [criterion.text for criterion in found.criteria] == asked
    assert found.effect is None


@pytest.mark.parametrize(
    "statement",
    [
        "So far we have 60% recall.",
        "We are currently at 70% accuracy.",
        "The model we use today has 70% accuracy.",
        "We currently catch 60% of the churners.",
        "We are right in 60% of cases today.",
        "Accuracy was 70% last year.",
        "Recall of 60% is not enough.",
        "70% current accuracy",
    ],
)
def test_what_is_reached_today_is_doubted_in_words(statement):
    (doubt,) = understand(statement).doubts
    assert "is taken for what is reached today, not for what is asked" in doubt


def test_a_doubted_figure_does_not_lend_its_metric_to_the_one_that_is_asked():
    found = understand("Currently we have 60% recall, accuracy must be 80%.")
    assert [criterion.text for criterion in found.criteria] == ["accuracy >= 0.80"]


@pytest.mark.parametrize(
    "statement", ["now " + "9" * 150 + " x 80% accuracy", "today we have 1 2 3 " * 60 + "80% recall"]
)
def test_a_long_row_of_figures_before_is_read_in_a_moment(statement):
    assert "".join(piece.text for piece in understand(statement).pieces) == statement
