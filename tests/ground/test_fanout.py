"""Tasks run in order of their results, and an error waits for those that run."""

import threading

import pytest

from milepost.ground import fanout


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_tasks(workers):
    told = []
    squares = [n * n for n in range(20)]
    tasks = [lambda n=n: n * n for n in range(20)]
    assert fanout.run(tasks, workers=workers, on_done=lambda *done: told.append(done)) == squares
    assert told == list(enumerate(squares))


def test_after_an_error_tasks_that_run_end_first_and_no_other_begins():
    failed, begun, ended = threading.Event(), [], []

    def fail():
        started.wait()
        failed.set()
        raise OSError("no space")

    started = threading.Event()

    def slow():
        begun.append("slow")
        started.set()
        failed.wait()
        threading.Event().wait(0.2)  # a write that an end of the process would cut off
        ended.append("slow")

    with pytest.raises(OSError, match="no space"):
        fanout.run([fail, slow, *[lambda: begun.append("late")] * 50], workers=2)
    assert ended == ["slow"]
    assert "late" not in begun


def test_what_ended_before_the_first_error_is_told_and_the_first_error_is_raised():
    both, told = threading.Barrier(2), []

    def fails(place):
        both.wait()
        raise OSError(f"error {place}")

    tasks = [lambda: 0, lambda: 1, lambda: fails(2), lambda: fails(3)]
    with pytest.raises(OSError, match="error 2"):
        fanout.run(tasks, workers=2, on_done=lambda *done: told.append(done))
    assert told == [(0, 0), (1, 1)]
