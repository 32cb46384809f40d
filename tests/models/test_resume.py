from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from milepost.models.resume import LONGEST_KEPT, MOST_CLIMBS, Finished, FoldResult, sweep

NOW = datetime(2026, 1, 5, tzinfo=UTC)

RESULT = FoldResult(np.array([[0.25], [0.5]]), (12.0,), 0.5, None, None)


def _never():
    raise AssertionError("it is stored already")


def test_a_finished_fold_is_not_made_again(tmp_path):
    finished = Finished(tmp_path)
    finished.get_or_make("linear", 0, 2, lambda: RESULT)
    again = finished.get_or_make("linear", 0, 2, _never)
    assert np.array_equal(again.answers, RESULT.answers)
    assert (again.found, again.seconds, again.answer_us) == ((12.0,), 0.5, None)


def test_a_failed_fold_is_tried_again(tmp_path):
    finished = Finished(tmp_path)
    finished.get_or_make("linear", 0, 2, lambda: FoldResult.failure("no memory", 0.1))
    assert finished.get_or_make("linear", 0, 2, lambda: RESULT).failed is None


@pytest.mark.parametrize("kept", [0, 10, 200])
def test_a_damaged_file_is_made_again(tmp_path, kept):
    finished = Finished(tmp_path)
    finished.get_or_make("linear", 0, 2, lambda: RESULT)
    path = tmp_path / "linear-0.npz"
    path.write_bytes(path.read_bytes()[:kept])
    assert np.array_equal(finished.get_or_make("linear", 0, 2, lambda: RESULT).answers, RESULT.answers)


def test_without_a_folder_nothing_is_kept(tmp_path):
    assert Finished(None).get_or_make("linear", 0, 2, lambda: RESULT) is RESULT
    assert not list(tmp_path.iterdir())


def test_a_result_of_other_rows_is_made_again(tmp_path):
    finished = Finished(tmp_path)
    finished.get_or_make("linear", 0, 2, lambda: FoldResult(np.zeros((5, 1)), (), 0.1, None, None))
    assert np.array_equal(finished.get_or_make("linear", 0, 2, lambda: RESULT).answers, RESULT.answers)


@pytest.fixture
def climbs(tmp_path):
    """Return a maker of a folder of climbs, each with a finished fold, by their ages."""

    def make(**ages):
        for name, age in ages.items():
            Finished(tmp_path / name).get_or_make("linear", 0, 2, lambda: RESULT)
            at = (NOW - age).timestamp()
            os.utime(tmp_path / name, (at, at))
        return tmp_path

    return make


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_climbs_are_kept_and_the_others_swept_away(climbs):
    folder = climbs(**{f"climb{age}": timedelta(hours=age) for age in range(MOST_CLIMBS + 3)})
    sweep(folder, now=NOW)
    assert names_in(folder) == [f"climb{age}" for age in range(MOST_CLIMBS)]


def test_an_old_climb_is_swept_away_however_few_there_are(climbs):
    folder = climbs(old=LONGEST_KEPT + timedelta(minutes=1), young=LONGEST_KEPT - timedelta(minutes=1))
    sweep(folder, now=NOW)
    assert names_in(folder) == ["young"]


def test_a_climb_whose_folds_were_only_read_counts_as_used(climbs):
    folder = climbs(**{f"climb{age}": timedelta(hours=age) for age in range(MOST_CLIMBS + 1)})
    Finished(folder / f"climb{MOST_CLIMBS}").get_or_make("linear", 0, 2, _never)
    sweep(folder, now=NOW)
    assert names_in(folder) == sorted(f"climb{age}" for age in range(MOST_CLIMBS + 1) if age != MOST_CLIMBS - 1)


def test_without_any_climb_there_is_nothing_to_sweep(tmp_path):
    sweep(tmp_path / "climbs", now=NOW)
    assert names_in(tmp_path) == []


def test_a_climb_whose_folder_is_swept_away_goes_on(tmp_path, monkeypatch):
    savez = np.savez

    def swept(stream, **arrays):
        savez(stream, **arrays)
        shutil.rmtree(tmp_path / "climb")

    monkeypatch.setattr(np, "savez", swept)
    assert Finished(tmp_path / "climb").get_or_make("linear", 0, 2, lambda: RESULT) is RESULT
    monkeypatch.undo()
    Finished(tmp_path / "climb").get_or_make("linear", 0, 2, lambda: RESULT)
    assert names_in(tmp_path / "climb") == ["linear-0.npz"]
