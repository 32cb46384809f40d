from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from logged_rows import SCHEMA, frame_of, ids_in, outcome, outcome_frame, place_in, prediction
from milepost.predlog.delta_tables import FEWEST_FILES
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal
from milepost.predlog.places import LogPlace
from milepost.predlog.tending import tend

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    return place_in(tmp_path)


def log_and_fold(place: LogPlace, name: str, *, age: timedelta = timedelta(0)) -> None:
    """Bring a prediction and its outcome into the tables, in a file each."""
    at = int((NOW - age).timestamp() * 1e6)
    journal = Journal(place.journals)
    journal.schema(SCHEMA)
    journal.add(frame_of(prediction(name, at=at)))
    journal.add(outcome_frame(outcome(name, recorded_at=at)))
    journal.close()
    fold(place)


def files_in(table: str) -> int:
    return len(DeltaTable(table).file_uris())


def test_small_files_are_merged_and_no_row_changes(place):
    for number in range(FEWEST_FILES):
        log_and_fold(place, str(number))
    tended = tend(place, clock=lambda: NOW, retention=None)
    assert (tended.at, tended.files_merged, tended.days_deleted) == (NOW, 2 * (FEWEST_FILES - 1), 0)
    assert files_in(place.predictions) == files_in(place.outcomes) == 1
    assert ids_in(place.predictions) == ids_in(place.outcomes) == [str(number) for number in range(FEWEST_FILES)]


def test_a_second_tending_finds_nothing_to_do(place):
    for number in range(FEWEST_FILES):
        log_and_fold(place, str(number))
    tend(place, clock=lambda: NOW, retention=timedelta(days=7))
    versions = [DeltaTable(table).version() for table in (place.predictions, place.outcomes)]
    tended = tend(place, clock=lambda: NOW, retention=timedelta(days=7))
    assert (tended.files_merged, tended.days_deleted, tended.files_removed) == (0, 0, 0)
    assert [DeltaTable(table).version() for table in (place.predictions, place.outcomes)] == versions


def test_few_files_are_left_as_they_are(place):
    for number in range(FEWEST_FILES - 1):
        log_and_fold(place, str(number))
    assert tend(place, clock=lambda: NOW, retention=None).files_merged == 0


def test_only_days_that_are_wholly_too_old_are_deleted(place):
    # now is 10 March, noon; seven days ago was 3 March, noon: of that day the half is still wanted
    for name, age in {"march 2, 23:00": 7 * 24 + 13, "march 3, 01:00": 7 * 24 + 11, "march 10": 0}.items():
        log_and_fold(place, name, age=age * HOUR)
    assert tend(place, clock=lambda: NOW, retention=timedelta(days=7)).days_deleted == 2
    assert ids_in(place.predictions) == ids_in(place.outcomes) == ["march 10", "march 3, 01:00"]


def test_without_a_retention_all_is_kept(place):
    log_and_fold(place, "old", age=timedelta(days=10_000))
    assert tend(place, clock=lambda: NOW, retention=None).days_deleted == 0
    assert ids_in(place.predictions) == ["old"]


def test_deleted_rows_are_gone_from_the_disk_after_the_span_that_is_kept(place):
    log_and_fold(place, "old", age=timedelta(days=10))
    assert tend(place, clock=lambda: NOW, retention=timedelta(days=7)).files_removed == 0
    assert len(list(Path(place.predictions).rglob("*.parquet"))) == 1
    assert tend(place, clock=lambda: NOW, retention=None, keep=timedelta(0)).files_removed == 2
    assert list(Path(place.predictions).rglob("*.parquet")) == []


def test_a_deleted_day_does_not_come_back_by_folding_again(place):
    journal = Journal(place.journals)
    journal.schema(SCHEMA)
    journal.add(frame_of(prediction("old", at=int((NOW - timedelta(days=10)).timestamp() * 1e6))))
    journal.commit()
    fold(place)
    tend(place, clock=lambda: NOW, retention=timedelta(days=7))
    assert fold(place).predictions == 0
    assert ids_in(place.predictions) == []


def test_nothing_is_tended_where_nothing_was_logged(place):
    assert tend(place, clock=lambda: NOW, retention=timedelta(days=7)).files_merged == 0
    assert not Path(place.predictions).exists()


def test_each_merge_is_told_before_it_begins(place):
    for number in range(FEWEST_FILES):
        log_and_fold(place, str(number))
    told: list[str] = []
    tend(place, clock=lambda: NOW, retention=None, at_point=told.append)
    assert told == ["mid-compaction", "mid-compaction"]
