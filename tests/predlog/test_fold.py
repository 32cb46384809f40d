from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from deltalake import DeltaTable

from logged_rows import SCHEMA, frame_of, ids_in, outcome, outcome_frame, place_in, prediction
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predlog.fold import fold
from milepost.predlog.journal import FORMAT, Journal, journals_in, read_frames
from milepost.predlog.places import LogPlace
from milepost.predlog.records import (
    INPUTS,
    OUTCOMES,
    PREDICTIONS,
    InputSchema,
    PredictionTable,
    encode,
    encode_table,
    input_schema,
    prediction_table,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1e6)
OTHER = input_schema([("tenure", "text")])


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    return place_in(tmp_path)


def journal_of(place: LogPlace, *frames: bytes, schema: InputSchema = SCHEMA, close: bool = True) -> Journal:
    """Return a journal in which each of these frames was committed."""
    journal = Journal(place.journals)
    journal.schema(schema)
    for frame in frames:
        journal.add(frame)
        journal.commit()
    if close:
        journal.close()
    return journal


def frames_of(*names: str) -> list[bytes]:
    return [frame_of(prediction(name)) for name in names]


def damage(path: Path, number: int, offset: int = 8) -> None:
    """Change a byte of a frame."""
    data = bytearray(path.read_bytes())
    start = sum(8 + len(payload) for before, payload in read_frames(path) if before < number)
    data[start + offset] ^= 1
    path.write_bytes(data)


# --- what arrives -----------------------------------------------------------------------------------------------------


def test_a_row_arrives_as_it_was_logged(place):
    journal_of(place, frame_of(prediction("one", at=NOW_US)))
    fold(place)
    (row,) = pl.scan_delta(place.predictions).collect().iter_rows(named=True)
    assert row["prediction_id"] == "one"
    assert row["at"] == NOW
    assert row["day"] == date(2026, 3, 10)
    assert row["probabilities"] == [0.25, 0.75]
    assert row["flags"] == []
    assert row["number"] is None
    assert row["schema_id"] == SCHEMA.id
    assert row[INPUTS + SCHEMA.id] == {"tenure": 12.0, "contract": "One year"}


def test_the_types_of_the_tables_are_those_of_the_records(place):
    journal_of(place, *frames_of("one"), outcome_frame(outcome("one")))
    fold(place)
    assert pl.scan_delta(place.predictions).collect_schema() == {**PREDICTIONS, INPUTS + SCHEMA.id: SCHEMA.struct}
    assert pl.scan_delta(place.outcomes).collect_schema() == OUTCOMES


def test_predictions_and_outcomes_of_one_journal_go_to_their_tables(place):
    journal_of(place, *frames_of("a", "b"), outcome_frame(outcome("a"), outcome("b")), *frames_of("c"))
    folded = fold(place, clock=lambda: NOW)
    assert (folded.at, folded.predictions, folded.outcomes, folded.journals_removed) == (NOW, 3, 2, 1)
    assert folded.unread == ()
    assert ids_in(place.predictions) == ["a", "b", "c"]
    assert ids_in(place.outcomes) == ["a", "b"]


def test_a_second_fold_finds_nothing(place):
    journal_of(place, *frames_of("a"), close=False)
    fold(place)
    folded = fold(place)
    assert (folded.predictions, folded.outcomes, folded.journals_removed) == (0, 0, 0)
    assert DeltaTable(place.predictions).version() == 1
    assert ids_in(place.predictions) == ["a"]


def test_a_journal_that_grows_is_folded_and_stays_until_it_is_closed(place):
    journal = journal_of(place, *frames_of("a"), close=False)
    assert fold(place).predictions == 1
    journal.add(*frames_of("b"))
    journal.commit()
    assert fold(place).predictions == 1
    assert journals_in(place.journals) == [journal.path]
    journal.close()
    assert fold(place).journals_removed == 1
    assert journals_in(place.journals) == []
    assert ids_in(place.predictions) == ["a", "b"]


def test_one_commit_takes_the_rows_of_many_journals(place):
    for name in "abc":
        journal_of(place, *frames_of(name))
    assert fold(place).journals_removed == 3
    assert DeltaTable(place.predictions).version() == 1
    assert ids_in(place.predictions) == ["a", "b", "c"]


