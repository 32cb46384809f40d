from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logged import NOON, id_at, log_place, microseconds, prediction, write
from milepost.predlog.fold import fold
from milepost.predlog.matching import match
from milepost.predlog.places import LogPlace

DAY = timedelta(days=1)
HORIZON = 30 * DAY

COLUMNS = {"prediction_id": pl.String(), "entity": pl.String(), "time": pl.Datetime("us", "UTC")}


def table(*rows: tuple[str | None, str | None, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=COLUMNS, orient="row").with_row_index("row")


def about(*asked: tuple[str, datetime]) -> pl.DataFrame:
    return table(*((None, entity, time) for entity, time in asked))


@pytest.fixture
def place(tmp_path) -> LogPlace:
    """A log of an entity that was asked about at noon of 5 January, 1 March and 15 March, and of another one."""
    place = log_place(tmp_path)
    days = {"january": 0, "march": 55, "later": 69}
    rows = [prediction(0, NOON + day * DAY, entity="c-81", prediction_id=PLACES[name]) for name, day in days.items()]
    write(place, [*rows, prediction(9, entity="c-9", prediction_id=PLACES["other"])]).close()
    return place


PLACES = {
    "january": id_at(NOON, 1), "march": id_at(NOON + 55 * DAY, 2), "later": id_at(NOON + 69 * DAY, 3),
    "other": id_at(NOON, 9),
}  # fmt: skip


def matched(place: LogPlace, *asked: tuple[str, datetime]) -> list[str | None]:
    """Return the name of the prediction that is meant by each, None where it is refused."""
    rows, refusals = match(place, about(*asked), horizon=HORIZON)
    assert sorted([*rows["row"], *refusals["row"]]) == list(range(len(asked)))
    found = dict(rows.select("row", "prediction_id").rows())
    names = {prediction_id: name for name, prediction_id in PLACES.items()}
    return [names.get(found.get(row, "")) for row in range(len(asked))]


def test_an_entity_and_a_time_mean_the_prediction_whose_horizon_holds_the_time(place):
    asked = [("c-81", NOON + 15 * DAY), ("c-81", NOON + 60 * DAY), ("c-9", NOON + 15 * DAY), ("c-81", NOON + 90 * DAY)]
    for _ in range(2):
        assert matched(place, *asked) == ["january", "march", "other", "later"]
        fold(place)


def test_a_horizon_is_half_open(place):
    tick = timedelta(microseconds=1)
    asked = [("c-81", NOON), ("c-81", NOON - tick), ("c-81", NOON + HORIZON - tick), ("c-81", NOON + HORIZON)]
    assert matched(place, *asked) == ["january", None, "january", None]


def test_none_and_several_are_told_apart_and_never_guessed(place):
    _, refusals = match(place, about(("c-81", NOON + 40 * DAY), ("c-81", NOON + 70 * DAY)), horizon=HORIZON)
    assert refusals.sort("row")["what"].to_list() == [
        "The prediction of this entity of 2026-01-05 12:00 UTC holds until 2026-02-04 12:00 UTC; "
        "2026-02-14 12:00 UTC is not before that.",
        "2 predictions of this entity hold this time in their horizon.",
    ]
    assert refusals.sort("row")["fix"][1] == "Give the prediction_id of the one that is meant."


def test_an_unknown_entity_a_time_too_early_and_one_too_late_are_told_apart(place):
    late, early = about(("c-81", NOON + 99 * DAY)), about(("c-81", NOON - DAY))
    said = [match(place, one, horizon=HORIZON)[1]["what"].item() for one in (about(("c-99", NOON)), early, late)]
    assert said == [
        "'c-99' is not in the log.",
        "The first prediction of this entity is of 2026-01-05 12:00 UTC; 2026-01-04 12:00 UTC is before it.",
        "The prediction of this entity of 2026-03-15 12:00 UTC holds until 2026-04-14 12:00 UTC; "
        "2026-04-14 12:00 UTC is not before that.",
    ]


def test_the_time_of_a_row_counts_where_it_has_one(place):
    snapshot = NOON - 400 * DAY
    write(place, [prediction(0, entity="c-5", time=microseconds(snapshot), prediction_id=PLACES["other"])]).close()
    assert matched(place, ("c-5", snapshot + DAY), ("c-5", NOON + DAY)) == ["other", None]


def test_shadows_and_checks_of_the_service_are_not_meant_by_an_entity(place):
    rows = [prediction(1, role="shadow", entity="c-81"), prediction(2, origin="parity", entity="c-81")]
    write(place, [*rows, prediction(3, role="canary", entity="c-7", prediction_id=PLACES["other"])]).close()
    assert matched(place, ("c-81", NOON + DAY), ("c-7", NOON + DAY)) == ["january", "other"]


def test_without_a_horizon_only_an_id_tells(place):
    rows, refusals = match(place, about(("c-81", NOON)), horizon=None)
    assert rows.is_empty()
    assert refusals["what"].to_list() == ["The problem has no horizon, so no time tells which prediction is meant."]
    assert "write problem.horizon and start the service again" in refusals["fix"].item()


def test_an_id_means_its_prediction_whatever_its_role(place):
    shadow = prediction(1, role="shadow", origin="parity")
    write(place, [shadow]).close()
    for _ in range(2):
        rows, refusals = match(
            place, table((shadow.prediction_id, None, None), (PLACES["march"], None, None)), horizon=None
        )
        assert rows["prediction_id"].to_list() == [shadow.prediction_id, PLACES["march"]]
        assert refusals.is_empty()
        fold(place)


@pytest.mark.parametrize("name", ["", "c-81", id_at(NOON, 77), "ffffffff-ffff-7fff-bfff-ffffffffffff", "0" * 36])
def test_an_id_that_the_log_does_not_hold_is_refused_and_the_others_are_found(place, name):
    rows, refusals = match(place, table((name, None, None), (PLACES["march"], None, None)), horizon=HORIZON)
    assert rows["row"].to_list() == [1]
    assert refusals["what"].to_list() == ["No prediction in the log has this prediction_id."]


def test_an_id_is_found_even_where_the_clock_had_jumped(place):
    row = prediction(1, NOON, prediction_id=id_at(NOON + 4000 * DAY))
    write(place, [row]).close()
    fold(place)
    rows, _ = match(place, table((row.prediction_id, None, None), (PLACES["march"], None, None)), horizon=None)
    assert rows["row"].to_list() == [0, 1]


def test_an_empty_log_holds_no_prediction(tmp_path):
    rows, refusals = match(log_place(tmp_path), table((id_at(NOON), None, None), (None, "c-1", NOON)), horizon=HORIZON)
    assert (rows.height, refusals.height) == (0, 2)


TIMES = st.integers(0, 12)


@given(
    predictions=st.lists(st.tuples(st.sampled_from("ab"), TIMES), max_size=6),
    asked=st.lists(st.tuples(st.sampled_from("abc"), TIMES), min_size=1, max_size=6),
    days=st.integers(1, 4),
)
@settings(max_examples=40)
def test_each_row_meets_exactly_the_predictions_that_hold_its_time(tmp_path_factory, predictions, asked, days):
    place = log_place(tmp_path_factory.mktemp("log"))
    rows = [prediction(number, NOON - number * timedelta(minutes=1) + day * DAY, entity=entity)
            for number, (entity, day) in enumerate(predictions)]  # fmt: skip
    write(place, rows).close()
    found, refusals = match(place, about(*((one, NOON + day * DAY) for one, day in asked)), horizon=days * DAY)
    named = dict(found.select("row", "prediction_id").rows())
    said = dict(refusals.select("row", "what").rows())
    for row, (entity, day) in enumerate(asked):
        meant = [one.prediction_id for one, (of, since) in zip(rows, predictions, strict=True)
                 if of == entity and since <= day < since + days]  # fmt: skip
        if len(meant) == 1:
            assert named[row] == meant[0]
        else:
            assert said[row].startswith(f"{len(meant)} predictions" if meant else ("'", "The "))
