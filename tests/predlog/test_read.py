from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logged import NOON, SCHEMA, WIDER, id_at, log_place, microseconds, outcome, prediction, write
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal
from milepost.predlog.places import LogPlace
from milepost.predlog.read import (
    TRUTH,
    find_prediction,
    joined,
    last_words,
    logged_schemas,
    read_outcomes,
    read_predictions,
)
from milepost.predlog.records import OUTCOMES, PREDICTIONS, encode_table, outcome_table, prediction_table

DAY = timedelta(days=1)


@pytest.fixture
def place(tmp_path) -> LogPlace:
    return log_place(tmp_path / "a folder é")


def entities(place: LogPlace, **window) -> list[str]:
    return sorted(read_predictions(place, **window).collect()["entity"])


def numbered(*numbers: int) -> list[str]:
    return [f"c-{number}" for number in numbers]


# predictions


def test_no_log_reads_as_empty_tables_with_the_right_types(place):
    assert read_predictions(place).collect_schema() == PREDICTIONS
    assert read_outcomes(place).collect_schema() == OUTCOMES
    assert joined(place).collect_schema() == {**PREDICTIONS, **TRUTH}
    assert read_predictions(place, schema_id=SCHEMA.id).collect().columns == [*PREDICTIONS, "inputs"]
    assert read_predictions(place).collect().height == read_outcomes(place).collect().height == 0
    assert logged_schemas(place) == ()
    assert find_prediction(place, id_at(NOON)) is None
    assert not place.journals.exists()


def test_rows_are_read_before_and_after_they_are_folded(place):
    journal = write(place, [prediction(number) for number in range(3)])
    before = read_predictions(place).sort("at").collect()
    fold(place)
    assert read_predictions(place).sort("at").collect().equals(before)
    write(place, [prediction(3)], journal=journal)
    assert entities(place) == numbered(0, 1, 2, 3)
    assert before.schema == PREDICTIONS


def test_a_lazy_frame_stays_as_it_was_made(place):
    journal = write(place, [prediction(0)])
    made = read_predictions(place)
    fold(place)
    write(place, [prediction(1)], journal=journal)
    fold(place)
    assert made.collect()["entity"].to_list() == ["c-0"]


def test_a_window_is_half_open(place):
    for folded in (False, True):
        if folded:
            fold(place)
        else:
            write(place, [prediction(number) for number in range(5)]).close()
        later = {number: NOON + timedelta(minutes=number) for number in range(5)}
        assert entities(place, since=later[1], until=later[3]) == numbered(1, 2)
        assert entities(place, since=later[1], until=later[1]) == []
        assert entities(place, as_of=later[1]) == numbered(0, 1)


def test_adjacent_windows_share_no_row_and_lose_none(place):
    ats = [NOON + timedelta(microseconds=step) for step in range(-3, 4)]
    write(place, [prediction(number, at) for number, at in enumerate(ats)]).close()
    fold(place)
    for cut in ats:
        counts = [read_predictions(place, **bound).collect().height for bound in ({"until": cut}, {"since": cut})]
        assert sum(counts) == len(ats)


def test_a_window_reads_only_the_days_that_it_touches(place):
    write(place, [prediction(number, NOON + number * DAY) for number in range(4)]).close()
    fold(place)
    plan = read_predictions(place, since=NOON + DAY, until=NOON + 2 * DAY).explain()
    assert "day=2026-01-06" in plan
    assert "day=2026-01-05" not in plan
    assert "day=2026-01-08" not in plan
    assert entities(place, since=NOON + DAY, until=NOON + 2 * DAY) == numbered(1)


def test_a_window_counts_in_utc_wherever_its_bounds_come_from(place):
    from zoneinfo import ZoneInfo

    write(place, [prediction(0, datetime(2026, 1, 5, 23, 30, tzinfo=UTC))]).close()
    fold(place)
    tokyo = ZoneInfo("Asia/Tokyo")  # 23:30 UTC is 8:30 of the next day there
    assert entities(place, since=datetime(2026, 1, 6, 8, tzinfo=tokyo), until=datetime(2026, 1, 6, 9, tzinfo=tokyo))


def test_answers_that_callers_got_are_read_unless_others_are_asked_for(place):
    roles = ["champion", "canary", "shadow"]
    rows = [prediction(number, role=role) for number, role in enumerate(roles)]
    write(place, [*rows, prediction(3, origin="parity")]).close()
    assert entities(place) == numbered(0, 1)
    assert entities(place, roles=["shadow"]) == numbered(2)
    assert entities(place, roles=None, origins=None) == numbered(0, 1, 2, 3)