def test_a_commit_takes_no_more_rows_than_are_allowed(place):
    journal_of(place, *frames_of(*"abcde"), outcome_frame(outcome("a")))
    journal_of(place, *frames_of(*"fg"))
    assert fold(place, most_rows=2).predictions == 7
    files = pl.DataFrame(DeltaTable(place.predictions).get_add_actions(flatten=True))
    assert sorted(files["num_records"]) == [1, 2, 2, 2]
    assert ids_in(place.predictions) == list("abcdefg")


def test_a_day_is_a_partition(place):
    midnight = int(datetime(2026, 3, 11, tzinfo=UTC).timestamp() * 1e6)
    journal_of(place, frame_of(prediction("a", at=midnight - 1), prediction("b", at=midnight)))
    fold(place)
    assert {path.name for path in Path(place.predictions).glob("day=*")} == {"day=2026-03-10", "day=2026-03-11"}


def test_nothing_to_fold_makes_no_table(place):
    assert fold(place).predictions == 0
    journal_of(place)
    assert fold(place).journals_removed == 1
    assert not Path(place.predictions).exists()


def test_the_log_of_versions_holds_no_values_of_users(place):
    journal_of(place, *frames_of("a"))
    fold(place)
    written = "".join(path.read_text() for path in Path(place.predictions, "_delta_log").glob("*.json"))
    assert "prediction_id" in written
    assert "7590-VHVEG" not in written
    assert "One year" not in written


# --- schemas ----------------------------------------------------------------------------------------------------------


def test_inputs_of_another_type_come_into_a_column_of_their_own(place):
    journal_of(place, *frames_of("a"))
    fold(place)
    journal_of(place, frame_of(prediction("b", inputs=["twelve"]), schema=OTHER), schema=OTHER)
    fold(place)
    rows = pl.scan_delta(place.predictions).sort("prediction_id").collect()
    assert rows[INPUTS + SCHEMA.id].to_list() == [{"tenure": 12.0, "contract": "One year"}, None]
    assert rows[INPUTS + OTHER.id].to_list() == [None, {"tenure": "twelve"}]


def test_answers_of_two_bundles_that_alternate_go_into_one_commit(place):
    journal = Journal(place.journals)
    journal.schema(SCHEMA)
    journal.schema(OTHER)
    for name in ("a", "b", "c"):
        journal.add(frame_of(prediction(name)))
        journal.add(frame_of(prediction(name + "x", inputs=["one"]), schema=OTHER))
    journal.close()
    fold(place)
    assert DeltaTable(place.predictions).version() == 1
    assert ids_in(place.predictions) == ["a", "ax", "b", "bx", "c", "cx"]


def test_inputs_that_were_not_sampled_are_missing(place):
    row = prediction("a")
    row.inputs = None
    journal_of(place, frame_of(row, prediction("b")))
    fold(place)
    rows = pl.scan_delta(place.predictions).sort("prediction_id").collect()
    assert rows[INPUTS + SCHEMA.id].to_list() == [None, {"tenure": 12.0, "contract": "One year"}]


def test_a_model_without_inputs_is_logged(place):
    none = input_schema([])
    journal_of(place, *[frame_of(prediction(name, inputs=[]), schema=none) for name in "ab"], schema=none)
    assert fold(place).predictions == 2
    assert pl.scan_delta(place.predictions).collect_schema() == PREDICTIONS


def test_names_of_inputs_may_hold_anything(place):
    schema = input_schema(
        [(name, "float") for name in ("", " ", "a b", "a.b", "x,;{}()=\n\t", "`q`", '"', "\\", "日本", "day")]
    )
    values = [float(number) for number in range(len(schema.columns))]
    journal_of(place, frame_of(prediction("a", inputs=list(values)), schema=schema), schema=schema)
    fold(place)
    (row,) = pl.scan_delta(place.predictions).collect()[INPUTS + schema.id].to_list()
    assert row == dict(zip((name for name, _ in schema.columns), values, strict=True))


def test_names_of_inputs_that_no_delta_table_tells_apart_are_refused_and_other_journals_go_on(place):
    twins = input_schema([("age", "float"), ("Age", "float")])
    journal = journal_of(place, frame_of(prediction("a", inputs=[1.0, 2.0]), schema=twins), schema=twins)
    journal_of(place, *frames_of("b"))
    with pytest.raises(MilepostError, match="'age' and 'Age'"):
        fold(place)
    assert ids_in(place.predictions) == ["b"]
    assert journals_in(place.journals) == [journal.path]


