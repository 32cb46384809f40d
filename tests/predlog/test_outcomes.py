from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest

from logged import NOON, SCHEMA, id_at, log_place, prediction, write
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal
from milepost.predlog.outcomes import ROWS_AT_ONCE, STATUSES, TAKEN, Taken, take_outcomes
from milepost.predlog.places import LogPlace
from milepost.predlog.read import joined, read_outcomes
from milepost.predlog.records import OutcomeRow, Outcomes, encode
from milepost.predlog.redaction import compile_redaction

DAY = timedelta(days=1)
NOW = NOON + 100 * DAY
ASKED = [prediction(number) for number in range(4)]
IDS = [row.prediction_id for row in ASKED]


@pytest.fixture
def place(tmp_path) -> LogPlace:
    place = log_place(tmp_path)
    write(place, ASKED).close()
    return place


def take(place: LogPlace, columns: dict[str, Any], *, now: datetime = NOW, **more: Any) -> Taken:
    """Take outcomes as a service does: into its journal."""
    journal = Journal(place.journals)

    def keep(rows: Sequence[OutcomeRow]) -> None:
        journal.add(encode(Outcomes(list(rows))))
        journal.commit()

    settings = {"horizon": 30 * DAY, "task": "binary", "labels": ("No", "Yes"), "origin": "http", "write": keep}
    taken = take_outcomes(place, pl.DataFrame(columns), now=now, **(settings | more))
    journal.close()
    return taken


def statuses(place: LogPlace, columns: dict[str, Any], **more: Any) -> list[str]:
    return take(place, columns, **more).rows["status"].to_list()


def truths(place: LogPlace, **bounds: Any) -> dict[str, str]:
    last = read_outcomes(place, **bounds).collect()
    return dict(last.select("prediction_id", "label").iter_rows())


def test_an_outcome_is_taken_before_and_after_its_prediction_is_folded(place):
    assert statuses(place, {"prediction_id": IDS[:2], "truth": ["Yes", "no"]}) == ["taken", "taken"]
    fold(place)
    assert statuses(place, {"prediction_id": IDS[2:], "truth": ["Yes", "No"]}) == ["taken", "taken"]
    assert truths(place) == dict(zip(IDS, ["Yes", "No", "Yes", "No"], strict=True))


def test_what_is_sent_again_is_known_already_whenever_it_comes(place):
    columns = {"prediction_id": IDS[:2], "truth": ["Yes", "No"], "recorded_at": [None, "2026-02-01"]}
    assert statuses(place, columns) == ["taken", "taken"]
    assert statuses(place, columns, now=NOW + DAY) == ["known already"] * 2
    fold(place)
    assert statuses(place, columns, now=NOW + 2 * DAY) == ["known already"] * 2
    assert read_outcomes(place, every=True).collect().height == 2


def test_a_later_word_corrects_and_readers_of_the_past_do_not_see_it(place):
    take(place, {"prediction_id": IDS[:1], "truth": ["Yes"]})
    assert statuses(place, {"prediction_id": IDS[:1], "truth": ["No"]}, now=NOW + DAY) == ["corrected"]
    assert truths(place) == {IDS[0]: "No"}
    assert truths(place, as_of=NOW) == {IDS[0]: "Yes"}


def test_rows_are_answered_in_their_order_each_with_its_reason(place):
    columns = {
        "prediction_id": [IDS[0], None, id_at(NOON, 77), IDS[1], None, IDS[0], IDS[2], IDS[2]],
        "entity": [None, "c-3", None, None, "c-77", None, None, None],
        "time": [None, "2026-01-20", None, None, "2026-01-20", None, None, None],
        "truth": ["Yes", "No", "Yes", "perhaps", "Yes", "Yes", "Yes", "No"],
    }
    rows = take(place, columns).rows
    assert rows.schema == TAKEN
    assert rows["row"].to_list() == list(range(8))
    assert rows["status"].to_list() == [
        "taken", "taken", "refused", "refused", "refused", "known already", "refused", "refused",
    ]  # fmt: skip
    assert rows["prediction_id"].to_list()[:2] == [IDS[0], IDS[3]]
    words = [
        "No prediction in the log",
        "which is no class",
        "'c-77' is not in the log",
        "In conflict",
        "In conflict",
    ]
    refused = rows.filter(pl.col("status") == "refused")
    assert [word in what for word, what in zip(words, refused["what"], strict=True)] == [True] * 5
    assert refused.select("what", "where", "fix").null_count().sum_horizontal().item() == 0


def test_each_status_is_counted(place):
    taken = take(place, {"prediction_id": [IDS[0], IDS[0], "x"], "truth": ["Yes"] * 3})
    assert taken.counts == {"taken": 1, "corrected": 0, "known already": 1, "refused": 1}
    assert tuple(taken.counts) == STATUSES


def test_who_acted_may_be_said_without_the_truth(place):
    assert statuses(place, {"prediction_id": IDS[:1], "acted_on": [True]}) == ["taken"]
    assert statuses(place, {"prediction_id": IDS[:1], "truth": ["Yes"]}, now=NOW + DAY) == ["taken"]
    row = joined(place).filter(pl.col("prediction_id") == IDS[0]).collect()
    assert row.select("truth_label", "truth_acted_on").rows() == [("Yes", True)]


def test_all_that_is_given_is_kept(place):
    take(place, {"entity": ["c-1"], "time": ["2026-01-20"], "truth": ["Yes"], "happened_at": ["2026-01-19"],
                 "recorded_at": ["2026-02-01"], "acted_on": [False]}, origin="table")  # fmt: skip
    kept = read_outcomes(place).collect().row(0, named=True)
    days = {name: kept[name].date().isoformat() for name in ("time", "happened_at", "recorded_at")}
    assert days == {"time": "2026-01-20", "happened_at": "2026-01-19", "recorded_at": "2026-02-01"}
    assert (kept["prediction_id"], kept["entity"], kept["acted_on"]) == (IDS[1], "c-1", False)
    assert (kept["received_at"], kept["origin"], kept["number"]) == (NOW, "table", None)