def test_inputs_of_a_schema_come_as_they_were_given(place):
    other = prediction(1, inputs=["twelve", 29.5])
    write(place, [prediction(0), prediction(2, inputs=None)]).close()
    write(place, [other], schema=WIDER).close()
    for _ in range(2):
        rows = read_predictions(place, schema_id=SCHEMA.id).sort("at").collect()
        first = {"tenure": 0.0, "contract": "One year", "since": date(2024, 10, 4)}
        assert rows["inputs"].to_list() == [first, None]
        assert rows["inputs"].dtype == SCHEMA.struct
        wide = read_predictions(place, schema_id=WIDER.id).collect()["inputs"]
        assert wide.to_list() == [{"tenure": "twelve", "charges": 29.5}]
        fold(place)


def test_the_schemas_in_the_log_are_told_before_and_after_folding(place):
    write(place, [prediction(0)]).close()
    write(place, [prediction(1, inputs=["twelve", 29.5])], schema=WIDER).close()
    both = tuple(sorted((SCHEMA, WIDER), key=lambda schema: schema.id))
    assert logged_schemas(place) == both
    fold(place)
    assert logged_schemas(place) == both


def test_a_table_in_one_frame_reads_like_its_rows(place):
    rows = [prediction(number) for number in range(4)]
    journal = write(place)
    journal.add(encode_table(SCHEMA, prediction_table(rows, SCHEMA)))
    journal.commit()
    assert entities(place) == numbered(0, 1, 2, 3)
    assert read_predictions(place, schema_id=SCHEMA.id).collect()["inputs"].struct.field("tenure").sum() == 6


def test_a_torn_frame_hides_nothing_that_stands_before_it(place):
    journal = write(place, [prediction(0)])
    with journal.path.open("ab") as stream:
        stream.write(b"\x40\x00\x00\x00torn")
    assert entities(place) == numbered(0)


READER = """
import sys
from pathlib import Path
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_predictions
place = LogPlace(Path(sys.argv[1]), sys.argv[2])
for _ in range(int(sys.argv[3])):
    ids = read_predictions(place).collect()["prediction_id"]
    print(ids.len(), ids.n_unique(), flush=True)
"""


def test_while_folds_go_on_no_row_is_missed_or_seen_twice(place):
    journal = write(place, [prediction(0)])
    command = [sys.executable, "-c", READER, str(place.journals), place.tables, "15"]
    number = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        while reader.poll() is None and number < 2000:
            number += 1
            write(place, [prediction(number)], journal=journal)
            if number % 3 == 0:
                journal.rotate()  # a fold removes the file before
                fold(place)
        seen = [tuple(map(int, line.split())) for line in reader.stdout]
    assert len(seen) == 15
    assert all(rows == distinct for rows, distinct in seen)
    assert [rows for rows, _ in seen] == sorted(rows for rows, _ in seen)  # what was seen once is seen again
    assert seen[-1][0] > seen[0][0] > 0
    assert entities(place) == sorted(numbered(*range(number + 1)))


# one prediction


def test_a_prediction_is_found_by_its_id_with_its_inputs(place):
    rows = [prediction(0), prediction(1, role="shadow"), prediction(2, origin="parity")]
    write(place, rows).close()
    for _ in range(2):
        for row in rows:
            found = find_prediction(place, row.prediction_id)
            assert (found["entity"], found["inputs"]["tenure"]) == (row.entity, row.inputs[0])
        assert find_prediction(place, id_at(NOON, 77)) is None
        fold(place)


@pytest.mark.parametrize("days", [0, 3, 3000])
def test_a_prediction_is_found_even_where_the_clock_had_jumped(place, days):
    row = prediction(0, prediction_id=id_at(NOON + days * DAY))
    write(place, [row]).close()
    fold(place)
    assert find_prediction(place, row.prediction_id)["entity"] == "c-0"


@pytest.mark.parametrize("text", ["", "c-0", "ffffffff-ffff-7fff-bfff-ffffffffffff", "' OR 1=1"])
def test_what_is_no_id_of_a_prediction_finds_none(place, text):
    write(place, [prediction(0)]).close()
    assert find_prediction(place, text) is None


# outcomes


def test_the_last_word_is_that_recorded_last(place):
    first, late, same = (outcome(number, "p", NOON + at) for number, at in enumerate((0 * DAY, 2 * DAY, 1 * DAY)))
    late.label = "No"
    same.received_at += 5 * 86_400_000_000  # heard of last, but recorded before
    write(place, outcomes=[late, first, same]).close()
    for _ in range(2):
        assert read_outcomes(place).collect()["label"].to_list() == ["No"]
        assert read_outcomes(place, as_of=NOON + DAY).collect()["outcome_id"].to_list() == ["o-2"]
        assert read_outcomes(place, as_of=NOON - DAY).collect().height == 0
        assert sorted(read_outcomes(place, every=True).collect()["outcome_id"]) == ["o-0", "o-1", "o-2"]
        fold(place)


