"""Journals aside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from milepost.predlog.aside import journal_aside
from milepost.predlog.journal import journals_in
from milepost.predlog.records import Outcomes, encode


def test_what_must_outlive_a_loss_of_power_is_published_with_its_name(tmp_path, monkeypatch):
    journals, synced = tmp_path / "journals", []

    def noted(handle, sync=os.fsync):
        place = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append((place, sorted(path.name for path in place.iterdir()) if place.is_dir() else []))
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    with journal_aside(journals, durability="disk") as (journal, publish):
        journal.add(encode(Outcomes([])))
        publish()
    assert synced[-1] == (journals, [journal.path.name])


KILLED = """
import os, signal, sys
from pathlib import Path
from milepost.predlog.records import Outcomes, encode
from milepost.predlog.aside import journal_aside
with journal_aside(Path(sys.argv[1]), durability="process") as (journal, publish):
    journal.add(encode(Outcomes([])))
    journal.commit()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_aside_is_removed_by_the_next_one(tmp_path):
    journals = tmp_path / "log" / "journals"
    done = subprocess.run([sys.executable, "-c", KILLED, journals], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = journals.parent.glob(".scoring-*")
    with journal_aside(journals, durability="process") as (journal, publish):
        assert not left.exists()
        with journal_aside(journals, durability="process"):  # of a process that lives
            assert journal.path.exists()
        journal.add(encode(Outcomes([])))
        publish()
    assert len(journals_in(journals)) == 1


def test_an_error_leaves_nothing_aside(tmp_path):
    with pytest.raises(ZeroDivisionError), journal_aside(tmp_path / "journals", durability="process"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["journals"]
    assert list((tmp_path / "journals").iterdir()) == []