def test_a_table_in_one_frame_arrives_between_single_rows(place):
    table = prediction_table([prediction("b"), prediction("c")], SCHEMA)
    journal_of(place, *frames_of("a"), encode_table(SCHEMA, table), *frames_of("d"))
    assert fold(place).predictions == 4
    assert ids_in(place.predictions) == list("abcd")


def test_a_number_that_would_be_stored_as_an_integer_is_refused_and_its_journal_stays(place):
    wrong = prediction_table([prediction("b")], SCHEMA).with_columns(pl.lit(1.7).alias("answer_us"))
    journal = journal_of(place, *frames_of("a"), encode_table(SCHEMA, wrong), *frames_of("c"))
    journal_of(place, *frames_of("d"))
    for _ in range(2):
        with pytest.raises(
            MilepostError, match="'answer_us' of the log is Int64, and these rows hold Float64"
        ) as error:
            fold(place)
    assert error.value.where == f"{journal.name}, frame 3"
    assert journals_in(place.journals) == [journal.path]
    assert ids_in(place.predictions) == ["a", "d"]  # what stands before, and other journals


def test_a_table_with_another_type_takes_nothing(place):
    journal_of(place, *frames_of("a"))
    DeltaTable.create(place.predictions, pl.Schema({"answer_us": pl.Float64(), "day": pl.Date()}), partition_by="day")
    with pytest.raises(MilepostError, match="'answer_us' of the log is Float64, and these rows hold Int64"):
        fold(place)
    assert len(journals_in(place.journals)) == 1


# --- what cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (b"\x94\xabpredictions?", "it is no frame"),
        (b"\x91\xa5what?", "it is no frame"),
        (frame_of(prediction("x", inputs=["twelve"]), schema=OTHER), "does not stand before it"),
        (frame_of(prediction("x", inputs=["twelve", "One year"])), "fit no table"),
        (frame_of(prediction("x", inputs=[12.0])), "fit no table"),
        (encode(PredictionTable(SCHEMA.id, 1, b"?")), "read"),
    ],
)
def test_a_frame_that_cannot_be_read_is_passed_over_and_told_and_its_journal_stays(place, odd, says):
    journal = journal_of(place, *frames_of("a"), odd, *frames_of("b"))
    for _ in range(2):
        (unread,) = fold(place).unread
        assert (unread.journal, unread.frame) == (journal.name, 3)
        assert says in unread.says
    assert ids_in(place.predictions) == ["a", "b"]
    assert journals_in(place.journals) == [journal.path]


def test_frames_that_cannot_be_read_alone_move_the_watermark(place):
    journal_of(place, b"\x94\xabpredictions?", close=False)
    assert len(fold(place).unread) == 1
    assert fold(place).unread == ()  # it was told, and is told again when the journal is closed


def test_a_journal_is_not_removed_while_frames_lie_behind_a_damaged_one(place):
    journal = journal_of(place, *frames_of("a", "b", "c"))
    damage(journal.path, 3)
    for _ in range(2):
        (unread,) = fold(place).unread
        assert "damaged" in unread.says
        assert journals_in(place.journals) == [journal.path]
    assert ids_in(place.predictions) == ["a"]


def test_a_journal_whose_beginning_is_damaged_stays(place):
    journal = journal_of(place, *frames_of("a"))
    damage(journal.path, 0)
    (unread,) = fold(place).unread
    assert (unread.journal, unread.frame) == (journal.name, None)
    assert journals_in(place.journals) == [journal.path]


def test_a_journal_of_a_newer_version_is_left_alone(place, monkeypatch):
    monkeypatch.setattr("milepost.predlog.journal.FORMAT", FORMAT + 1)
    journal = journal_of(place, *frames_of("a"))
    (unread,) = fold(place).unread
    assert "newer" in unread.says
    assert ids_in(place.predictions) == []
    assert journals_in(place.journals) == [journal.path]


def test_a_journal_of_another_machine_is_folded_and_stays(place, monkeypatch):
    monkeypatch.setattr("milepost.predlog.writers.os.uname", lambda: SimpleNamespace(nodename="elsewhere"))
    journal = journal_of(place, *frames_of("a"), close=False)
    monkeypatch.undo()
    assert fold(place).journals_removed == 0
    assert ids_in(place.predictions) == ["a"]
    assert journals_in(place.journals) == [journal.path]


