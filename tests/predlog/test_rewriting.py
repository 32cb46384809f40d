from __future__ import annotations

from pathlib import Path

import pytest

from logged import SCHEMA, log_place, outcome, prediction, write
from milepost.ground.errors import EnvironmentFault
from milepost.predlog.fold import fold
from milepost.predlog.journal import HEAD, Journal, is_abandoned, read_frames
from milepost.predlog.read import read_outcomes, read_predictions
from milepost.predlog.records import encode_table, prediction_table
from milepost.predlog.rewriting import Sought, ids_in, names_in_the_rest, rewrite_without, rows_in

ROWS = [prediction(number, entity=f"c-{number % 2}") for number in range(4)]
SHADOW = prediction(5, entity=None, role="shadow", request=ROWS[1].prediction_id)
OURS = Sought(frozenset(["c-1"]), frozenset(row.prediction_id for row in ROWS[1::2]))


@pytest.fixture
def journal(tmp_path) -> Journal:
    """A sealed journal with rows of two entities one by one, in one table, and their outcomes."""
    place = log_place(tmp_path)
    journal = write(place, [*ROWS, SHADOW], [outcome(number, row.prediction_id) for number, row in enumerate(ROWS)])
    journal.add(encode_table(SCHEMA, prediction_table([prediction(number, entity="c-1") for number in (6, 7)], SCHEMA)))
    journal.close()
    return journal


def test_rows_of_an_entity_leave_a_journal_and_others_stay(journal, tmp_path):
    assert rows_in(journal.path, OURS) == 2 + 1 + 2 + 2  # answers, a shadow's, outcomes, those in the table
    assert rewrite_without(journal.path, OURS) == 7
    place = log_place(tmp_path)
    assert sorted(read_predictions(place).collect()["prediction_id"]) == [row.prediction_id for row in ROWS[::2]]
    assert sorted(read_outcomes(place).collect()["outcome_id"]) == ["o-0", "o-2"]
    text = journal.path.read_bytes()
    assert b"c-1" not in text
    assert not any(name.encode() in text for name in OURS.ids)


def test_frames_keep_their_numbers_so_that_what_is_folded_stays_folded(journal, tmp_path):
    place = log_place(tmp_path)
    before = [number for number, _ in read_frames(journal.path)]
    copy = journal.path.read_bytes()
    fold(place)
    journal.path.write_bytes(copy)  # as if the fold had been killed before it removed the file
    rewrite_without(journal.path, OURS)
    assert [number for number, _ in read_frames(journal.path)] == before
    assert is_abandoned(journal.path)
    assert fold(place).predictions == 0
    assert read_predictions(place, roles=None).collect().height == 7


def test_a_journal_without_the_entity_is_not_touched(journal):
    before = journal.path.stat()
    assert rewrite_without(journal.path, Sought(frozenset(["c-9"]), frozenset())) == 0
    assert journal.path.stat().st_mtime_ns == before.st_mtime_ns


def test_ids_of_an_entity_are_found_whether_they_are_folded_or_not(journal):
    found = ids_in(journal.path, ["c-1"])
    assert found == OURS.ids | {prediction(number).prediction_id for number in (6, 7)}
    assert ids_in(journal.path, ["c-9"]) == set()


@pytest.mark.parametrize("damage", [b"", b"\x40\x00\x00\x00torn c-2"])
def test_what_cannot_be_read_stays_and_is_searched(journal, damage):
    with journal.path.open("ab") as stream:
        stream.write(damage)
    rewrite_without(journal.path, OURS)
    assert journal.path.read_bytes().endswith(damage)
    assert names_in_the_rest(journal.path, Sought(frozenset(["c-2"]), frozenset())) == bool(damage)
    assert not names_in_the_rest(journal.path, OURS)


def test_a_frame_that_says_nothing_known_stays_and_is_searched(tmp_path):
    journal = Journal(tmp_path)
    journal.add(b"\x92\xa5newer\xa3c-1")
    write(log_place(tmp_path), ROWS, journal=journal).close()
    before = [payload for _, payload in read_frames(journal.path)][1]
    assert rewrite_without(journal.path, OURS) == 2
    assert [payload for _, payload in read_frames(journal.path)][1] == before
    assert names_in_the_rest(journal.path, OURS)


def test_a_full_disk_leaves_the_journal_as_it_was(journal, monkeypatch):
    before = journal.path.read_bytes()
    monkeypatch.setattr(Path, "replace", _refuse)
    with pytest.raises(EnvironmentFault):
        rewrite_without(journal.path, OURS)
    assert journal.path.read_bytes() == before
    assert [path.name for path in journal.path.parent.iterdir()] == [journal.path.name]
    assert before[: HEAD.size]


def _refuse(self: Path, other: Path) -> Path:
    raise OSError(28, "No space left on device", str(self))
