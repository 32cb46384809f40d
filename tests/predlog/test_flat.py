from datetime import date, timedelta

import pytest

from logged import NOON, WIDER, log_place, outcome, prediction, write
from milepost.predlog.flat import FlatLog, input_columns
from milepost.predlog.fold import fold
from milepost.predlog.read import TRUTH
from milepost.predlog.records import PREDICTIONS, input_schema

HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path):
    """Return a log of three predictions, the last of another schema; one has an outcome."""
    place = log_place(tmp_path)
    journal = write(place, [prediction(0), prediction(1)])
    write(place, [prediction(2, inputs=["twelve", 9.5])], schema=WIDER, journal=journal)
    write(place, outcomes=[outcome(0, prediction(1).prediction_id, NOON + HOUR)], journal=journal).close()
    return place


def test_inputs_are_columns_of_the_newest_schema_and_others_are_missing(place):
    flat = FlatLog(place)
    rows = flat.predictions().collect().sort("at")
    assert flat.columns == {"tenure": "tenure", "charges": "charges"}
    assert rows["tenure"].to_list() == [None, None, "twelve"]  # it was a number before: never cast
    assert rows["charges"].to_list() == [None, None, 9.5]
    assert rows.schema == flat.schema


def test_inputs_of_the_same_type_stay_whatever_the_schema(tmp_path):
    place, older = log_place(tmp_path), input_schema([("tenure", "float"), ("gone", "text")])
    journal = write(place, [prediction(0, inputs=[5.0, "x"])], schema=older)
    write(place, [prediction(1)], journal=journal).close()
    rows = FlatLog(place).predictions().collect().sort("at")
    assert rows["tenure"].to_list() == [5.0, 1.0]
    assert rows["since"].to_list() == [None, date(2024, 10, 4)]
    assert "gone" not in rows.columns


def test_folded_or_not_the_rows_are_the_same(place):
    before = FlatLog(place).joined().collect().sort("at")
    fold(place)
    assert FlatLog(place).joined().collect().sort("at").equals(before)


def test_a_window_is_joined_as_all_of_it_is(place):
    flat = FlatLog(place)
    whole = flat.joined().collect().sort("at")
    assert flat.window(NOON, NOON + HOUR).equals(whole)
    assert flat.window(NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)).equals(whole[1:2])
    assert whole["truth_label"].to_list() == [None, "Yes", None]


def test_an_earlier_time_knows_less(place):
    flat, before = FlatLog(place), NOON + HOUR - timedelta(microseconds=1)
    assert flat.window(NOON, NOON + HOUR, as_of=before)["truth_label"].null_count() == 3
    assert flat.joined(as_of=before).collect()["truth_label"].null_count() == 3


def test_what_nobody_was_told_is_left_out(tmp_path):
    place = log_place(tmp_path)
    write(place, [prediction(0), prediction(1, role="shadow"), prediction(2, origin="parity")]).close()
    assert FlatLog(place).predictions().collect().height == 1


def test_a_log_without_rows_has_the_columns_all_the_same(tmp_path):
    flat = FlatLog(log_place(tmp_path))
    assert flat.predictions().collect().is_empty()
    assert flat.joined().collect_schema().names() == [*(name for name in PREDICTIONS if name != "day"), *TRUTH]


def test_no_input_takes_a_column_of_ours():
    schema = input_schema([("at", "datetime"), ("input_at", "float"), ("truth_label", "text"), ("ok", "boolean")])
    columns = input_columns(schema)
    assert columns == {"at": "input_input_at", "input_at": "input_at", "truth_label": "input_truth_label", "ok": "ok"}
    assert len(set(columns.values())) == 4


def test_an_input_called_like_a_column_of_ours_is_found_under_its_other_name(tmp_path):
    place, schema = log_place(tmp_path), input_schema([("label", "text"), ("inputs", "float")])
    write(place, [prediction(0, inputs=["mine", 3.0])], schema=schema).close()
    row = FlatLog(place).predictions().collect().row(0, named=True)
    assert (row["label"], row["input_label"], row["input_inputs"]) == ("Yes", "mine", 3.0)


def test_shadows_have_the_truth_of_the_answer_in_whose_place_they_are(tmp_path):
    place = log_place(tmp_path)
    answer = prediction(0)
    shadow = prediction(1, role="shadow", bundle_id="b2", request=answer.prediction_id)
    journal = write(place, [answer, shadow])
    write(place, outcomes=[outcome(0, answer.prediction_id, NOON + HOUR)], journal=journal).close()
    flat = FlatLog(place)
    assert flat.joined().collect()["bundle_id"].to_list() == ["b1"]
    shadows = flat.joined(roles=["shadow"]).collect()
    assert shadows.select("bundle_id", "request", "truth_label", "tenure").rows() == [
        ("b2", answer.prediction_id, "Yes", 1.0)
    ]
    both = flat.window(NOON, NOON + HOUR, roles=["champion", "shadow"])
    assert both["truth_label"].to_list() == ["Yes", "Yes"]
