from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from milepost.ground.errors import EnvironmentFault
from milepost.ground.turns import one_at_a_time

HOLDER = """
import sys
from pathlib import Path
from milepost.ground.turns import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""
COUNTER = """
import sys
from pathlib import Path
from milepost.ground.turns import one_at_a_time
lock, count = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(100):
    with one_at_a_time(lock):
        count.write_text(str(int(count.read_text()) + 1))
"""


@pytest.fixture
def holder(tmp_path):
    """Return a process that holds the lock until its standard input ends, and the lock."""
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "mine\n"
        yield process, tmp_path / "lock"
        process.kill()


def test_a_lock_that_is_held_too_long_is_given_up_with_a_cure(holder):
    with pytest.raises(EnvironmentFault, match="Another run") as caught, one_at_a_time(holder[1], patience=0.1):
        pass
    assert "same command again" in caught.value.fix


def test_a_killed_process_lets_go(holder):
    process, lock = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    with one_at_a_time(lock, patience=0.1):
        pass


def test_nobody_counts_while_another_does(tmp_path):
    count = tmp_path / "count"
    count.write_text("0")
    words = [sys.executable, "-c", COUNTER, str(tmp_path / "lock"), str(count)]
    processes = [subprocess.Popen(words) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert count.read_text() == "300"
