from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from logged import NOON, SCHEMA, id_at, log_place, microseconds, outcome, prediction, write
from milepost.predlog.fold import fold
from milepost.predlog.journal import FORMAT, HEAD, Journal, journals_in
from milepost.predlog.places import LogPlace
from milepost.predlog.records import Begin, InputSchema, encode, prediction_table
from milepost.predlog.verifying import Flaw, verify_log

DAY = timedelta(days=1)
ROWS = [prediction(number) for number in range(4)]


@pytest.fixture
def place(tmp_path) -> LogPlace:
    return log_place(tmp_path / "a folder é")


def codes(place: LogPlace) -> list[str]:
    flaws = verify_log(place)
    assert all(flaw.says.endswith(".") and flaw.where for flaw in flaws)
    assert all(flaw.do or flaw.severity == "note" for flaw in flaws)
    return [flaw.code for flaw in flaws]


def flaw(place: LogPlace, code: str) -> Flaw:
    return next(flaw for flaw in verify_log(place) if flaw.code == code)


def test_a_sound_log_has_no_flaw_before_and_after_it_is_folded(place):
    assert verify_log(place) == ()
    journal = write(place, ROWS, [outcome(0, ROWS[0].prediction_id)])
    assert verify_log(place) == ()
    fold(place)
    write(place, [prediction(5)], journal=journal)
    assert verify_log(place) == ()
    journal.close()
    fold(place)
    assert verify_log(place) == ()


def test_damage_in_a_journal_is_told_with_its_place_and_size(place):
    journal = write(place, ROWS[:1])
    sound = journal.size
    write(place, ROWS[1:], journal=journal).close()
    data = bytearray(journal.path.read_bytes())
    data[sound + HEAD.size] ^= 0xFF
    journal.path.write_bytes(data)
    assert codes(place) == ["journal-damaged"]
    says = flaw(place, "journal-damaged").says
    assert says == f"Behind byte {sound} of this journal, {len(data) - sound} bytes can't be read."


def test_a_journal_without_a_beginning_cannot_be_read(place):
    place.journals.mkdir(parents=True)
    (place.journals / "0190.journal").write_bytes(b"x" * 1000)
    assert flaw(place, "journal-damaged").says == "None of its 1,000 bytes can be read."