def test_of_words_recorded_at_once_the_one_received_last_is_last(place):
    first, second = outcome(0, "p"), outcome(1, "p", label="No")
    second.received_at += 1
    write(place, outcomes=[second, first]).close()
    assert read_outcomes(place).collect()["label"].to_list() == ["No"]


def test_an_outcome_that_came_twice_is_one(place):
    write(place, outcomes=[outcome(0, "p")]).close()
    write(place, outcomes=[outcome(0, "p")]).close()
    assert read_outcomes(place, every=True).collect().height == 1


def test_what_was_done_takes_no_truth_away_and_the_truth_not_what_was_done(place):
    acted = outcome(1, "p", NOON + DAY, label=None, acted_on=True)
    write(place, outcomes=[outcome(0, "p", happened_at=microseconds(NOON)), acted]).close()
    write(place, outcomes=[outcome(2, "q", acted_on=False), outcome(3, "q", NOON + DAY)]).close()
    last = read_outcomes(place).sort("prediction_id").collect()
    assert last.select("outcome_id", "label", "acted_on").rows() == [("o-0", "Yes", True), ("o-3", "Yes", False)]
    assert last["happened_at"].to_list() == [NOON, None]


def test_when_a_corrected_truth_happened_is_not_said_of_the_new_one():
    rows = [outcome(0, "p", happened_at=microseconds(NOON)), outcome(1, "p", NOON + DAY, label="No")]
    assert last_words(outcome_table(rows).lazy()).collect()["happened_at"].to_list() == [None]


WORDS = st.lists(
    st.tuples(
        st.sampled_from("pq"), st.integers(0, 3), st.integers(0, 3),
        st.sampled_from([None, "Yes", "No"]), st.sampled_from([None, True, False]),
    ),
    max_size=8,
)  # fmt: skip


@given(WORDS)
@settings(max_examples=40)
def test_last_words_are_what_a_reader_of_all_words_in_order_holds_at_the_end(words):
    rows = [
        outcome(number, name, NOON + recorded * DAY, label=label, acted_on=acted, received_at=received)
        for number, (name, recorded, received, label, acted) in enumerate(words)
    ]
    held: dict[str, tuple[str | None, bool | None]] = {}
    for row in sorted(rows, key=lambda row: (row.recorded_at, row.received_at, row.outcome_id)):
        label, acted = held.get(row.prediction_id, (None, None))
        held[row.prediction_id] = (row.label or label, acted if row.acted_on is None else row.acted_on)
    last = last_words(outcome_table(rows).lazy()).select("prediction_id", "label", "acted_on").collect()
    assert {name: (label, acted) for name, label, acted in last.iter_rows()} == held


def test_predictions_come_with_the_truth_known_at_a_time(place):
    known, unknown = prediction(0), prediction(1)
    late = NOON + 30 * DAY
    write(place, [known, unknown], [outcome(0, known.prediction_id, late, acted_on=True)]).close()
    rows = joined(place, as_of=late).sort("at").collect()
    assert rows.select("entity", "truth_label", "truth_acted_on").rows() == [("c-0", "Yes", True), ("c-1", None, None)]
    assert joined(place, as_of=late - timedelta(microseconds=1)).collect()["truth_label"].to_list() == [None, None]
    assert rows.schema == {**PREDICTIONS, **TRUTH}


def test_the_truth_of_a_shadow_is_that_of_the_answer_in_its_place(place):
    answered = prediction(0)
    shadow = prediction(1, role="shadow", request=answered.prediction_id)
    write(place, [answered, shadow], [outcome(0, answered.prediction_id)]).close()
    assert joined(place, roles=["shadow"]).collect()["truth_label"].to_list() == ["Yes"]


def test_the_types_of_the_table_are_those_of_the_journal(place):
    journal = Journal(place.journals)
    write(place, [prediction(0)], [outcome(0, "p")], journal=journal)
    fold(place)
    write(place, [prediction(1)], [outcome(1, "q")], journal=journal)
    assert read_predictions(place).collect().schema == PREDICTIONS
    assert read_outcomes(place, every=True).collect().schema == OUTCOMES
    assert Path(place.predictions, "day=2026-01-05").is_dir()
    assert pl.scan_parquet(f"{place.predictions}/**/*.parquet", hive_partitioning=False).collect().height == 1
