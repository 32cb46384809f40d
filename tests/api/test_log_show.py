from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import milepost
from logged import prediction, write
from milepost.ground.errors import MilepostError
from milepost.predlog.places import LogPlace
from telco import edit_contract


def show(folder, **asked):
    return milepost.log_show(problem=folder / "milepost.toml", **asked)


def test_the_newest_answers_come_first_with_what_was_told(logged_folder):
    shown = show(logged_folder, last=300)
    told = pl.read_parquet(logged_folder / "answers.parquet").to_dicts()
    by_id = {answer.prediction_id: answer for answer in shown.answers}
    assert [answer.prediction_id for answer in shown.answers] == sorted(by_id, reverse=True)
    for row in told:
        answer = by_id[row["prediction_id"]]
        assert (answer.entity, answer.decision) == (row["customer"], row["decision"])
        assert answer.probability == row[f"probability_{row['decision']}"]
        assert answer.flags == len(row["flags"])


def test_no_more_than_the_last_are_shown_and_the_rest_is_counted(logged_folder):
    shown = show(logged_folder, last=5)
    assert (len(shown.answers), shown.rows) == (5, 300)
    assert shown.says[0] == "The newest 5 of 300 predictions are shown."
    assert "prediction id" in str(shown) or "entity" in str(shown)


def test_a_truth_stands_beside_its_answer(logged):
    milepost.outcomes(logged / "truth.csv", problem=logged / "milepost.toml")
    truth = dict(pl.read_csv(logged / "truth.csv").iter_rows())
    shown = show(logged, last=300)
    assert {one.prediction_id: one.truth for one in shown.answers if one.truth} == truth
    assert shown.next_step.startswith("milepost log export")


def test_an_entity_has_its_own_answers(logged_folder):
    (answer,) = show(logged_folder, entity="C05717").answers
    assert answer.entity == "C05717"
    assert show(logged_folder, entity="C-none").answers == ()


def test_a_window_is_half_open_and_may_be_a_span_back_from_now(logged_folder):
    at = show(logged_folder, last=1).answers[0].at
    assert show(logged_folder, since=at).rows == 300  # one batch, one moment
    assert show(logged_folder, until=at).rows == 0
    assert show(logged_folder, since="1h", clock=lambda: at + timedelta(minutes=59)).rows == 300
    assert show(logged_folder, since="1h", clock=lambda: at + timedelta(minutes=61)).rows == 0


def test_an_empty_log_says_so(judged_folder):
    shown = show(judged_folder)
    assert (shown.rows, shown.answers) == (0, ())
    assert "Nothing is logged yet" in str(shown)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"since": "yesterday"}, "'yesterday' is no time"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "Nothing lies between"),
        ({"last": 0}, "last is 0"),
    ],
)
def test_what_no_log_can_answer_is_refused(logged_folder, asked, what):
    with pytest.raises(MilepostError, match=what):
        show(logged_folder, **asked)


def test_without_an_id_there_are_no_entities(judged):
    edit_contract(judged, 'id = "customer"\n', "")
    with pytest.raises(MilepostError, match="names no id"):
        show(judged, entity="C05717")


def test_dropped_entities_cannot_be_asked_for(judged):
    edit_contract(judged, "[climb]", '[serve]\nredaction = { customer = "drop" }\n[climb]')
    with pytest.raises(MilepostError, match="nothing there can be found by it") as refused:
        show(judged, entity="C05717")
    assert "serve.redaction.customer" in refused.value.where


def test_times_without_an_offset_are_of_the_problems_zone(judged):
    edit_contract(judged, 'id = "customer"', 'id = "customer"\ntimezone = "America/New_York"')
    problem = judged / "milepost.toml"
    milepost.score("churn@champion", judged / "telco.csv", output=judged / "a.csv", problem=problem, log=True,
                   clock=lambda: datetime(2026, 3, 1, 4, 0, tzinfo=UTC))  # fmt: skip
    assert show(judged, since="2026-03-01").rows == 0  # begins at 5:00 UTC
    assert show(judged, since="2026-02-28T23:00").rows == 1_500


def test_what_a_shadow_would_have_answered_stands_with_the_answer(logged):
    answer, before = show(logged, last=2).answers
    row = prediction(0, answer.at, role="shadow", request=answer.prediction_id, bundle_id="b2", label="No")
    place = LogPlace(logged / ".milepost/log/churn/journals", str(logged / ".milepost/log/churn"))
    write(place, [row]).close()
    shown, other = show(logged, last=2).answers
    assert (shown.prediction_id, shown.role, other.shadows) == (answer.prediction_id, "champion", ())
    (shadow,) = shown.shadows
    assert (shadow.role, shadow.bundle_id, shadow.prediction_id) == ("shadow", "b2", row.prediction_id)
    assert show(logged, last=2).rows == 300
    assert before.prediction_id == other.prediction_id