def test_numbers_are_truths_of_a_regression(place):
    regression = {"task": "regression", "labels": ()}
    assert statuses(place, {"prediction_id": IDS[:2], "truth": [12.0, 13.5]}, **regression) == ["taken"] * 2
    assert read_outcomes(place).sort("number").collect()["number"].to_list() == [12.0, 13.5]
    assert statuses(place, {"prediction_id": IDS[:2], "truth": ["12", "14"]}, now=NOW + DAY, **regression) == [
        "known already", "corrected",
    ]  # fmt: skip


def test_a_hashed_entity_finds_its_prediction_and_is_written_as_its_hash(tmp_path):
    redaction = compile_redaction({"customer": "hash"}, SCHEMA, b"k" * 32, entity="customer")
    place = log_place(tmp_path)
    write(place, [prediction(0, entity=redaction.entity("c-81"))]).close()
    columns = {"entity": ["c-81"], "time": ["2026-01-20"], "truth": ["Yes"]}
    assert statuses(place, columns) == ["refused"]
    assert statuses(place, columns, redaction=redaction) == ["taken"]
    assert read_outcomes(place).collect()["entity"].to_list() == [redaction.entity("c-81")]


def test_where_entities_are_not_logged_an_outcome_by_entity_is_refused(place):
    redaction = compile_redaction({"customer": "drop"}, SCHEMA, b"k" * 32, entity="customer")
    columns = {"prediction_id": [None, IDS[0]], "entity": ["c-1", None], "time": ["2026-01-20", None]}
    rows = take(place, {**columns, "truth": ["Yes", "Yes"]}, redaction=redaction).rows
    assert rows["status"].to_list() == ["refused", "taken"]
    assert rows["what"][0] == "Entities are not logged here."


def test_no_rows_are_no_outcomes(place):
    assert take(place, {"prediction_id": [], "truth": []}).rows.equals(TAKEN.to_frame())


def test_rows_are_written_a_few_thousand_at_a_time(place):
    written: list[int] = []
    columns = {"prediction_id": [IDS[0]] * (2 * ROWS_AT_ONCE + 1), "truth": ["Yes"] * (2 * ROWS_AT_ONCE + 1)}
    columns["recorded_at"] = [NOON + timedelta(seconds=second) for second in range(2 * ROWS_AT_ONCE + 1)]
    columns["truth"][1::2] = ["No"] * ROWS_AT_ONCE
    take(place, columns, write=lambda rows: written.append(len(rows)))
    assert written == [ROWS_AT_ONCE, ROWS_AT_ONCE, 1]


def test_a_disk_that_refuses_halfway_is_an_error_and_sending_again_completes_it(place):
    def refuse(rows: Sequence[OutcomeRow]) -> None:
        raise EnvironmentFault("The disk refused.", where="here", fix="Free some space.")

    columns = {"prediction_id": IDS, "truth": ["Yes"] * 4}
    with pytest.raises(EnvironmentFault):
        take(place, columns, write=refuse)
    assert statuses(place, columns) == ["taken"] * 4


def test_a_table_that_names_no_predictions_is_refused_whole(place):
    with pytest.raises(MilepostError, match="do not say which predictions"):
        take(place, {"truth": ["Yes"]})


MILLION = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
import polars as pl
from milepost.predlog.outcomes import take_outcomes
from milepost.predlog.places import LogPlace
place = LogPlace(Path(sys.argv[1]), sys.argv[2])
given = pl.read_parquet(sys.argv[3])
began = time.perf_counter()
taken = take_outcomes(
    place, given, horizon=timedelta(days=30), task="binary", labels=("No", "Yes"),
    now=datetime(2026, 6, 1, tzinfo=UTC), origin="table", write=lambda rows: None,
)
seconds = time.perf_counter() - began
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(taken.counts["taken"], seconds, int(peak.split()[1]) / 1000)
"""


def test_a_hundred_thousand_outcomes_at_once_take_seconds_and_little_memory(tmp_path):
    place = log_place(tmp_path)
    rows = [prediction(number, inputs=None) for number in range(100_000)]
    write(place, rows, per_frame=10_000).close()
    fold(place)
    given = pl.DataFrame({"prediction_id": [row.prediction_id for row in rows], "truth": ["yes"] * len(rows)})
    given.write_parquet(tmp_path / "given.parquet")
    command = [sys.executable, "-c", MILLION, str(place.journals), place.tables, str(tmp_path / "given.parquet")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    count, seconds, megabytes = map(float, done.stdout.split())
    assert count == 100_000
    assert seconds < 20
    assert megabytes < 600
    assert Path(place.predictions).is_dir()


def test_of_two_words_that_contradict_each_other_at_once_one_is_refused(place):
    columns = {"prediction_id": IDS[:1], "recorded_at": ["2026-02-01"]}
    journal, late = Journal(place.journals), []

    def keep_slowly(rows: Sequence[OutcomeRow]) -> None:
        other.start()
        other.join(0.3)  # would be enough for it, if it did not wait for its turn
        journal.add(encode(Outcomes(list(rows))))
        journal.commit()

    other = Thread(target=lambda: late.extend(statuses(place, {**columns, "truth": ["No"]})))
    assert statuses(place, {**columns, "truth": ["Yes"]}, write=keep_slowly) == ["taken"]
    other.join()
    journal.close()
    assert late == ["refused"]
    assert truths(place) == {IDS[0]: "Yes"}