GONE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from logged import log_place, prediction, write
print(write(log_place(Path(sys.argv[1])), [prediction(0)]).path)
"""


def test_a_write_that_was_cut_off_is_a_note_and_one_that_goes_on_is_nothing(place, tmp_path):
    support = str(Path(__file__).parents[1] / "support")
    command = [sys.executable, "-c", GONE, str(tmp_path / "a folder é"), support]
    gone = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    alive = write(place, ROWS).path
    for path in (gone, alive):
        with path.open("ab") as stream:
            stream.write(b"\x40\x00\x00\x00torn")
    flaws = verify_log(place)
    assert [(flaw.code, flaw.severity, flaw.where) for flaw in flaws[:1]] == [("journal-torn", "note", str(gone))]
    assert "The last 8 bytes" in flaws[0].says
    assert [flaw.where for flaw in flaws if flaw.code.startswith("journal")] == [str(gone)]


def test_a_frame_that_cannot_be_read_is_told_by_its_number(place):
    journal = write(place, ROWS[:2])
    journal.add(b"\x92\xa5newer\x01")
    write(place, ROWS[2:], journal=journal).close()
    found = flaw(place, "frame-unreadable")
    assert found.says.startswith("Frame 3 of this journal can't be read: ")  # after the beginning, a schema, two rows
    assert found.severity == "stop"


def test_a_journal_of_a_newer_version_is_told(place):
    place.journals.mkdir(parents=True)
    begin = encode(Begin(FORMAT + 1, "x", "host", 1, 1, 0))
    import zlib

    (place.journals / "x.journal").write_bytes(HEAD.pack(len(begin), zlib.crc32(begin)) + begin)
    assert codes(place) == ["journal-newer"]


def test_a_journal_that_lost_frames_which_were_folded_is_told(place):
    journal = write(place, ROWS, per_frame=1)
    before = journal.size
    write(place, [prediction(7)], journal=journal)
    fold(place)
    os.truncate(journal.path, before)
    assert flaw(place, "journal-shorter").says == (
        "This journal ends with frame 5, and the tables hold its frames up to 6."
    )


def test_predictions_that_are_there_twice_are_named(place):
    write(place, [*ROWS[:2], ROWS[0]]).close()
    for _ in range(2):
        assert codes(place) == ["prediction-twice"]
        says = flaw(place, "prediction-twice").says
        assert says == f"1 prediction is in the log more than once: {ROWS[0].prediction_id}."
        fold(place)


def test_outcomes_of_unknown_predictions_are_counted(place):
    strangers = [outcome(number, id_at(NOON, 100 + number)) for number in range(5)]
    write(place, ROWS, [*strangers, outcome(9, ROWS[0].prediction_id)]).close()
    assert codes(place) == ["outcome-without-prediction"]
    says = flaw(place, "outcome-without-prediction").says
    assert says.startswith("5 predictions with an outcome are not in the log: ")
    assert says.endswith("and 2 more.")


def test_a_clock_that_jumped_back_is_told(place):
    late = [prediction(number, NOON, prediction_id=id_at(NOON + DAY, number)) for number in range(3)]
    slow = [prediction(5, NOON + DAY, prediction_id=id_at(NOON))]  # answered long after its id was made
    scored = [prediction(6, NOON, prediction_id=id_at(NOON + DAY, 77), origin="score")]
    write(place, [*late, *slow, *scored]).close()
    assert codes(place) == ["clock-jumped-back"]
    assert flaw(place, "clock-jumped-back").says == (
        "The clock of a service jumped back, by 1 d at most: 3 answers from 2026-01-05 12:00:00 UTC on "
        "have a time that lies before that of its id."
    )


def test_a_column_of_another_type_is_told(place):
    rows = prediction_table(ROWS, SCHEMA).with_columns(pl.col("answer_us").cast(pl.Float64), extra=pl.lit(1))
    write_deltalake(place.predictions, rows, partition_by="day")
    assert codes(place) == ["type-differs", "column-unknown"]
    assert flaw(place, "type-differs").says == "Column 'answer_us' of the table is Float64, and should be Int64."
    assert flaw(place, "column-unknown").says == "Column 'extra' of the table is none of the log's."


def test_a_column_that_is_not_there_is_told(place):
    write_deltalake(place.outcomes, pl.DataFrame({"outcome_id": ["a"]}))
    assert codes(place) == ["type-differs"] * 11
    assert "Column 'label' of the table is not there" in " ".join(flaw.says for flaw in verify_log(place))


def test_inputs_of_no_schema_are_told(place):
    rows = prediction_table(ROWS, SCHEMA).select(pl.exclude(f"inputs_{SCHEMA.id}"))
    write_deltalake(place.predictions, rows, partition_by="day")
    assert flaw(place, "schema-unknown").says == (
        f"Predictions name 1 schema of inputs that the log does not hold: {SCHEMA.id}."
    )


def test_files_of_a_table_that_are_gone_are_named_and_rows_are_not_read(place):
    write(place, ROWS).close()
    fold(place)
    file = next(Path(place.predictions).glob("day=*/*.parquet"))
    file.unlink()
    assert codes(place) == ["file-missing"]
    assert flaw(place, "file-missing").says == f"1 file of the table is gone: {file.name}."


def test_a_damaged_table_is_a_flaw_and_no_traceback(place):
    write(place, ROWS).close()
    fold(place)
    file = next(Path(place.predictions).glob("day=*/*.parquet"))
    file.write_bytes(b"x" * file.stat().st_size)
    assert codes(place) == ["table-damaged"]
    (Path(place.predictions) / "_delta_log" / f"{1:020}.json").write_text("{")
    assert codes(place) == ["table-damaged"]


def test_several_flaws_are_told_at_once(place):
    write(place, [*ROWS, ROWS[0]], [outcome(0, id_at(NOON, 99))]).close()
    journal = Journal(place.journals)
    journal.add(b"\x91\xa3odd")
    journal.close()
    assert codes(place) == ["frame-unreadable", "prediction-twice", "outcome-without-prediction"]
    assert len(journals_in(place.journals)) == 2


def test_a_schema_that_lies_about_its_id_is_told(place):
    write(place, ROWS, schema=InputSchema("0" * 12, SCHEMA.columns)).close()
    assert set(codes(place)) == {"frame-unreadable"}
    assert microseconds(NOON) > 0
