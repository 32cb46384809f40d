from __future__ import annotations

import numpy as np
import pytest

from milepost.models.resume import Finished, FoldResult

RESULT = FoldResult(np.array([[0.25], [0.5]]), 12.0, 0.5, None, None)


def _never():
    raise AssertionError("it is stored already")


def test_a_finished_fold_is_not_made_again(tmp_path):
    finished = Finished(tmp_path)
    finished.get_or_make("linear", 0, 2, lambda: RESULT)
    again = finished.get_or_make("linear", 0, 2, _never)
    assert np.array_equal(again.answers, RESULT.answers)
    assert (again.settled, again.seconds, again.answer_us) == (12.0, 0.5, None)


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
    finished.get_or_make("linear", 0, 2, lambda: FoldResult(np.zeros((5, 1)), None, 0.1, None, None))
    assert np.array_equal(finished.get_or_make("linear", 0, 2, lambda: RESULT).answers, RESULT.answers)
