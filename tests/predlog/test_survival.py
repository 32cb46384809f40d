from __future__ import annotations

import random

import pytest

from survival import POINTS, Told, faults, kill_at, listen, start

KILLS = 2


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_nothing_that_was_acknowledged_and_doubles_nothing(point, tmp_path):
    told, chance = Told(), random.Random(point)
    for _ in range(KILLS):
        kill_at(tmp_path, point, told, chance)
    assert len(told.kept) >= 30 * KILLS
    assert told.killed == KILLS or point == "mid-compaction"  # a merge may be over before the kill comes
    assert faults(tmp_path, told) == []


def test_folds_and_merges_at_once_bring_each_row_once(tmp_path):
    told = Told()
    others = [start(tmp_path, what, 2.5) for what in ("fold", "fold", "tend")]
    listen(start(tmp_path, "log", 2), told)
    for other in others:
        listen(other, told)
        assert other.returncode == 0
    assert len(told.kept) > 100
    assert faults(tmp_path, told) == []


def test_a_full_disk_keeps_what_was_acknowledged_and_takes_more_when_there_is_space_again(tmp_path):
    told = Told()
    listen(start(tmp_path, "small-disk", 10_000), told)
    assert len(told.refused) == 3
    assert told.killed == 1
    assert faults(tmp_path, told) == []