@pytest.mark.parametrize("content", ["", "[]", "null", '{"seven": "x"}', '{"3": 4}'])
def test_a_damaged_note_keeps_its_journal_and_holds_up_no_other(place, content):
    first = journal_of(place, *frames_of("a"))
    (place.journals / f"{first.name}.unread").write_text(content)
    journal_of(place, *frames_of("b"))
    for _ in range(2):
        (unread,) = fold(place).unread
        assert (unread.journal, unread.frame) == (first.name, None)
        assert "damaged" in unread.says
    assert ids_in(place.predictions) == ["a", "b"]
    assert journals_in(place.journals) == [first.path]


def test_a_frame_that_cannot_be_read_is_noted_though_an_earlier_note_is_damaged(place):
    journal = journal_of(place, *frames_of("a"), b"\x94\xabpredictions?")
    (place.journals / f"{journal.name}.unread").write_text("")
    fold(place)
    (unread,) = fold(place).unread
    assert (unread.journal, unread.frame) == (journal.name, 3)
    assert journals_in(place.journals) == [journal.path]


def test_a_journal_that_may_not_be_removed_is_a_fault_of_the_disk(place, monkeypatch):
    journal = journal_of(place, *frames_of("a"))

    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(EnvironmentFault) as fault:
        fold(place)
    assert fault.value.where == str(journal.path)


def test_damage_in_a_journal_that_grows_is_told(place):
    journal = journal_of(place, *frames_of("a", "b", "c"), close=False)
    damage(journal.path, 3)
    (unread,) = fold(place).unread
    assert "damaged" in unread.says
    assert ids_in(place.predictions) == ["a"]


# --- interruptions ----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What ends a fold wherever it is."""


@pytest.mark.parametrize("point", ["before-commit", "after-commit", "before-remove"])
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_fold_that_is_ended_anywhere_is_finished_by_the_next(place, point, turn):
    for name in "ab":
        journal_of(place, *frames_of(name, name * 2), outcome_frame(outcome(name)))
    passed: list[str] = []

    def at_point(now: str) -> None:
        passed.append(now)
        if passed.count(point) == turn:
            raise Killed

    with suppress(Killed):
        fold(place, most_rows=2, at_point=at_point)
    fold(place)
    assert ids_in(place.predictions) == ["a", "aa", "b", "bb"]
    assert ids_in(place.outcomes) == ["a", "b"]
    assert journals_in(place.journals) == []


def test_a_fold_that_another_one_overtakes_doubles_nothing(place):
    journal_of(place, *frames_of("a", "b"), outcome_frame(outcome("a")), close=False)
    others = [fold, fold]
    folded = fold(place, at_point=lambda now: others.pop()(place) if others and now == "before-commit" else None)
    assert (folded.predictions, folded.outcomes) == (0, 0)
    assert ids_in(place.predictions) == ["a", "b"]
    assert ids_in(place.outcomes) == ["a"]


def test_a_journal_that_comes_back_from_a_backup_is_not_folded_again(place):
    journal = journal_of(place, *frames_of("a"))
    copy = journal.path.read_bytes()
    fold(place)
    journal.path.write_bytes(copy)
    folded = fold(place)
    assert (folded.predictions, folded.journals_removed) == (0, 1)
    assert ids_in(place.predictions) == ["a"]


def test_a_store_that_is_away_leaves_the_journal(place):
    journal = journal_of(place, *frames_of("a"))
    Path(place.predictions).write_text("no folder")
    with pytest.raises(EnvironmentFault, match="can't be read or written"):
        fold(place)
    assert journals_in(place.journals) == [journal.path]
    Path(place.predictions).unlink()
    assert fold(place).predictions == 1


# --- places -----------------------------------------------------------------------------------------------------------


def test_tables_can_lie_at_a_uri(tmp_path):
    place = LogPlace(tmp_path / "journals", (tmp_path / "tables").as_uri())
    journal_of(place, *frames_of("a"))
    assert fold(place).predictions == 1
    assert ids_in(str(tmp_path / "tables" / "predictions")) == ["a"]


def test_tables_can_lie_in_a_folder_with_blanks_and_accents(tmp_path):
    place = place_in(tmp_path / "größe 100% é")
    journal_of(place, *frames_of("a"))
    fold(place)
    assert fold(place).predictions == 0
    assert (tmp_path / "größe 100% é" / "predictions" / "_delta_log").is_dir()


def test_a_folder_that_deltalake_would_take_for_another_is_refused(tmp_path):
    place = place_in(tmp_path / "a%20b")
    journal_of(place, *frames_of("a"))
    with pytest.raises(EnvironmentFault, match="cannot live"):
        fold(place)
    assert not (tmp_path / "a b").exists()
